import { isFloating, type Tensor, type TensorData } from '../../kernel/tensors/tensor';
import type { ColumnPlace } from '../../registry/registry';
import { numberOf, parserOf } from '../values/value-parser';
import type { DeclaredSignature, DeclaredTensor } from './declared-signature';
import { acceptedInputs } from './probe-batching';
import type { Runnable } from './runnable';

/**
 * For each column, whether the model answers without NaN where only that column is missing: then it has something to
 * put in its place. False for all where no made-up row was accepted, since nothing was seen.
 */
export async function answersWithout(
  model: Runnable,
  signature: DeclaredSignature,
  columns: readonly ColumnPlace[],
): Promise<boolean[]> {
  const inputs = signature.inputs.map((input) => closedSpec(input, columns));
  const complete = await acceptedInputs(model, { ...signature, inputs });
  const answers: boolean[] = [];
  for (const column of columns) {
    const missing = missingValue(column);
    answers.push(
      complete !== undefined &&
        missing !== null &&
        (await answersWithoutNaN(model, withMissing(complete, column, missing))),
    );
  }
  return answers;
}

/** An open last dimension is as wide as its columns. */
function closedSpec(spec: DeclaredTensor, columns: readonly ColumnPlace[]): DeclaredTensor {
  const width = columns.filter(({ input }) => input === spec.name).length;
  const shape = spec.shape.map((size, axis) => (axis === 1 && size === -1 && width > 0 ? width : size));
  return { ...spec, shape };
}

/** Null where the datatype has no missing value. */
const missingValue = ({ datatype }: ColumnPlace) => (datatype === 'BYTES' ? '' : parserOf(datatype)('NaN'));

function withMissing(
  row: readonly Tensor[],
  column: ColumnPlace,
  missing: number | bigint | string,
): readonly Tensor[] {
  return row.map((tensor) => {
    if (tensor.name !== column.input) return tensor;
    const data = tensor.data.slice() as unknown as (number | bigint | string)[];
    data[column.index ?? 0] = missing;
    return { ...tensor, data: data as unknown as TensorData };
  });
}

async function answersWithoutNaN(model: Runnable, inputs: readonly Tensor[]): Promise<boolean> {
  try {
    const outputs = await model.run(inputs);
    const scores = outputs.filter(({ datatype }) => isFloating(datatype));
    // A model that only names classes always names one: it cannot show that it missed something.
    return scores.length > 0 && !scores.some(hasNaN);
  } catch (error) {
    if (model.isFatal(error)) throw error;
    return false;
  }
}

function hasNaN({ datatype, data }: Tensor): boolean {
  const values = data as ArrayLike<number>;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? 0;
    if (Number.isNaN(numberOf(datatype, value))) return true;
  }
  return false;
}

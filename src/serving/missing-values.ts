import type { Tensor, TensorData, TensorSpec } from '../kernel/tensor';
import type { ColumnPlace } from '../registry/registry';
import { parserOf } from './value-parser';
import { PATTERNS, syntheticInputs } from './worker/synthetic-inputs';

const SEED = 1;

/** For each column, one made-up row in which only that column is missing; null where its datatype has no missing value. */
export function* missingValueProbes(
  inputs: readonly TensorSpec[],
  columns: readonly ColumnPlace[],
): Generator<readonly Tensor[] | null> {
  const [pattern] = PATTERNS;
  if (!pattern) throw new Error('There is at least one pattern.');
  const specs = inputs.map((spec) => ({ ...closedSpec(spec, columns), symbols: [], hasShape: true }));
  for (const column of columns) {
    const missing = column.datatype === 'BYTES' ? '' : parserOf(column.datatype)('NaN');
    const row = syntheticInputs(specs, 1, pattern, SEED);
    yield missing === null ? null : row.map((tensor) => withMissing(tensor, column, missing));
  }
}

/** An open last dimension is as wide as its columns. */
function closedSpec(spec: TensorSpec, columns: readonly ColumnPlace[]): TensorSpec {
  const width = columns.filter(({ input }) => input === spec.name).length;
  const shape = spec.shape.map((size, axis) => (axis === 1 && size === -1 ? width : size));
  return { ...spec, shape };
}

function withMissing(tensor: Tensor, column: ColumnPlace, missing: number | bigint | string): Tensor {
  if (tensor.name !== column.input) return tensor;
  const data = tensor.data.slice() as unknown as (number | bigint | string)[];
  data[column.index ?? 0] = missing;
  return { ...tensor, data: data as unknown as TensorData };
}

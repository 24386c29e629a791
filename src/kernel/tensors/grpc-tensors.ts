import { FieldBudget } from './grpc-fields';
import type { InferTensor } from './grpc-infer-tensor';
import { readContents } from './grpc-tensor-contents';
import type { InputCheck } from '../input-check';
import { DATATYPES, elementCount, MAX_ELEMENTS } from './tensor';
import type { TensorInput } from './tensor-input';

const NO_BYTES = new Uint8Array(0);
/**
 * Most texts in the typed contents of one message, and numbers that are not in lists: each is read by itself, so that
 * 64 MiB of them would keep everybody waiting for seconds. Raw contents have no such limit.
 */
const MAX_SINGLE_VALUES = 1_048_576;

/**
 * The tensors of a request or an answer: every one raw, or every one typed, since the protocol has no mixture. Whether
 * they fit a model is checked where it is known.
 *
 * @param side what the tensors are called in sentences, and their raw contents
 */
export function tensorsIn(
  tensors: readonly InferTensor[],
  raw: readonly Uint8Array[],
  side: 'input' | 'output',
  check: InputCheck,
): readonly TensorInput[] {
  if (raw.length === 0) {
    const expected = `at most ${MAX_SINGLE_VALUES} texts, and numbers out of lists, in one message`;
    const budget = new FieldBudget(MAX_SINGLE_VALUES, { path: `${side}s`, expected });
    return tensors.map((tensor, index) => typedTensor(tensor, side, index, check, budget));
  }
  const typed = tensors.findIndex(({ contents }) => contents.length > 0);
  if (typed !== -1) check.add(`${side}s[${typed}].contents`, `none beside raw_${side}_contents`, 'some');
  if (raw.length !== tensors.length)
    check.add(`raw_${side}_contents`, `${tensors.length}, one for each ${side}`, String(raw.length));
  return tensors.map(({ name, datatype, shape }, index) => {
    const bytes = raw[index] ?? NO_BYTES;
    return { name, datatype, shape, bytes };
  });
}

function typedTensor(
  tensor: InferTensor,
  side: string,
  index: number,
  check: InputCheck,
  budget: FieldBudget,
): TensorInput {
  const { name, datatype, shape, contents } = tensor;
  const path = `${side}s[${index}]`;
  const known = DATATYPES.find((one) => one === datatype);
  const count = elementCount(shape);
  const withoutValues: TensorInput = { name, datatype, shape, bytes: NO_BYTES };
  // What no model takes is refused where it is compared with the model's.
  const isPossible = Number.isSafeInteger(count) && count >= 0 && count <= MAX_ELEMENTS;
  if (known === undefined || !isPossible) return withoutValues;
  if (known === 'FP16' || known === 'BF16') {
    if (count > 0) check.add(`${path}.contents`, `raw_${side}_contents, the only form of ${known}`, 'none');
    return withoutValues;
  }
  const values = readContents(contents, known, count, budget);
  if (!values.ok) {
    check.add(`${path}.contents`, values.expected, values.actual);
    return withoutValues;
  }
  return 'data' in values
    ? { name, datatype, shape, data: values.data }
    : { name, datatype, shape, bytes: values.bytes };
}

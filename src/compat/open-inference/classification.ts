import { refuse, type InvalidInput, type Refusal } from '../../kernel/errors';
import { InputCheck } from '../../kernel/input-check';
import { isFloating, type Datatype, type Tensor } from '../../kernel/tensors/tensor';
import { valueToJson, type PredictSuccess } from '../../serving/serving';
import { describeJson, isAbsent, type Json } from './parameters';

/**
 * Values of one output that are ranked: 256 images of a thousand classes. Sorting many more would hold up everybody.
 */
const MAX_RANKED = 262_144;
/** Of a decimal, as C++ prints it, and so Triton. */
const DECIMALS = 6;

/** Every output as it is. */
export const NO_CLASSES: ReadonlyMap<string, number> = new Map();

/** How many classes an output is to name, the best first; null: it is wanted as it is. */
export function classCountOf({ classification }: Json, path: string, check: InputCheck): number | null {
  if (isAbsent(classification)) return null;
  if (Number.isSafeInteger(classification) && (classification as number) >= 1)
    return classification as number;
  check.add(`${path}.classification`, 'a whole number of classes from 1 on', describeJson(classification));
  return null;
}

/**
 * The answer with some outputs ranked, as Triton's classification extension has it: `value:index`, or
 * `value:index:label` where the version has a label for each class, the largest value first. A row of the model is
 * ranked by itself; without rows, all of the tensor is.
 *
 * @param counts how many classes, by output
 */
export function ranked(
  result: PredictSuccess,
  counts: ReadonlyMap<string, number>,
): PredictSuccess | Refusal<InvalidInput> {
  if (counts.size === 0) return result;
  const check = new InputCheck();
  const { signature } = result.version;
  const outputs = result.outputs.map((output) => {
    const count = counts.get(output.name);
    if (count === undefined || !isRankable(output, check)) return output;
    return classesOf(output, count, signature.batchable, signature.labels ?? []);
  });
  const error = check.result();
  return error ? refuse(error) : { ...result, outputs };
}

function isRankable({ name, datatype, data }: Tensor, check: InputCheck): boolean {
  const path = `outputs[${name}].parameters.classification`;
  if (datatype === 'BYTES' || datatype === 'BOOL') {
    check.add(path, 'an output of numbers', datatype);
    return false;
  }
  if (data.length > MAX_RANKED)
    check.add(path, `an output of at most ${MAX_RANKED} values`, String(data.length));
  return data.length <= MAX_RANKED;
}

function classesOf(output: Tensor, count: number, hasRows: boolean, labels: readonly string[]): Tensor {
  const { name, datatype, shape, data } = output;
  const rows = hasRows ? (shape[0] ?? 1) : 1;
  const width = rows === 0 ? 0 : data.length / rows;
  const most = Math.min(count, width);
  const values = data as ArrayLike<number | bigint>;
  const isBits = datatype === 'FP16' || datatype === 'BF16';
  const numbers = isBits ? Array.from(values, (bits) => Number(valueToJson(datatype, bits))) : values;
  const hasLabels = labels.length === width;
  const texts: string[] = [];
  for (let row = 0; row < rows; row += 1) {
    for (const index of best(numbers, row * width, width, most)) {
      const text = `${valueText(numbers[row * width + index] ?? 0, datatype)}:${index}`;
      texts.push(hasLabels ? `${text}:${labels[index]}` : text);
    }
  }
  return { name, datatype: 'BYTES', shape: hasRows ? [rows, most] : [most], data: texts };
}

/** Places of the largest values within a row; of equal ones the first, and NaN after all. */
function best(
  values: ArrayLike<number | bigint>,
  start: number,
  width: number,
  count: number,
): readonly number[] {
  const places = Array.from({ length: width }, (_, index) => index);
  const valueAt = (index: number) => values[start + index] ?? NaN;
  const order = (one: number, other: number) => {
    const [a, b] = [valueAt(one), valueAt(other)];
    if (a > b) return -1;
    if (a < b) return 1;
    return Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || one - other;
  };
  return places.sort(order).slice(0, count);
}

function valueText(value: number | bigint, datatype: Datatype): string {
  if (typeof value === 'bigint' || !isFloating(datatype)) return String(value);
  if (Number.isFinite(value)) return value.toFixed(DECIMALS);
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

import { firstOtherBytes } from '../../kernel/tensors/bytes-element';
import { elementCount, isFloating, type Tensor } from '../../kernel/tensors/tensor';
import type { Signature } from '../../registry/registry';
import type { Row } from './row';
import { valueToJson } from './tensor-json';
import { numberOf } from './value-parser';

/**
 * Answers by row: output columns by name and, where the version has labels, `label` and `probabilities` by class.
 * Null where an output has no row for each row of the question, or bytes that JSON cannot say.
 */
export function decodeRows(
  { labels }: Signature,
  outputs: readonly Tensor[],
  rowCount: number,
): readonly Row[] | null {
  if (outputs.some(({ shape, data }) => shape[0] !== rowCount || firstOtherBytes(data) !== -1)) return null;
  const rows: Record<string, unknown>[] = Array.from({ length: rowCount }, () => ({}));
  for (const output of outputs) {
    const width = output.data.length / rowCount;
    const isProbabilities = labels !== null && width === labels.length && isFloating(output.datatype);
    rows.forEach((row, index) => {
      if (isProbabilities) addProbabilities(row, output, index, labels, outputs.length === 1);
      else put(row, output.name, labelled(output, valueAt(output, index, width), labels));
    });
  }
  return rows;
}

/** For classifiers: `probabilities` by class, and the likeliest class where the model does not say it itself. */
function addProbabilities(
  row: Record<string, unknown>,
  output: Tensor,
  index: number,
  labels: readonly string[],
  addLabel: boolean,
): void {
  const start = index * labels.length;
  let best = 0;
  let highest = -Infinity;
  const probabilities: Record<string, unknown> = {};
  labels.forEach((label, place) => {
    const value = output.data[start + place];
    put(probabilities, label, valueToJson(output.datatype, value));
    const score = numberOf(output.datatype, value as number);
    if (score > highest) [best, highest] = [place, score]; // NaN is never higher
  });
  if (addLabel) row.label = labels[best];
  row.probabilities = probabilities;
}

/** Sets a field whatever it is called: assigned, one name would be the object's prototype, and in no answer. */
function put(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') object[name] = value;
  else Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
}

/** A class given by its number is answered by its name. */
function labelled(output: Tensor, value: unknown, labels: readonly string[] | null): unknown {
  const isClass =
    labels !== null &&
    (output.datatype === 'INT64' || output.datatype === 'INT32') &&
    output.shape.length <= 2;
  return isClass && typeof value === 'number' ? (labels[value] ?? value) : value;
}

function valueAt({ datatype, shape, data }: Tensor, index: number, width: number): unknown {
  if (shape.length === 1 || (shape.length === 2 && width === 1)) return valueToJson(datatype, data[index]);
  const values = Array.from({ length: width }, (_, place) =>
    valueToJson(datatype, data[index * width + place]),
  );
  return nest(values, shape.slice(2));
}

/** Nested lists: `inner` are the sizes of all axes but the first. */
function nest(values: readonly unknown[], inner: readonly number[]): readonly unknown[] {
  if (inner.length === 0) return values;
  const size = elementCount(inner);
  const parts =
    size === 0
      ? []
      : Array.from({ length: values.length / size }, (_, part) =>
          values.slice(part * size, (part + 1) * size),
        );
  return parts.map((part) => nest(part, inner.slice(1)));
}

import { firstOtherBytes } from '../../kernel/tensors/bytes-element';
import type { Tensor } from '../../kernel/tensors/tensor';
import { valueToJson } from './tensor-json';

/** JSON can say it, which JSON.stringify does not; without the fraction, many readers make an integer of it. */
const MINUS_ZERO = '-0.0';

/**
 * A tensor's values as text of a JSON list, row-major. Every number is exact: what JSON has no number for, and integers
 * beyond 2^53, are texts. Bytes that are no text have no such form: `jsonGap` tells before.
 */
export function jsonValues({ datatype, data }: Tensor): string {
  switch (datatype) {
    case 'FP32':
    case 'FP64':
      return isPlain(data as Float64Array) ? `[${data.join(',')}]` : listOf(data as Float64Array, realText);
    case 'BYTES':
      if (firstOtherBytes(data) !== -1) throw new Error('JSON has no form for bytes that are not UTF-8.');
      return JSON.stringify(data);
    case 'BOOL':
    case 'FP16':
    case 'BF16':
    case 'INT64':
    case 'UINT64':
      return listOf(data as BigInt64Array, (value) => {
        const json = valueToJson(datatype, value);
        return json === '-0' ? MINUS_ZERO : JSON.stringify(json);
      });
    default:
      return `[${data.join(',')}]`;
  }
}

/** Whether every number is written as JSON writes it. */
function isPlain(values: Float64Array): boolean {
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (!Number.isFinite(value) || Object.is(value, -0)) return false;
  }
  return true;
}

function realText(value: number): string {
  if (Object.is(value, -0)) return MINUS_ZERO;
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}

function listOf<Value>(values: ArrayLike<Value>, textOf: (value: Value) => string): string {
  const texts = new Array<string>(values.length);
  for (let index = 0; index < values.length; index += 1) texts[index] = textOf(values[index] as Value);
  return `[${texts.join(',')}]`;
}

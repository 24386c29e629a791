import type { Tensor } from '../../kernel/tensor';
import { isText } from './tensor-bytes';

/**
 * How far two results may differ, relative to the largest number of the row. Kernels sum in another order for
 * other batch sizes; half precision has ten bits, and one of them may fall the other way.
 */
const TOLERANCE = { FP16: 2e-3, FP32: 1e-5, FP64: 1e-5 } as const;

/** True where `alone` and `together` hold the same row, up to rounding. */
export function sameRow(alone: Tensor, together: Tensor): boolean {
  if (alone.datatype !== together.datatype || alone.shape.join() !== together.shape.join()) return false;
  const { datatype } = alone;
  if (isText(alone.data) || isText(together.data) || !isFloat(datatype))
    return equalItems(alone.data, together.data);
  return closeNumbers(numbers(alone), numbers(together), TOLERANCE[datatype]);
}

function isFloat(datatype: string): datatype is keyof typeof TOLERANCE {
  return datatype in TOLERANCE;
}

function equalItems(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  return a.length === b.length && Array.prototype.every.call(a, (value, index) => value === b[index]);
}

function closeNumbers(a: readonly number[], b: readonly number[], tolerance: number): boolean {
  if (a.length !== b.length) return false;
  let scale = 0;
  for (const value of a) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value));
  return a.every((value, index) => {
    const other = b[index] ?? NaN;
    return Object.is(value, other) || value === other || Math.abs(value - other) <= tolerance * scale;
  });
}

function numbers({ datatype, data }: Tensor): number[] {
  return Array.from(data as ArrayLike<number>, datatype === 'FP16' ? halfToNumber : Number);
}

/** IEEE 754 half precision: sign, five bits of exponent, ten of fraction. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

import { isSameElement } from '../../kernel/tensors/bytes-element';
import { isBytes, isFloating, type Tensor } from '../../kernel/tensors/tensor';
import { numberOf } from '../values/value-parser';

/**
 * How far two results may differ, relative to the largest number of the row. Kernels sum in another order for other
 * batch sizes and on other machines; half precision has ten bits, bfloat16 seven, and one of them may fall the other
 * way.
 */
export const ROUNDING = { FP16: 2e-3, BF16: 2e-2, FP32: 1e-5, FP64: 1e-5 } as const;

/** True where `alone` and `together` hold the same row, up to rounding. */
export function sameRow(alone: Tensor, together: Tensor): boolean {
  if (alone.datatype !== together.datatype || alone.shape.join() !== together.shape.join()) return false;
  const { datatype } = alone;
  if (isBytes(alone.data) || isBytes(together.data) || !isFloating(datatype))
    return equalItems(alone.data, together.data);
  return closeNumbers(numbers(alone), numbers(together), ROUNDING[datatype]);
}

function equalItems(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  return (
    a.length === b.length && Array.prototype.every.call(a, (value, index) => isSameElement(value, b[index]))
  );
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
  return Array.from(data as ArrayLike<number>, (element) => numberOf(datatype, Number(element)));
}

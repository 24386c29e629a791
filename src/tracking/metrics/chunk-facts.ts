import type { PointColumns } from './metric-columns';

/** What some points of a series say about the whole of it. */
export interface ChunkFacts {
  /** The row of the highest step; among equals the latest in time, then the last to arrive. */
  readonly last: number;
  readonly lowestStep: bigint;
  readonly highestStep: bigint;
  /** Null where all values are NaN. */
  readonly min: number | null;
  readonly max: number | null;
  /** The lowest step at which the value was that; null where there is none. */
  readonly minStep: bigint | null;
  readonly maxStep: bigint | null;
  /** Values other than NaN. */
  readonly numberCount: number;
  /** Their sum in units of 2^40 (see `SUM_UNIT`). */
  readonly scaledSum: number;
}

/** A power of two, so that no digit is lost; as large as a series is long, so that a sum of doubles is a double. */
export const SUM_UNIT = 2 ** 40;

/** @param points at least one */
export function factsOf({ steps, values, timestamps }: PointColumns): ChunkFacts {
  const [lowest, last] = endsOf(steps, timestamps);
  let min: number | null = null;
  let max: number | null = null;
  let minStep: bigint | null = null;
  let maxStep: bigint | null = null;
  let numberCount = 0;
  let scaledSum = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number;
    if (Number.isNaN(value)) continue;
    numberCount += 1;
    scaledSum += value / SUM_UNIT;
    if (min === null || value < min || (value === min && (steps[row] as bigint) < (minStep as bigint))) {
      // Of -0 and 0 the first to arrive stays.
      if (min === null || value < min) min = value;
      minStep = steps[row] as bigint;
    }
    if (max === null || value > max || (value === max && (steps[row] as bigint) < (maxStep as bigint))) {
      if (max === null || value > max) max = value;
      maxStep = steps[row] as bigint;
    }
  }
  const [lowestStep, highestStep] = [steps[lowest] as bigint, steps[last] as bigint];
  return { last, lowestStep, highestStep, min, max, minStep, maxStep, numberCount, scaledSum };
}

/** The row of the lowest step, and the row that comes last. */
function endsOf(steps: BigInt64Array, timestamps: BigInt64Array): readonly [number, number] {
  let lowest = 0;
  let last = 0;
  for (let row = 1; row < steps.length; row++) {
    const step = steps[row] as bigint;
    const lastStep = steps[last] as bigint;
    if (step < (steps[lowest] as bigint)) lowest = row;
    if (step > lastStep || (step === lastStep && (timestamps[row] as bigint) >= (timestamps[last] as bigint)))
      last = row;
  }
  return [lowest, last];
}

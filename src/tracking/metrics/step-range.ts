import { sliceColumns, type PointColumns } from './metric-columns';

/** Steps from one to another, both within. Null: no end on that side. */
export interface StepRange {
  readonly fromStep: bigint | null;
  readonly toStep: bigint | null;
}
export const ALL_STEPS: StepRange = { fromStep: null, toStep: null };

/** @param points in order of step */
export function withinSteps(points: PointColumns, { fromStep, toStep }: StepRange): PointColumns {
  if (fromStep === null && toStep === null) return points;
  const start = fromStep === null ? 0 : rowFrom(points.steps, (step) => step >= fromStep);
  const end = toStep === null ? points.steps.length : rowFrom(points.steps, (step) => step > toStep);
  return sliceColumns(points, start, Math.max(start, end));
}

/** The first row from which on it holds. */
function rowFrom(steps: BigInt64Array, holds: (step: bigint) => boolean): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(steps[middle] as bigint)) high = middle;
    else low = middle + 1;
  }
  return low;
}

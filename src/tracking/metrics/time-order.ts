import { pick, type PointColumns } from './metric-columns';

/** What places a point in the order of time, but for its value. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
  readonly step: bigint;
}

/** A point by its place in the order of time: no two points that differ have one place. */
export interface TimePlace extends Moment {
  readonly value: number;
}

export const placeOf = ({ steps, values, timestamps }: PointColumns, row: number): TimePlace => ({
  timestamp: timestamps[row] as bigint,
  step: steps[row] as bigint,
  value: values[row] as number,
});

export const comparePlaces = (a: TimePlace, b: TimePlace): number =>
  compareMoments(a, b) || compareNumbers(a.value, b.value);

export const compareMoments = (a: Moment, b: Moment): number =>
  compareWhole(a.timestamp, b.timestamp) || compareWhole(a.step, b.step);

/** The place of a row, against another one. */
export const compareRow = (
  { steps, values, timestamps }: PointColumns,
  row: number,
  place: TimePlace,
): number =>
  compareWhole(timestamps[row] as bigint, place.timestamp) ||
  compareWhole(steps[row] as bigint, place.step) ||
  compareNumbers(values[row] as number, place.value);

/** By time, then step, then value. */
export function inOrderOfTime(points: PointColumns): PointColumns {
  const { steps, values, timestamps } = points;
  const compare = (a: number, b: number): number =>
    compareWhole(timestamps[a] as bigint, timestamps[b] as bigint) ||
    compareWhole(steps[a] as bigint, steps[b] as bigint) ||
    compareNumbers(values[a] as number, values[b] as number);
  for (let row = 1; row < values.length; row++) {
    if (compare(row - 1, row) > 0) return pick(points, Uint32Array.from(values.keys()).sort(compare));
  }
  return points;
}

/** The first row after a place, of points in order of time; their number where all come before it. */
export function rowAfter(points: PointColumns, place: TimePlace): number {
  let [low, high] = [0, points.values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareRow(points, middle, place) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

const compareWhole = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** NaN comes first, and -0 before 0. */
function compareNumbers(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
  return a - b || Number(Object.is(b, -0)) - Number(Object.is(a, -0)); // an infinity less itself is no number
}

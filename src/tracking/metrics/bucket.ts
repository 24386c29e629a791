import type { PointColumns } from './metric-columns';

export interface Point {
  readonly step: bigint;
  readonly timestampMs: bigint;
  readonly value: number;
  /** Decides between points of equal step and timestamp. */
  readonly arrival: number;
}

/** Neighbouring points, of which those are kept that a drawing needs. One point in two roles is one object. */
export interface Bucket {
  readonly count: number;
  readonly first: Point;
  readonly last: Point;
  /** Never NaN, unless all are. */
  readonly min: Point;
  readonly max: Point;
}

/** The points from `start` on, up to the one before `end`; the first of all has arrived as number `arrival`. */
export function bucketOf(points: PointColumns, start: number, end: number, arrival: number): Bucket {
  const { min, max } = minMax(points.values, start, end);
  const made = new Map<number, Point>();
  const pointOf = (row: number) => {
    const point = made.get(row) ?? pointAt(points, row, arrival + row);
    made.set(row, point);
    return point;
  };
  return {
    count: end - start,
    first: pointOf(start),
    last: pointOf(end - 1),
    min: pointOf(min),
    max: pointOf(max),
  };
}

export function joinBuckets(one: Bucket, other: Bucket): Bucket {
  return {
    count: one.count + other.count,
    first: inOrder(one.first, other.first) <= 0 ? one.first : other.first,
    last: inOrder(one.last, other.last) >= 0 ? one.last : other.last,
    min: isNumber(other.min) && !(one.min.value <= other.min.value) ? other.min : one.min,
    max: isNumber(other.max) && !(one.max.value >= other.max.value) ? other.max : one.max,
  };
}

/**
 * Makes room between two points of a full bucket, as where several writers go on, each in its own place. What the
 * bucket has kept stays; how its other points lie is not known, so they are shared out evenly.
 */
export function splitBucket(bucket: Bucket, isLeft: (point: Point) => boolean): readonly [Bucket, Bucket] {
  const kept = keptPoints(bucket);
  const left = kept.filter(isLeft);
  const right = kept.slice(left.length);
  const count = Math.ceil((bucket.count * left.length) / kept.length);
  return [
    { ...left.map(bucketOfOne).reduce(joinBuckets), count },
    { ...right.map(bucketOfOne).reduce(joinBuckets), count: bucket.count - count },
  ];
}

/** Each once, in order. */
export const keptPoints = ({ first, last, min, max }: Bucket): Point[] =>
  [...new Set([first, min, max, last])].sort(inOrder);

/** Where there is no room for all that a bucket keeps: the ends come first. */
export const fewestPoints = ({ first, last, min, max }: Bucket, maxPoints: number): Point[] =>
  [...new Set([last, first, max, min])].slice(0, maxPoints).sort(inOrder);

/** False for equals: what is in a bucket has arrived before. */
export function isBefore(
  { steps, timestamps }: PointColumns,
  row: number,
  { step, timestampMs }: Point,
): boolean {
  const rowStep = steps[row] as bigint;
  return rowStep < step || (rowStep === step && (timestamps[row] as bigint) < timestampMs);
}

export function toColumns(points: readonly Point[]): PointColumns {
  return {
    steps: BigInt64Array.from(points, ({ step }) => step),
    values: Float64Array.from(points, ({ value }) => value),
    timestamps: BigInt64Array.from(points, ({ timestampMs }) => timestampMs),
  };
}

const bucketOfOne = (point: Point): Bucket => ({
  count: 1,
  first: point,
  last: point,
  min: point,
  max: point,
});

const isNumber = ({ value }: Point) => !Number.isNaN(value);

const pointAt = ({ steps, values, timestamps }: PointColumns, row: number, arrival: number): Point => ({
  step: steps[row] as bigint,
  timestampMs: timestamps[row] as bigint,
  value: values[row] as number,
  arrival,
});

export function inOrder(one: Point, other: Point): number {
  if (one.step !== other.step) return one.step < other.step ? -1 : 1;
  if (one.timestampMs !== other.timestampMs) return one.timestampMs < other.timestampMs ? -1 : 1;
  return one.arrival - other.arrival;
}

/** Where there are only NaN, both are `start`. */
function minMax(values: Float64Array, start: number, end: number): { min: number; max: number } {
  let min = start;
  let max = start;
  for (let row = start; row < end; row++) {
    const value = values[row] as number;
    if (Number.isNaN(value)) continue;
    if (!(value >= (values[min] as number))) min = row;
    if (!(value <= (values[max] as number))) max = row;
  }
  return { min, max };
}

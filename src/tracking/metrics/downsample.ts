import {
  bucketOf,
  fewestPoints,
  isBefore,
  joinBuckets,
  keptPoints,
  splitBucket,
  toColumns,
  type Bucket,
  type Point,
} from './bucket';
import type { PointColumns } from './metric-columns';

/**
 * Chooses which points of a series to draw while the series goes by, in memory that depends on `maxPoints` only. The
 * points are cut into buckets of about equal count, and each bucket keeps its first, last, smallest and largest value
 * (M4: Jugel et al., VLDB 2014), so that no spike is lost. A series that is short enough is kept whole.
 *
 * While points come there are several finer buckets for each bucket that is drawn. Whenever there are too many, their
 * width doubles and neighbours join; so neither the length of the series nor the order of its calls need be known.
 */
export class Downsampler {
  private buckets: Bucket[] = [];
  private count = 0;
  /** Most points of a bucket. */
  private width = 1;

  /** @param maxPoints at least 1; with fewer than 4 there is one bucket, and the ends of the series come first */
  constructor(private readonly maxPoints: number) {}

  /**
   * @param points in order of step, then timestamp, then arrival; all of them arrived after those of earlier calls
   * @param arrival the number of the first of them
   */
  add(points: PointColumns, arrival = this.count): void {
    const { length } = points.values;
    for (let start = 0; start < length;) start = this.take(points, start, arrival);
    this.count += length;
  }

  /** @param buckets that come, in order, after all that came before; their points have no other place to go to */
  append(buckets: readonly Bucket[]): void {
    for (const bucket of buckets) {
      const before = this.buckets.at(-1);
      if (before && before.count + bucket.count <= this.width)
        this.buckets[this.buckets.length - 1] = joinBuckets(before, bucket);
      else this.buckets.push(bucket);
      this.count += bucket.count;
      if (this.buckets.length > FINER_BUCKETS * this.maxPoints) this.widen();
    }
  }

  /** At most `maxPoints` points, in order. */
  points(): PointColumns {
    if (this.count <= this.maxPoints) return toColumns(this.buckets.map(({ first }) => first));
    if (this.maxPoints < POINTS_PER_BUCKET)
      return toColumns(fewestPoints(this.buckets.reduce(joinBuckets), this.maxPoints));
    return toColumns(this.drawn().flatMap(keptPoints));
  }

  /** Takes what goes into one bucket of the points from `start` on. Gives the place of the first that is left. */
  private take(points: PointColumns, start: number, arrival: number): number {
    const place = this.placeOf(points, start);
    const bucket = this.buckets[place];
    const end = placeBefore(points, start, this.buckets[place + 1]?.first);
    const room = bucket ? this.width - bucket.count : 0;
    if (bucket && room > 0) {
      const to = Math.min(end, start + room);
      this.buckets[place] = joinBuckets(bucket, bucketOf(points, start, to, arrival));
      return to;
    }
    if (bucket && isBefore(points, start, bucket.last)) {
      this.buckets.splice(place, 1, ...splitBucket(bucket, (point) => !isBefore(points, start, point)));
      return start;
    }
    const to = Math.min(end, start + this.width);
    this.buckets.splice(place + 1, 0, bucketOf(points, start, to, arrival));
    if (this.buckets.length > FINER_BUCKETS * this.maxPoints) this.widen();
    return to;
  }

  /** The last bucket that begins before the point; -1 where the point comes before all. */
  private placeOf(points: PointColumns, row: number): number {
    let low = 0;
    let high = this.buckets.length;
    while (low < high) {
      // The last bucket is looked at first: most series come in order.
      const middle = high === this.buckets.length ? high - 1 : (low + high) >>> 1;
      if (isBefore(points, row, (this.buckets[middle] as Bucket).first)) high = middle;
      else low = middle + 1;
    }
    return low - 1;
  }

  private widen(): void {
    while (this.buckets.length > this.maxPoints) {
      this.width *= 2;
      const wider: Bucket[] = [];
      for (const bucket of this.buckets) {
        const before = wider.at(-1);
        if (before && before.count + bucket.count <= this.width)
          wider[wider.length - 1] = joinBuckets(before, bucket);
        else wider.push(bucket);
      }
      this.buckets = wider;
    }
  }

  /** The finer buckets joined to those that are drawn, each with about the same number of points. */
  private drawn(): readonly Bucket[] {
    const buckets = bucketsDrawn(this.maxPoints);
    const drawn = new Map<number, Bucket>();
    let before = 0;
    for (const bucket of this.buckets) {
      const place = Math.floor((before * buckets) / this.count);
      const joined = drawn.get(place);
      drawn.set(place, joined ? joinBuckets(joined, bucket) : bucket);
      before += bucket.count;
    }
    return [...drawn.values()];
  }
}

const POINTS_PER_BUCKET = 4;
/** How many buckets are drawn of a series that is longer. */
export const bucketsDrawn = (maxPoints: number): number =>
  Math.max(1, Math.floor(maxPoints / POINTS_PER_BUCKET));
/** Most finer buckets for each point that is drawn; half of them are left after a widening. */
const FINER_BUCKETS = 2;

/** The first row from `start` on that does not come before the point; the end where there is no point. */
function placeBefore(points: PointColumns, start: number, point: Point | undefined): number {
  let low = start;
  let high = points.values.length;
  if (point === undefined) return high;
  while (low < high) {
    // The first row is looked at first: most series come in order.
    const middle = low === start ? start : (low + high) >>> 1;
    if (isBefore(points, middle, point)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Durations in log-spaced buckets, after DDSketch (Masson, Rim, Lee: “DDSketch: a fast and fully-mergeable quantile
 * sketch with relative-error guarantees”, VLDB 2019), over a fixed range: every histogram has the same buckets, so
 * that adding two of them is adding their counts, in whichever process they were filled.
 */

/** Largest relative error of a quantile: 2 % of a latency is below what differs between two runs of one model. */
export const RELATIVE_ERROR = 0.02;
/** Shortest duration that is told from zero: one microsecond, about the cost of taking the time twice. */
export const MIN_MS = 0.001;
/** Longest duration that is told from longer ones: ten minutes, beyond any deadline of a prediction. */
export const MAX_MS = 600_000;

const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const BUCKETS_PER_E = 1 / Math.log(GAMMA);
const LOG_MIN = Math.log(MIN_MS);
/** Bucket 0 holds what is at most `MIN_MS`; bucket i what is in (MIN_MS · γ^(i-1), MIN_MS · γ^i]. */
const BUCKETS = 1 + Math.ceil((Math.log(MAX_MS) - LOG_MIN) * BUCKETS_PER_E);

export class Histogram {
  private readonly counts = new Float64Array(BUCKETS);
  private recorded = 0;
  private sum = 0;

  /** How many durations it holds. */
  get count(): number {
    return this.recorded;
  }

  /** The sum of all durations, in ms; of those that were encoded once, within `RELATIVE_ERROR`. */
  get sumMs(): number {
    return this.sum;
  }

  /** On the predict path: no allocation, never throws. What is no duration (negative, NaN) counts as zero. */
  record(durationMs: number): void {
    this.add(bucketOf(durationMs), 1);
    if (durationMs > 0) this.sum += durationMs;
  }

  /** Adds everything that `other` holds. */
  merge(other: Histogram): void {
    this.sum += other.sum;
    other.forEachBucket((bucket, count) => this.add(bucket, count));
  }

  /** Adds everything that a histogram held when it was encoded. */
  mergeEncoded(bytes: Uint8Array): void {
    decode(bytes, (bucket, count) => {
      this.add(bucket, count);
      this.sum += count * middleOf(bucket);
    });
  }

  clear(): void {
    if (this.recorded === 0) return;
    this.counts.fill(0);
    this.recorded = this.sum = 0;
  }

  /**
   * The duration in ms that a share `q` (0 to 1) of all do not exceed, within `RELATIVE_ERROR`; null where there is
   * none. It is the ⌈q·n⌉-th smallest of n; at most `MIN_MS` reads as 0, at least `MAX_MS` as `MAX_MS`.
   */
  quantile(q: number): number | null {
    if (this.recorded === 0) return null;
    const rank = Math.max(1, Math.ceil(q * this.recorded));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.counts[bucket] ?? 0;
      if (seen >= rank) return middleOf(bucket);
    }
    return MAX_MS;
  }

  /**
   * How many durations do not exceed each of the limits (in ms, ascending). The bucket that a limit is in counts as a
   * whole, so that a limit may reach up to twice `RELATIVE_ERROR` too far, and what is equal to it always counts.
   */
  countsUpTo(limitsMs: readonly number[]): number[] {
    let bucket = 0;
    let seen = 0;
    return limitsMs.map((limitMs) => {
      for (const last = bucketOf(limitMs); bucket <= last; bucket++) seen += this.counts[bucket] ?? 0;
      return seen;
    });
  }

  /** The buckets that are not empty, as varints: steps from one to the next, and counts. A few dozen bytes. */
  encode(): Buffer {
    const bytes: number[] = [];
    let previous = 0;
    this.forEachBucket((bucket, count) => {
      pushVarint(bytes, bucket - previous);
      pushVarint(bytes, count);
      previous = bucket;
    });
    return Buffer.from(bytes);
  }

  private add(bucket: number, count: number): void {
    this.counts[bucket] = (this.counts[bucket] ?? 0) + count;
    this.recorded += count;
  }

  private forEachBucket(visit: (bucket: number, count: number) => void): void {
    if (this.recorded === 0) return;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = this.counts[bucket] ?? 0;
      if (count > 0) visit(bucket, count);
    }
  }
}

/** One bucket of an encoded histogram: the longest duration in it, in ms, and how many it holds. */
export interface Bucket {
  readonly upToMs: number;
  readonly count: number;
}

/** The buckets of an encoded histogram that are not empty, ascending. */
export function bucketsIn(bytes: Uint8Array): readonly Bucket[] {
  const buckets: Bucket[] = [];
  decode(bytes, (bucket, count) => buckets.push({ upToMs: MIN_MS * GAMMA ** bucket, count }));
  return buckets;
}

function bucketOf(durationMs: number): number {
  if (!(durationMs > MIN_MS)) return 0; // NaN too
  const bucket = Math.ceil((Math.log(durationMs) - LOG_MIN) * BUCKETS_PER_E);
  return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

/** The duration that is as far, relatively, from both ends of its bucket. */
function middleOf(bucket: number): number {
  if (bucket === 0) return 0;
  return Math.min(MAX_MS, (MIN_MS * 2 * GAMMA ** bucket) / (GAMMA + 1));
}

const VARINT_BASE = 128; // seven bits a byte, the eighth says that more follow (LEB128)

function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= VARINT_BASE) {
    bytes.push((rest % VARINT_BASE) + VARINT_BASE);
    rest = Math.floor(rest / VARINT_BASE); // counts may pass 2^32, where bit operations end
  }
  bytes.push(rest);
}

/** Bytes that end too early or name a bucket that is not there, as no `encode` writes them, end the reading. */
function decode(bytes: Uint8Array, visit: (bucket: number, count: number) => void): void {
  let offset = 0;
  const next = (): number => {
    let value = 0;
    for (let scale = 1; offset < bytes.length; scale *= VARINT_BASE) {
      const byte = bytes[offset++] ?? 0;
      value += (byte % VARINT_BASE) * scale;
      if (byte < VARINT_BASE) return value;
    }
    return value;
  };
  let bucket = 0;
  while (offset < bytes.length) {
    bucket += next();
    const count = next();
    if (bucket >= BUCKETS) return;
    visit(bucket, count);
  }
}

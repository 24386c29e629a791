import { endianness } from 'node:os';
import type { MetricPoint } from './run';

/** Points as columns. The arrays are of one length. */
export interface PointColumns {
  readonly steps: BigInt64Array;
  readonly values: Float64Array;
  /** Milliseconds since 1970. */
  readonly timestamps: BigInt64Array;
}

/** The points of one series that one call logs, with what they say about the whole series. */
export interface MetricChunk extends PointColumns {
  readonly key: string;
  readonly last: { readonly step: bigint; readonly timestampMs: bigint; readonly value: number };
  readonly min: number | null;
  readonly max: number | null;
}

/** Sorts points by series, in order of arrival, into columns. */
export function toChunks(points: readonly MetricPoint[], nowMs: number): readonly MetricChunk[] {
  const indexes = new Map<string, number[]>();
  for (let index = 0; index < points.length; index++) {
    const key = (points[index] as MetricPoint).key;
    const ofKey = indexes.get(key);
    if (ofKey) ofKey.push(index);
    else indexes.set(key, [index]);
  }
  return [...indexes].map(([key, ofKey]) => toChunk(key, points, ofKey, BigInt(nowMs)));
}

function toChunk(
  key: string,
  points: readonly MetricPoint[],
  indexes: readonly number[],
  nowMs: bigint,
): MetricChunk {
  const steps = new BigInt64Array(indexes.length);
  const values = new Float64Array(indexes.length);
  const timestamps = new BigInt64Array(indexes.length);
  let min: number | null = null;
  let max: number | null = null;
  let last = 0;
  indexes.forEach((index, row) => {
    const point = points[index] as MetricPoint;
    const { value, timestamp } = point;
    const step = BigInt(point.step);
    const timestampMs = timestamp ? BigInt(timestamp.getTime()) : nowMs;
    steps[row] = step;
    values[row] = value;
    timestamps[row] = timestampMs;
    if (!Number.isNaN(value) && (min === null || value < min)) min = value;
    if (!Number.isNaN(value) && (max === null || value > max)) max = value;
    const lastStep = steps[last] as bigint;
    if (step > lastStep || (step === lastStep && timestampMs >= (timestamps[last] as bigint))) last = row;
  });
  const lastPoint = {
    step: steps[last] as bigint,
    timestampMs: timestamps[last] as bigint,
    value: values[last] as number,
  };
  return { key, steps, values, timestamps, last: lastPoint, min, max };
}

/** Little-endian bytes, as they are stored. */
export function toBytes(column: BigInt64Array | Float64Array): Buffer {
  const bytes = Buffer.from(column.buffer, column.byteOffset, column.byteLength);
  return IS_LITTLE_ENDIAN ? bytes : Buffer.from(bytes).swap64();
}

export interface StoredColumns {
  readonly steps: Buffer;
  readonly values: Buffer;
  readonly timestamps: Buffer;
}

/** One series out of its chunks, in order of step, then timestamp, then arrival. */
export function joinChunks(chunks: readonly StoredColumns[]): PointColumns {
  const joined = {
    steps: new BigInt64Array(bytesOf(chunks.map(({ steps }) => steps))),
    values: new Float64Array(bytesOf(chunks.map(({ values }) => values))),
    timestamps: new BigInt64Array(bytesOf(chunks.map(({ timestamps }) => timestamps))),
  };
  return isInOrder(joined) ? joined : pick(joined, orderOf(joined));
}

/** The points at these indexes. */
export function pick(
  { steps, values, timestamps }: PointColumns,
  indexes: ArrayLike<number> & Iterable<number>,
): PointColumns {
  const picked = {
    steps: new BigInt64Array(indexes.length),
    values: new Float64Array(indexes.length),
    timestamps: new BigInt64Array(indexes.length),
  };
  let row = 0;
  for (const index of indexes) {
    picked.steps[row] = steps[index] as bigint;
    picked.values[row] = values[index] as number;
    picked.timestamps[row] = timestamps[index] as bigint;
    row++;
  }
  return picked;
}

const IS_LITTLE_ENDIAN = endianness() === 'LE';

/** The bytes one after another, at the start of memory of their own, as typed arrays need them. */
function bytesOf(parts: readonly Buffer[]): ArrayBuffer {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  if (!IS_LITTLE_ENDIAN) Buffer.from(joined.buffer).swap64();
  return joined.buffer;
}

function isInOrder({ steps, timestamps }: PointColumns): boolean {
  for (let index = 1; index < steps.length; index++) {
    const step = steps[index] as bigint;
    const before = steps[index - 1] as bigint;
    if (step < before) return false;
    if (step === before && (timestamps[index] as bigint) < (timestamps[index - 1] as bigint)) return false;
  }
  return true;
}

function orderOf({ steps, timestamps }: PointColumns): Uint32Array {
  const compare = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);
  return Uint32Array.from(steps.keys()).sort(
    (a, b) =>
      compare(steps[a] as bigint, steps[b] as bigint) ||
      compare(timestamps[a] as bigint, timestamps[b] as bigint) ||
      a - b,
  );
}

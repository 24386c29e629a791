import type { DatasetVersionId } from '../../datasets/datasets';
import { IS_LITTLE_ENDIAN } from '../../kernel/halves';
import type { MetricPoint } from '../run';

/** Points as columns. The arrays are of one length. */
export interface PointColumns {
  readonly steps: BigInt64Array;
  readonly values: Float64Array;
  /** Milliseconds since 1970. */
  readonly timestamps: BigInt64Array;
}

/** Points of one series, in order of arrival. */
export interface SeriesColumns extends PointColumns {
  readonly key: string;
  /** See `metric-subject.ts`; empty for the run as a whole. */
  readonly subject: string;
  readonly datasetVersionId: DatasetVersionId | null;
}

/** Points of one metric, in order of arrival, as a caller gives them. */
export interface KeyedColumns extends PointColumns {
  readonly key: string;
  /** A reference such as `penguins@3`: the data that all of them were measured on. */
  readonly dataset?: string | null;
}

/** Sorts points into columns, in order of arrival: all of a metric, and once more those of each dataset. */
export function toColumns(points: readonly MetricPoint[], nowMs: number): readonly KeyedColumns[] {
  const groups = new Map<string, { key: string; dataset: string | null; rows: number[] }>();
  const add = (key: string, dataset: string | null, row: number) => {
    const name = dataset === null ? key : `${key}\0${dataset}`;
    const group = groups.get(name);
    if (group) group.rows.push(row);
    else groups.set(name, { key, dataset, rows: [row] });
  };
  for (let row = 0; row < points.length; row++) {
    const { key, dataset = null } = points[row] as MetricPoint;
    add(key, null, row);
    if (dataset !== null) add(key, dataset, row);
  }
  return [...groups.values()].map(({ rows, ...of }) => ({
    ...of,
    ...columnsOf(points, rows, BigInt(nowMs)),
  }));
}

function columnsOf(points: readonly MetricPoint[], indexes: readonly number[], nowMs: bigint): PointColumns {
  const columns = emptyColumns(indexes.length);
  for (let row = 0; row < indexes.length; row++) {
    const { step, value, timestamp } = points[indexes[row] as number] as MetricPoint;
    columns.steps[row] = BigInt(step);
    columns.values[row] = value;
    columns.timestamps[row] = timestamp ? BigInt(timestamp.getTime()) : nowMs;
  }
  return columns;
}

/** The points of the parts, one part after the other. */
export function concatColumns(parts: readonly PointColumns[]): PointColumns {
  const [first] = parts;
  if (first && parts.length === 1) return first;
  const joined = emptyColumns(parts.reduce((length, { values }) => length + values.length, 0));
  let row = 0;
  for (const part of parts) {
    putColumns(joined, row, part);
    row += part.values.length;
  }
  return joined;
}

/** Writes these points into others, from a row on. */
export function putColumns(target: PointColumns, row: number, points: PointColumns): void {
  target.steps.set(points.steps, row);
  target.values.set(points.values, row);
  target.timestamps.set(points.timestamps, row);
}

/** One series out of its parts, which stand in order of arrival; in order of step, then timestamp, then arrival. */
export function joinColumns(parts: readonly PointColumns[]): PointColumns {
  const joined = concatColumns(parts);
  const order = orderOf(joined);
  return order === null ? joined : pick(joined, order);
}

/**
 * Without those that are the one before them again: clients log again what they do not know to have arrived.
 *
 * @param points in an order that has equal ones together
 */
export function eachOnce(points: PointColumns): PointColumns {
  const { steps, values, timestamps } = points;
  const isNew = (row: number) =>
    row === 0 ||
    steps[row] !== steps[row - 1] ||
    timestamps[row] !== timestamps[row - 1] ||
    !Object.is(values[row], values[row - 1]);
  let again = 0;
  for (let row = 0; row < values.length; row++) if (!isNew(row)) again++;
  return again === 0 ? points : pick(points, Uint32Array.from(values.keys()).filter(isNew));
}

/** The points at these indexes. */
export function pick({ steps, values, timestamps }: PointColumns, indexes: Uint32Array): PointColumns {
  const picked = emptyColumns(indexes.length);
  for (let row = 0; row < indexes.length; row++) {
    const index = indexes[row] as number;
    picked.steps[row] = steps[index] as bigint;
    picked.values[row] = values[index] as number;
    picked.timestamps[row] = timestamps[index] as bigint;
  }
  return picked;
}

/** The points from row `start` up to the one before `end`, without a copy. */
export const sliceColumns = (
  { steps, values, timestamps }: PointColumns,
  start: number,
  end: number,
): PointColumns => ({
  steps: steps.subarray(start, end),
  values: values.subarray(start, end),
  timestamps: timestamps.subarray(start, end),
});

/** By step, then timestamp, then row; null where the rows stand in that order already. */
export function orderOf({ steps, timestamps }: PointColumns): Uint32Array | null {
  if (isInOrder(steps, timestamps)) return null;
  const compare = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);
  return Uint32Array.from(steps.keys()).sort(
    (a, b) =>
      compare(steps[a] as bigint, steps[b] as bigint) ||
      compare(timestamps[a] as bigint, timestamps[b] as bigint) ||
      a - b,
  );
}

/** Little-endian bytes of doubles, as they are stored; on most machines the memory of the column itself. */
export function toBytes(column: BigInt64Array | Float64Array): Buffer {
  const bytes = Buffer.from(column.buffer, column.byteOffset, column.byteLength);
  return IS_LITTLE_ENDIAN ? bytes : Buffer.from(bytes).swap64();
}

/** The stored numbers, in memory of their own: typed arrays must begin at a multiple of eight bytes. */
export function fromBytes(bytes: Uint8Array): ArrayBuffer {
  const copy = new Uint8Array(bytes);
  if (!IS_LITTLE_ENDIAN) Buffer.from(copy.buffer).swap64();
  return copy.buffer;
}

export function emptyColumns(length: number): PointColumns {
  return {
    steps: new BigInt64Array(length),
    values: new Float64Array(length),
    timestamps: new BigInt64Array(length),
  };
}

function isInOrder(steps: BigInt64Array, timestamps: BigInt64Array): boolean {
  for (let index = 1; index < steps.length; index++) {
    const step = steps[index] as bigint;
    const before = steps[index - 1] as bigint;
    if (step < before) return false;
    if (step === before && (timestamps[index] as bigint) < (timestamps[index - 1] as bigint)) return false;
  }
  return true;
}

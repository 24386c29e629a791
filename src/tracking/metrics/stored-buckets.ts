import { bucketOf, type Bucket, type Point } from './bucket';
import { fromBytes, toBytes, type PointColumns } from './metric-columns';
import { packColumn, unpackColumn } from './packed-column';

/** Points of a stored bucket. Two widths are stored, since a chart of a part of a series needs finer ones. */
export const BUCKET_WIDTH = { coarse: 1_024, fine: 64 } as const;
export type BucketLevel = keyof typeof BUCKET_WIDTH;

const ROLES = ['first', 'last', 'min', 'max'] as const;

/**
 * Neighbouring points, a fixed number each, with what a chart needs of them. In the order of their places: the number
 * of points, their width, and where in each bucket its smallest and its largest stand; then for each role the values,
 * the steps and the times.
 *
 * @param points in order of step, then timestamp, then arrival
 */
export function encodeBuckets(points: PointColumns, level: BucketLevel): Buffer {
  const width = BUCKET_WIDTH[level];
  const buckets: Bucket[] = [];
  for (let start = 0; start < points.values.length; start += width)
    buckets.push(bucketOf(points, start, Math.min(start + width, points.values.length), 0));
  const head = Buffer.alloc(HEAD_BYTES + 4 * buckets.length);
  head.writeUInt32LE(points.values.length, 0);
  head.writeUInt32LE(width, 4);
  buckets.forEach(({ min, max }, index) => {
    head.writeUInt16LE(min.arrival - index * width, HEAD_BYTES + 4 * index);
    head.writeUInt16LE(max.arrival - index * width, HEAD_BYTES + 4 * index + 2);
  });
  const columns = ROLES.flatMap((role) => [
    toBytes(Float64Array.from(buckets, (bucket) => bucket[role].value)),
    packColumn(BigInt64Array.from(buckets, (bucket) => bucket[role].step)),
    packColumn(BigInt64Array.from(buckets, (bucket) => bucket[role].timestampMs)),
  ]);
  return Buffer.concat([head, ...columns.flatMap((column) => [lengthOf(column), column])]);
}

/** @param arrival the number of the first point, which those that are equal else are told apart by */
export function decodeBuckets(bytes: Buffer, arrival: number): readonly Bucket[] {
  const points = bytes.readUInt32LE(0);
  const width = bytes.readUInt32LE(4);
  const count = Math.ceil(points / width);
  const columns = columnsOf(bytes.subarray(HEAD_BYTES + 4 * count));
  const [first, last, min, max] = ROLES.map((_, role) => ({
    values: new Float64Array(fromBytes(columns[3 * role] as Buffer)),
    steps: unpackColumn(columns[3 * role + 1] as Buffer, count),
    timestamps: unpackColumn(columns[3 * role + 2] as Buffer, count),
  })) as [PointColumns, PointColumns, PointColumns, PointColumns];
  return Array.from({ length: count }, (_, index): Bucket => {
    const start = index * width;
    const end = Math.min(start + width, points);
    // One point in two roles is one object.
    const made = new Map<number, Point>();
    const pointOf = (columns: PointColumns, row: number): Point => {
      const point = made.get(row) ?? {
        step: columns.steps[index] as bigint,
        timestampMs: columns.timestamps[index] as bigint,
        value: columns.values[index] as number,
        arrival: arrival + row,
      };
      made.set(row, point);
      return point;
    };
    return {
      count: end - start,
      first: pointOf(first, start),
      last: pointOf(last, end - 1),
      min: pointOf(min, start + bytes.readUInt16LE(HEAD_BYTES + 4 * index)),
      max: pointOf(max, start + bytes.readUInt16LE(HEAD_BYTES + 4 * index + 2)),
    };
  });
}

const HEAD_BYTES = 8;

function lengthOf(column: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(column.length);
  return length;
}

function columnsOf(bytes: Buffer): readonly Buffer[] {
  const columns: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32LE(at);
    columns.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return columns;
}

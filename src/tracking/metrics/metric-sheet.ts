import type { DatasetVersionId } from '../../datasets/datasets';
import { fromBytes, sliceColumns, toBytes, type PointColumns, type SeriesColumns } from './metric-columns';
import { packColumn, unpackColumn } from './packed-column';

/** Whose points a sheet has, and how many of each series, in its order. */
export interface SheetHead {
  readonly series: readonly Pick<SeriesColumns, 'key' | 'subject' | 'datasetVersionId'>[];
  readonly counts: readonly number[];
}

/** Points of several series of one run, as one: those of a call. */
export interface Sheet {
  readonly head: SheetHead;
  /** All points, one series after the other, each in order of arrival. */
  readonly points: PointColumns;
}

/** As it is stored. What all series have in common is left out. */
interface StoredHead {
  readonly keys: readonly string[];
  readonly subjects?: readonly string[];
  readonly datasetVersionIds?: readonly (DatasetVersionId | null)[];
  /** Absent: one point each. */
  readonly counts?: readonly number[];
}

/**
 * The head as JSON, then all steps, all times and all values as one column each; before each of the first three its
 * length in bytes.
 */
export function packSheet(series: readonly SeriesColumns[]): Buffer {
  const counts = series.map(({ values }) => values.length);
  const head: StoredHead = {
    keys: series.map(({ key }) => key),
    ...(series.some(({ subject }) => subject !== '') && {
      subjects: series.map(({ subject }) => subject),
      datasetVersionIds: series.map(({ datasetVersionId }) => datasetVersionId),
    }),
    ...(counts.some((count) => count !== 1) && { counts }),
  };
  const length = counts.reduce((sum, count) => sum + count, 0);
  const all = {
    steps: new BigInt64Array(length),
    timestamps: new BigInt64Array(length),
    values: new Float64Array(length),
  };
  let row = 0;
  for (const { steps, timestamps, values } of series) {
    if (values.length === 1) {
      all.steps[row] = steps[0] as bigint;
      all.timestamps[row] = timestamps[0] as bigint;
      all.values[row] = values[0] as number;
    } else {
      all.steps.set(steps, row);
      all.timestamps.set(timestamps, row);
      all.values.set(values, row);
    }
    row += values.length;
  }
  const parts = [Buffer.from(JSON.stringify(head)), packColumn(all.steps), packColumn(all.timestamps)];
  return Buffer.concat([...parts.flatMap((part) => [lengthOf(part), part]), toBytes(all.values)]);
}

/** Unpacks sheets, of which most have the head of the one before: then they have the very same object. */
export class SheetReader {
  private last: { readonly bytes: Buffer; readonly head: SheetHead } | null = null;

  read(body: Buffer): Sheet {
    let at = 0;
    const next = () => {
      const end = at + 4 + body.readUInt32LE(at);
      const part = body.subarray(at + 4, end);
      at = end;
      return part;
    };
    const [head, steps, timestamps] = [next(), next(), next()];
    const values = new Float64Array(fromBytes(body.subarray(at)));
    const length = values.length;
    return {
      head: this.headOf(head),
      points: { steps: unpackColumn(steps, length), timestamps: unpackColumn(timestamps, length), values },
    };
  }

  private headOf(bytes: Buffer): SheetHead {
    if (this.last?.bytes.equals(bytes)) return this.last.head;
    const { keys, subjects, datasetVersionIds, counts } = JSON.parse(bytes.toString()) as StoredHead;
    const head: SheetHead = {
      series: keys.map((key, index) => ({
        key,
        subject: subjects?.[index] ?? '',
        datasetVersionId: datasetVersionIds?.[index] ?? null,
      })),
      counts: counts ?? keys.map(() => 1),
    };
    this.last = { bytes, head };
    return head;
  }
}

/** The series of a sheet, each by itself, without a copy. */
export function seriesIn({ head, points }: Sheet): readonly SeriesColumns[] {
  let row = 0;
  return head.series.map((series, index) => {
    const start = row;
    row += head.counts[index] as number;
    return { ...series, ...sliceColumns(points, start, row) };
  });
}

function lengthOf(part: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(part.length);
  return length;
}

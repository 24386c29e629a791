import { fromBytes, pick, type PointColumns } from './metric-columns';
import { unpackColumn } from './packed-column';

export const FIRST_SEQ = 'coalesce(c.first_seq, c.seq)';

/** Points of one series as they are stored: those of one call or of more, see `metric.entity.ts`. */
export interface StoredChunk {
  /** 0: plain; 1: packed. */
  readonly format: number;
  /** The calls of its points: from the first to the last. */
  readonly firstSeq: bigint;
  readonly seq: bigint;
  /** The call of each point, packed; null where all are of one. */
  readonly seqs: Buffer | null;
  readonly steps: Buffer;
  readonly values: Buffer;
  readonly timestamps: Buffer;
}

/** A stretch of a run: the calls after one, up to and with another. */
export interface Calls {
  readonly after: bigint;
  readonly upTo: bigint;
}

/** How new chunks are stored. */
export const PACKED = 1;

export const pointsOf = ({ values }: { readonly values: Buffer }): number =>
  values.length / Float64Array.BYTES_PER_ELEMENT;

/** All its points, as they stand in it. */
export function unpackChunk(chunk: StoredChunk): PointColumns {
  const values = new Float64Array(fromBytes(chunk.values));
  const column = (bytes: Buffer) =>
    chunk.format === PACKED ? unpackColumn(bytes, values.length) : new BigInt64Array(fromBytes(bytes));
  return { steps: column(chunk.steps), values, timestamps: column(chunk.timestamps) };
}

/** The call of each of its points. */
export function seqsOf(chunk: StoredChunk): BigInt64Array {
  const count = pointsOf(chunk);
  return chunk.seqs === null ? new BigInt64Array(count).fill(chunk.seq) : unpackColumn(chunk.seqs, count);
}

/** Those of its points that these calls logged: a reader may stand in the middle of a chunk that was joined since. */
export function unpackCalls(chunk: StoredChunk, { after, upTo }: Calls): PointColumns {
  const points = unpackChunk(chunk);
  if (chunk.firstSeq > after && chunk.seq <= upTo) return points;
  const seqs = seqsOf(chunk);
  const rows: number[] = [];
  seqs.forEach((seq, row) => {
    if (seq > after && seq <= upTo) rows.push(row);
  });
  return pick(points, Uint32Array.from(rows));
}

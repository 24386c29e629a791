import { concatColumns, orderOf, pick, toBytes } from './metric-columns';
import { packColumn } from './packed-column';
import { encodeBuckets } from './stored-buckets';
import { pointsOf, seqsOf, unpackChunk, type StoredChunk } from './stored-chunk';

/** A chunk of so many points stays as it is for ever: some 200 kB, which is read and written in some milliseconds. */
export const FULL_POINTS = 16_384;
/**
 * Chunks of a series that are left alone: a reader reads them in no time, and joining fewer would be done too often.
 */
export const LOOSE_CHUNKS = 64;

/** A chunk that is not full, by its last call. */
export interface LooseChunk {
  readonly seq: bigint;
  readonly pointCount: number;
}

/**
 * Which neighbours are to be joined next: from the oldest on as many as fill a chunk; else, where there are many, the
 * newest, together with older ones that are no larger than all of these. So a point is written again about as often as
 * the size of a full chunk can be halved down to that of a call, at most.
 *
 * @param loose all that come after the last full chunk, or their beginning, in order
 * @returns none where there is nothing to be done
 */
export function chunksToJoin(loose: readonly LooseChunk[]): readonly LooseChunk[] {
  let points = 0;
  const filling = loose.findIndex(({ pointCount }) => (points += pointCount) >= FULL_POINTS);
  if (filling >= 0) return loose.slice(0, filling + 1);
  if (loose.length < LOOSE_CHUNKS) return [];
  let start = loose.length - 1;
  let joined = (loose[start] as LooseChunk).pointCount;
  while (start > 0 && (loose[start - 1] as LooseChunk).pointCount <= joined) {
    start -= 1;
    joined += (loose[start] as LooseChunk).pointCount;
  }
  // The newest may be the largest: then the small ones before it are joined with it all the same.
  return start < loose.length - 1 ? loose.slice(start) : loose;
}

/** Everything that is stored of a chunk, but for whose it is. */
export interface JoinedChunk extends StoredChunk {
  readonly pointCount: number;
  readonly minStep: bigint;
  readonly maxStep: bigint;
  readonly coarse: Buffer | null;
  readonly fine: Buffer | null;
}

/**
 * One chunk of several that follow each other: the same points, in order of step, then timestamp, then arrival, each
 * with its call. A full one gets what charts need of it.
 */
export function joinChunks(chunks: readonly StoredChunk[], format: number): JoinedChunk {
  const arrived = concatColumns(chunks.map(unpackChunk));
  const calls = callsOf(chunks);
  const order = orderOf(arrived);
  const points = order === null ? arrived : pick(arrived, order);
  const isFull = points.values.length >= FULL_POINTS;
  return {
    format,
    firstSeq: (chunks[0] as StoredChunk).firstSeq,
    seq: (chunks.at(-1) as StoredChunk).seq,
    seqs: Buffer.from(
      packColumn(order === null ? calls : calls.map((_, row) => calls[order[row] as number] as bigint)),
    ),
    pointCount: points.values.length,
    minStep: points.steps[0] as bigint,
    maxStep: points.steps.at(-1) as bigint,
    steps: Buffer.from(packColumn(points.steps)),
    values: toBytes(points.values),
    timestamps: Buffer.from(packColumn(points.timestamps)),
    coarse: isFull ? encodeBuckets(points, 'coarse') : null,
    fine: isFull ? encodeBuckets(points, 'fine') : null,
  };
}

function callsOf(chunks: readonly StoredChunk[]): BigInt64Array {
  const calls = new BigInt64Array(chunks.reduce((sum, chunk) => sum + pointsOf(chunk), 0));
  let row = 0;
  for (const chunk of chunks) {
    calls.set(seqsOf(chunk), row);
    row += pointsOf(chunk);
  }
  return calls;
}

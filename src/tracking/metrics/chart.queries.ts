import type { SqlRunner } from '../../kernel/database/sql';
import type { SeriesExtent } from './metric.queries';
import type { StepRange } from './step-range';
import type { BucketLevel } from './stored-buckets';
import { type StoredChunk, FIRST_SEQ } from './stored-chunk';

/** What a chart needs to know of a chunk before anything of it is read. */
export interface ChunkHead {
  readonly seq: bigint;
  readonly pointCount: number;
  /** Whether it has buckets, and all its points are wanted. */
  readonly hasBuckets: boolean;
}

const IS_OF_SERIES = 'c.run_id = $1 AND c.key = $2 AND c.subject = $3';

/** Reads of one series. */
export class ChartQueries {
  constructor(private readonly sql: SqlRunner) {}

  /** The chunks that may have points of these steps, in order of arrival. */
  async heads(
    { runId, key, subject, upTo }: SeriesExtent,
    { fromStep, toStep }: StepRange,
    limit: number,
  ): Promise<readonly ChunkHead[]> {
    const rows = await this.sql.query<Omit<ChunkHead, 'seq'> & { readonly seq: string }>(
      `/* tracking.chunkHeads */ SELECT c.seq, c.point_count AS "pointCount", (c.coarse IS NOT NULL AND c.seq <= $4
         AND ($5::bigint IS NULL OR c.min_step >= $5) AND ($6::bigint IS NULL OR c.max_step <= $6)) AS "hasBuckets"
       FROM metric_chunk c WHERE ${IS_OF_SERIES} AND ${FIRST_SEQ} <= $4
         AND ($5::bigint IS NULL OR c.max_step IS NULL OR c.max_step >= $5)
         AND ($6::bigint IS NULL OR c.min_step IS NULL OR c.min_step <= $6)
       ORDER BY c.seq LIMIT $7`,
      [runId, key, subject, upTo, fromStep, toStep, limit],
      { prepareAs: 'tracking.chunkHeads' },
    );
    return rows.map((row) => ({ ...row, seq: BigInt(row.seq) }));
  }

  /** The buckets of full chunks, by their calls. */
  async buckets(
    { runId, key, subject }: SeriesExtent,
    level: BucketLevel,
    seqs: readonly bigint[],
  ): Promise<ReadonlyMap<bigint, Buffer>> {
    const rows = await this.sql.query<{ seq: string; buckets: Buffer }>(
      `/* tracking.chunkBuckets */ SELECT c.seq, c.${level} AS buckets FROM metric_chunk c
       WHERE ${IS_OF_SERIES} AND c.seq = ANY($4::bigint[]) AND c.${level} IS NOT NULL`,
      [runId, key, subject, seqs],
    );
    return new Map(rows.map(({ seq, buckets }) => [BigInt(seq), buckets]));
  }

  async chunks(
    { runId, key, subject }: SeriesExtent,
    seqs: readonly bigint[],
  ): Promise<readonly StoredChunk[]> {
    const rows = await this.sql.query<StoredChunk>(
      `/* tracking.chartChunks */ SELECT c.format, c.seq, ${FIRST_SEQ} AS "firstSeq", c.seqs, c.steps, c."values",
         c.timestamps
       FROM metric_chunk c WHERE ${IS_OF_SERIES} AND c.seq = ANY($4::bigint[]) ORDER BY c.seq`,
      [runId, key, subject, seqs],
      { prepareAs: 'tracking.chartChunks' },
    );
    return rows.map((row) => ({ ...row, seq: BigInt(row.seq), firstSeq: BigInt(row.firstSeq) }));
  }
}

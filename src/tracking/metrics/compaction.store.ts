import type { SqlRunner, Transaction } from '../../kernel/database/sql';
import { FULL_POINTS, LOOSE_CHUNKS, type JoinedChunk, type LooseChunk } from './join-chunks';
import type { RunId } from '../run';
import { type StoredChunk, FIRST_SEQ } from './stored-chunk';

export interface SeriesName {
  readonly runId: RunId;
  readonly key: string;
  readonly subject: string;
}

/** Any number, the same for ever: it names our lock among a database's advisory locks. */
const COMPACTION_LOCK = 4_715_062_206;
const IS_OF_SERIES = 'c.run_id = $1 AND c.key = $2 AND c.subject = $3';

/** Joins the chunks of a series. All but `candidates` inside one transaction, which begins with `hold`. */
export class CompactionStore {
  /** Series that may have something to join, in order, beginning after one of them; null: with the first. */
  candidates(sql: SqlRunner, after: SeriesName | null, limit: number): Promise<SeriesName[]> {
    return sql.query<SeriesName>(
      `/* tracking.compactionCandidates */ SELECT run_id AS "runId", key, subject FROM metric_series
       WHERE (loose_chunks >= $1 OR (loose_chunks > 0 AND point_count >= $2))
         AND ($3::uuid IS NULL OR (run_id, key, subject) > ($3, $4, $5))
       ORDER BY run_id, key, subject LIMIT $6`,
      [LOOSE_CHUNKS, FULL_POINTS, after?.runId ?? null, after?.key ?? '', after?.subject ?? '', limit],
    );
  }

  /**
   * Keeps other servers from joining anything, and the run from being deleted, until the transaction ends; calls that
   * log to it go on. Gives the last call whose chunk is full; `busy` where another server joins.
   */
  async hold(tx: Transaction, { runId, key, subject }: SeriesName): Promise<bigint | 'busy' | 'gone'> {
    const [row] = await tx.query<{ isOurs: boolean; fullSeq: string }>(
      `/* tracking.holdSeries */ SELECT pg_try_advisory_xact_lock($4) AS "isOurs", s.full_seq AS "fullSeq"
       FROM run r JOIN metric_series s ON s.run_id = r.id AND s.key = $2 AND s.subject = $3
       WHERE r.id = $1 FOR KEY SHARE OF r`,
      [runId, key, subject, COMPACTION_LOCK],
    );
    if (!row) return 'gone';
    return row.isOurs ? BigInt(row.fullSeq) : 'busy';
  }

  /** The oldest chunks after the last full one, by their calls. */
  async loose(tx: Transaction, name: SeriesName, fullSeq: bigint, limit: number): Promise<LooseChunk[]> {
    const rows = await tx.query<{ seq: string; pointCount: number }>(
      `/* tracking.looseChunks */ SELECT c.seq, c.point_count AS "pointCount" FROM metric_chunk c
       WHERE ${IS_OF_SERIES} AND c.seq > $4 ORDER BY c.seq LIMIT $5`,
      [name.runId, name.key, name.subject, fullSeq, limit],
    );
    return rows.map(({ seq, pointCount }) => ({ seq: BigInt(seq), pointCount }));
  }

  /** Takes these chunks out, from the first to the last call. */
  async take(tx: Transaction, name: SeriesName, first: bigint, last: bigint): Promise<StoredChunk[]> {
    const rows = await tx.query<StoredChunk>(
      `/* tracking.takeChunks */ WITH c AS (
         DELETE FROM metric_chunk c WHERE ${IS_OF_SERIES} AND c.seq BETWEEN $4 AND $5 RETURNING *
       )
       SELECT c.format, c.seq, ${FIRST_SEQ} AS "firstSeq", c.seqs, c.steps, c."values", c.timestamps
       FROM c ORDER BY c.seq`,
      [name.runId, name.key, name.subject, first, last],
    );
    return rows.map((row) => ({ ...row, seq: BigInt(row.seq), firstSeq: BigInt(row.firstSeq) }));
  }

  /** @param taken how many chunks it stands for */
  async put(tx: Transaction, name: SeriesName, chunk: JoinedChunk, taken: number): Promise<void> {
    const isFull = chunk.coarse !== null;
    await tx.query(
      `/* tracking.putChunk */ WITH s AS (
         UPDATE metric_series SET loose_chunks = GREATEST(loose_chunks - $4, 0), full_seq = GREATEST(full_seq, $5)
         WHERE run_id = $1 AND key = $2 AND subject = $3 RETURNING project_id
       )
       INSERT INTO metric_chunk (run_id, key, subject, project_id, seq, first_seq, seqs, point_count, format, min_step,
         max_step, steps, "values", timestamps, coarse, fine)
       SELECT $1, $2, $3, s.project_id, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17 FROM s`,
      [
        ...[name.runId, name.key, name.subject, isFull ? taken : taken - 1, isFull ? chunk.seq : 0],
        ...[
          chunk.seq,
          chunk.firstSeq,
          chunk.seqs,
          chunk.pointCount,
          chunk.format,
          chunk.minStep,
          chunk.maxStep,
        ],
        ...[chunk.steps, chunk.values, chunk.timestamps, chunk.coarse, chunk.fine],
      ],
    );
  }

  /** The embedded database has nobody who would do it by itself. */
  async vacuum(sql: SqlRunner): Promise<void> {
    await sql.query('/* tracking.vacuumChunks */ VACUUM metric_chunk');
  }
}

import { doubleToJson } from '../kernel/double';
import type { Transaction } from '../kernel/sql';
import { toBytes, type MetricChunk } from './metric-columns';
import type { Sequenced } from './tracking.store';

const COMES_LAST = '(excluded.last_step, excluded.last_timestamp_ms) >= (s.last_step, s.last_timestamp_ms)';

/** Writes points: one statement for all chunks of a call, one for all summaries. */
export class MetricStore {
  async addChunks(tx: Transaction, { run, seq }: Sequenced, chunks: readonly MetricChunk[]): Promise<void> {
    await tx.query(
      `/* tracking.addChunks */
       INSERT INTO metric_chunk (run_id, seq, project_id, subject, key, point_count, steps, "values", timestamps)
       SELECT $1::uuid, $2::bigint, $3::uuid, '', chunk.* FROM unnest($4::text[], $5::int[], $6::bytea[], $7::bytea[], $8::bytea[]) AS chunk`,
      [
        run.id,
        seq,
        run.projectId,
        chunks.map(({ key }) => key),
        chunks.map(({ values }) => values.length),
        chunks.map(({ steps }) => toBytes(steps)),
        chunks.map(({ values }) => toBytes(values)),
        chunks.map(({ timestamps }) => toBytes(timestamps)),
      ],
    );
  }

  /**
   * Merges the chunks into the summaries of their series; what came last wins ties. Gives the number of series that
   * are new. LEAST and GREATEST pass over nulls.
   */
  async mergeSummaries(tx: Transaction, { run }: Sequenced, chunks: readonly MetricChunk[]): Promise<number> {
    const rows = await tx.query<{ isNew: boolean }>(
      `/* tracking.mergeSummaries */
       INSERT INTO metric_series AS s (run_id, project_id, subject, key, point_count,
         last_value, last_step, last_timestamp_ms, min, max)
       SELECT $1::uuid, $2::uuid, '', chunk.* FROM
         unnest($3::text[], $4::bigint[], $5::float8[], $6::bigint[], $7::bigint[], $8::float8[], $9::float8[]) AS chunk
       ON CONFLICT (run_id, key, subject) DO UPDATE SET
         point_count = s.point_count + excluded.point_count,
         last_value = CASE WHEN ${COMES_LAST} THEN excluded.last_value ELSE s.last_value END,
         last_step = CASE WHEN ${COMES_LAST} THEN excluded.last_step ELSE s.last_step END,
         last_timestamp_ms = CASE WHEN ${COMES_LAST} THEN excluded.last_timestamp_ms ELSE s.last_timestamp_ms END,
         min = LEAST(s.min, excluded.min),
         max = GREATEST(s.max, excluded.max)
       RETURNING xmax = 0 AS "isNew"`,
      [
        run.id,
        run.projectId,
        chunks.map(({ key }) => key),
        chunks.map(({ values }) => values.length),
        chunks.map(({ last }) => doubleText(last.value)),
        chunks.map(({ last }) => String(last.step)),
        chunks.map(({ last }) => String(last.timestampMs)),
        chunks.map(({ min }) => doubleText(min)),
        chunks.map(({ max }) => doubleText(max)),
      ],
    );
    return rows.filter(({ isNew }) => isNew).length;
  }

  async countSeries(tx: Transaction, { run }: Sequenced): Promise<number> {
    const [row] = await tx.query<{ count: string }>(
      '/* tracking.countSeries */ SELECT count(*) AS count FROM metric_series WHERE run_id = $1',
      [run.id],
    );
    return Number(row?.count);
  }
}

/** The driver's own text of -0 is “0”. */
const doubleText = (value: number | null) => (value === null ? null : String(doubleToJson(value)));

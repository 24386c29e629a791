import type { SqlRunner, Transaction } from '../kernel/sql';
import type { LatencyRow, WidthS } from './latency-row';

export class MonitoringStore {
  /** One statement. Rows that are there already, since an answer of the database was lost, stay as they are. */
  async addRows(tx: Transaction, rows: readonly LatencyRow[]): Promise<void> {
    const column = <Key extends keyof LatencyRow>(key: Key) => rows.map((row) => row[key]);
    await tx.query(
      `/* monitoring.addRows */ INSERT INTO latency_window (endpoint_id, width_s, window_start, writer_id, variant,
         version_id, project_id, weight, shadow, requests, errors, batched, batch_sizes, total_ms, queue_ms, compute_ms)
       SELECT endpoint_id, width_s, to_timestamp(start_s), writer_id, variant, version_id, project_id, weight, shadow,
         requests, errors, batched, batch_sizes, total_ms, queue_ms, compute_ms
       FROM unnest($1::uuid[], $2::smallint[], $3::float8[], $4::uuid[], $5::text[], $6::uuid[], $7::uuid[],
         $8::float8[], $9::boolean[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bytea[],
         $15::bytea[], $16::bytea[])
         AS added (endpoint_id, width_s, start_s, writer_id, variant, version_id, project_id, weight, shadow,
           requests, errors, batched, batch_sizes, total_ms, queue_ms, compute_ms)
       ON CONFLICT DO NOTHING`,
      [
        column('endpointId'),
        column('widthS'),
        column('startS'),
        column('writerId'),
        column('variant'),
        column('versionId'),
        column('projectId'),
        column('weight'),
        column('shadow'),
        column('requests'),
        column('errors'),
        column('batched'),
        column('batchSizes'),
        column('total'),
        column('queue'),
        column('compute'),
      ],
    );
  }

  /** Deletes at most `limit` rows of windows that began before `beforeS`; how many there were. */
  async removeRows(sql: SqlRunner, widthS: WidthS, beforeS: number, limit: number): Promise<number> {
    const [row] = await sql.query<{ removed: number }>(
      `/* monitoring.removeRows */ WITH old AS (
         SELECT ctid FROM latency_window WHERE width_s = $1 AND window_start < to_timestamp($2::float8) LIMIT $3
       ), removed AS (DELETE FROM latency_window USING old WHERE latency_window.ctid = old.ctid RETURNING 1)
       SELECT count(*)::integer AS removed FROM removed`,
      [widthS, beforeS, limit],
    );
    return row?.removed ?? 0;
  }
}

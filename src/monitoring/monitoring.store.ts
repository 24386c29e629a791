import type { SqlRunner, Transaction } from '../kernel/database/sql';
import type { LatencyRow, WidthS } from './latency-row';
import type { DifferenceRow } from './shadow-differences';

export class MonitoringStore {
  /** One statement. Rows that are there already, since an answer of the database was lost, stay as they are. */
  async addRows(tx: Transaction, rows: readonly LatencyRow[]): Promise<void> {
    const column = <Key extends keyof LatencyRow>(key: Key) => rows.map((row) => row[key]);
    await tx.query(
      `/* monitoring.addRows */ INSERT INTO latency_window (endpoint_id, width_s, window_start, writer_id, variant,
         version_id, project_id, weight, shadow, requests, errors, batched, batch_sizes, total_ms, queue_ms, compute_ms,
         door, parse_ms, encode_ms, batch_rows, failures, busy_ms, paid_ms, ran_on,
         closed, accelerator_busy_ms, accelerator_paid_ms, remote_ms)
       SELECT endpoint_id, width_s, to_timestamp(start_s), writer_id, variant, version_id, project_id, weight, shadow,
         requests, errors, batched, batch_sizes, total_ms, queue_ms, compute_ms,
         door, parse_ms, encode_ms, batch_rows, failures::jsonb, busy_ms, paid_ms, ran_on::jsonb,
         closed::jsonb, accelerator_busy_ms, accelerator_paid_ms, remote_ms
       FROM unnest($1::uuid[], $2::smallint[], $3::float8[], $4::uuid[], $5::text[], $6::uuid[], $7::uuid[],
         $8::float8[], $9::boolean[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bytea[],
         $15::bytea[], $16::bytea[], $17::text[], $18::bytea[], $19::bytea[], $20::bytea[], $21::text[],
         $22::float8[], $23::float8[], $24::text[], $25::text[],
         $26::float8[], $27::float8[], $28::float8[])
         AS added (endpoint_id, width_s, start_s, writer_id, variant, version_id, project_id, weight, shadow,
           requests, errors, batched, batch_sizes, total_ms, queue_ms, compute_ms,
           door, parse_ms, encode_ms, batch_rows, failures, busy_ms, paid_ms, ran_on, closed,
           accelerator_busy_ms, accelerator_paid_ms, remote_ms)
       ON CONFLICT DO NOTHING`,
      [
        column('askedId'),
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
        column('door'),
        column('parse'),
        column('encode'),
        column('batchRows'),
        asJson(column('failures')),
        rows.map(({ spent }) => spent.processor.busyMs),
        rows.map(({ spent }) => spent.processor.paidMs),
        asJson(column('ranOn')),
        asJson(column('closed')),
        rows.map(({ spent }) => spent.accelerator.busyMs),
        rows.map(({ spent }) => spent.accelerator.paidMs),
        rows.map(({ spent }) => spent.remote.busyMs),
      ],
    );
  }

  /** As `addRows`, for what shadows have answered. */
  async addDifferences(sql: SqlRunner, rows: readonly DifferenceRow[]): Promise<void> {
    const column = <Key extends keyof DifferenceRow>(key: Key) => rows.map((row) => row[key]);
    await sql.query(
      `/* monitoring.addDifferences */ INSERT INTO shadow_difference (endpoint_id, window_start, writer_id, variant,
         version_id, live_variant, live_version_id, project_id, compared, disagreed, dropped, value_count, abs_difference)
       SELECT endpoint_id, to_timestamp(start_s), writer_id, variant, version_id, live_variant, live_version_id,
         project_id, compared, disagreed, dropped, value_count, abs_difference
       FROM unnest($1::uuid[], $2::float8[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::uuid[], $8::uuid[],
         $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::float8[])
         AS added (endpoint_id, start_s, writer_id, variant, version_id, live_variant, live_version_id, project_id,
           compared, disagreed, dropped, value_count, abs_difference)
       ON CONFLICT DO NOTHING`,
      [
        column('endpointId'),
        column('startS'),
        column('writerId'),
        column('variant'),
        column('versionId'),
        column('liveVariant'),
        column('liveVersionId'),
        column('projectId'),
        column('compared'),
        column('disagreed'),
        column('dropped'),
        column('values'),
        column('absDifference'),
      ],
    );
  }

  /** Deletes at most `limit` rows of minutes that began before `beforeS`; how many there were. */
  async removeDifferences(sql: SqlRunner, beforeS: number, limit: number): Promise<number> {
    const [row] = await sql.query<{ removed: number }>(
      `/* monitoring.removeDifferences */ WITH old AS (
         SELECT ctid FROM shadow_difference WHERE window_start < to_timestamp($1::float8) LIMIT $2
       ), removed AS (DELETE FROM shadow_difference USING old WHERE shadow_difference.ctid = old.ctid RETURNING 1)
       SELECT count(*)::integer AS removed FROM removed`,
      [beforeS, limit],
    );
    return row?.removed ?? 0;
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

/** In an array of texts, since arrays of jsonb are written by no driver. */
const asJson = (values: readonly unknown[]): readonly (string | null)[] =>
  values.map((value) => (value === null ? null : JSON.stringify(value)));

import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What is measured by door: stages, reasons, batch sizes, what it ran on, worker time. Earlier rows know none of it.
 */
export class MeasuredDoors1795000000015 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE latency_window
        ADD COLUMN door text NOT NULL DEFAULT '',
        ADD COLUMN parse_ms bytea,
        ADD COLUMN encode_ms bytea,
        ADD COLUMN batch_rows bytea,
        ADD COLUMN failures jsonb,
        ADD COLUMN busy_ms double precision NOT NULL DEFAULT 0,
        ADD COLUMN paid_ms double precision NOT NULL DEFAULT 0,
        ADD COLUMN ran_on jsonb`);
    await runner.query(`
      ALTER TABLE latency_window
        DROP CONSTRAINT latency_window_pkey,
        ADD PRIMARY KEY (endpoint_id, width_s, window_start, writer_id, variant, version_id, door)`);
  }

  /** Rows that only their door told apart cannot be kept side by side: the measurements of a week are dropped. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DELETE FROM latency_window');
    await runner.query(`
      ALTER TABLE latency_window
        DROP CONSTRAINT latency_window_pkey,
        ADD PRIMARY KEY (endpoint_id, width_s, window_start, writer_id, variant, version_id)`);
    await runner.query(`
      ALTER TABLE latency_window
        DROP COLUMN door, DROP COLUMN parse_ms, DROP COLUMN encode_ms, DROP COLUMN batch_rows, DROP COLUMN failures,
        DROP COLUMN busy_ms, DROP COLUMN paid_ms, DROP COLUMN ran_on`);
  }
}

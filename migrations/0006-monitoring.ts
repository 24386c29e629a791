import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Monitoring1795000000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE latency_window (
        endpoint_id uuid NOT NULL,
        width_s smallint NOT NULL,
        window_start timestamptz NOT NULL,
        writer_id uuid NOT NULL,
        variant text NOT NULL,
        version_id uuid NOT NULL,
        project_id uuid NOT NULL,
        weight double precision NOT NULL,
        shadow boolean NOT NULL,
        requests bigint NOT NULL,
        errors bigint NOT NULL,
        batched bigint NOT NULL,
        batch_sizes bigint NOT NULL,
        total_ms bytea NOT NULL,
        queue_ms bytea NOT NULL,
        compute_ms bytea NOT NULL,
        PRIMARY KEY (endpoint_id, width_s, window_start, writer_id, variant, version_id)
      )`);
    await runner.query(
      'CREATE INDEX latency_window_width_s_window_start_idx ON latency_window (width_s, window_start)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE latency_window');
  }
}

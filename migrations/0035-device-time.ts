import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Time of accelerators and of other servers; null in rows of earlier servers, which had that of all workers in
 * `busy_ms`.
 */
export class DeviceTime1795000000035 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE latency_window ADD COLUMN accelerator_busy_ms float8,
         ADD COLUMN accelerator_paid_ms float8, ADD COLUMN remote_ms float8`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE latency_window DROP COLUMN accelerator_busy_ms, DROP COLUMN accelerator_paid_ms,
         DROP COLUMN remote_ms`,
    );
  }
}

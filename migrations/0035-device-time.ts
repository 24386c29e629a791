import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Time of accelerators and of other servers; rows of earlier servers have that of all workers in `busy_ms`, `paid_ms`. */
export class DeviceTime1795000000035 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE latency_window ADD COLUMN accelerator_busy_ms float8 NOT NULL DEFAULT 0,
         ADD COLUMN accelerator_paid_ms float8 NOT NULL DEFAULT 0, ADD COLUMN remote_ms float8 NOT NULL DEFAULT 0`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE latency_window DROP COLUMN accelerator_busy_ms, DROP COLUMN accelerator_paid_ms,
         DROP COLUMN remote_ms`,
    );
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Why batches went off; null in rows of earlier servers. */
export class ClosedBatches1795000000034 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE latency_window ADD COLUMN closed jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE latency_window DROP COLUMN closed');
  }
}

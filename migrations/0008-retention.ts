import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Indexes by which old rows are found, and an end of a run that nobody reads: it is the run's last number. */
export class Retention1795000000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX event_created_at_idx ON event (created_at)');
    await runner.query('CREATE INDEX idempotency_key_created_at_idx ON idempotency_key (created_at)');
    await runner.query('ALTER TABLE run DROP COLUMN finished_seq');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE run ADD COLUMN finished_seq bigint');
    await runner.query("UPDATE run SET finished_seq = last_seq WHERE status <> 'RUNNING'");
    await runner.query('DROP INDEX idempotency_key_created_at_idx');
    await runner.query('DROP INDEX event_created_at_idx');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Experiments and runs that are deleted and may come back, and the place of a run's end among what it was told. */
export class RunLifecycle1795000000016 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE experiment
        ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
        ADD COLUMN deleted_at timestamptz`);
    await runner.query('UPDATE experiment SET updated_at = created_at');
    await runner.query('ALTER TABLE run ADD COLUMN deleted_at timestamptz, ADD COLUMN ended_seq bigint');
    await runner.query("UPDATE run SET ended_seq = last_seq WHERE status <> 'RUNNING'");
  }

  /** What was deleted is there again. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE run DROP COLUMN ended_seq, DROP COLUMN deleted_at');
    await runner.query('ALTER TABLE experiment DROP COLUMN deleted_at, DROP COLUMN updated_at');
  }
}

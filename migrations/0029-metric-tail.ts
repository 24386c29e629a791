import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Where calls that bring many series wait, a row each, until they are folded into chunks and summaries: a hundred calls
 * change the same thousand rows once.
 */
export class MetricTail1795000000029 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE run
        ADD COLUMN tail_after bigint,
        ADD COLUMN tail_calls integer NOT NULL DEFAULT 0,
        ADD COLUMN tail_points integer NOT NULL DEFAULT 0`);
    await runner.query('CREATE INDEX run_tail_idx ON run (project_id) WHERE tail_after IS NOT NULL');
    await runner.query(`
      CREATE TABLE metric_tail (
        run_id uuid NOT NULL,
        seq bigint NOT NULL,
        project_id uuid NOT NULL,
        point_count integer NOT NULL,
        body bytea NOT NULL,
        PRIMARY KEY (run_id, seq)
      )`);
    // Packed numbers do not get smaller by the database's compression; trying costs more than writing them.
    await runner.query('ALTER TABLE metric_tail ALTER COLUMN body SET STORAGE EXTERNAL');
  }

  /**
   * What waits cannot be unpacked here: its points are dropped. A server of this version folds all that is a second
   * old.
   */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE metric_tail');
    await runner.query('DROP INDEX run_tail_idx');
    await runner.query(
      'ALTER TABLE run DROP COLUMN tail_after, DROP COLUMN tail_calls, DROP COLUMN tail_points',
    );
  }
}

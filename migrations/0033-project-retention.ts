import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How long the experiments of a project keep their runs that have no rule of their own. A rule of an experiment that
 * says nothing is one from now on: it keeps everything, whatever the project's says. There are none from before.
 */
export class ProjectRetention1795000000033 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE project_retention (
        project_id uuid PRIMARY KEY,
        delete_after_days integer,
        delete_failed_after_days integer,
        purge_deleted_after_days integer,
        updated_at timestamptz NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE project_retention');
    await runner.query(`
      DELETE FROM experiment_retention WHERE delete_after_days IS NULL
        AND delete_failed_after_days IS NULL AND purge_deleted_after_days IS NULL`);
  }
}

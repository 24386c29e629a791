import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Columns by which the artifacts that something refers to are found. */
const REFERRING = [
  'run_artifact',
  'run_setup_file',
  'logged_model_artifact',
  'dataset_version',
  'model_version',
] as const;

/** What changes among an experiment's runs, what is to go for good and when, and which bytes nobody needs any more. */
export class Deletion1795000000024 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE experiment_feed (
        experiment_id uuid PRIMARY KEY CONSTRAINT experiment_feed_experiment_id_fkey REFERENCES experiment (id),
        project_id uuid NOT NULL,
        seq bigint NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE run_change (
        run_id uuid PRIMARY KEY,
        project_id uuid NOT NULL,
        experiment_id uuid NOT NULL CONSTRAINT run_change_experiment_id_fkey REFERENCES experiment (id),
        seq bigint NOT NULL,
        started_seq bigint,
        status_seq bigint,
        name_seq bigint,
        lifecycle_seq bigint,
        purged_seq bigint
      )`);
    await runner.query(
      'CREATE INDEX run_change_experiment_id_seq_idx ON run_change (experiment_id, seq, run_id)',
    );
    await runner.query('ALTER TABLE experiment ADD COLUMN purge_asked_at timestamptz');
    await runner.query(
      'CREATE INDEX experiment_purge_asked_at_idx ON experiment (purge_asked_at) WHERE purge_asked_at IS NOT NULL',
    );
    await runner.query('CREATE INDEX run_model_logged_model_id_idx ON run_model (logged_model_id)');
    await runner.query(`
      CREATE INDEX run_deleted_at_idx ON run (project_id, deleted_at, id) WHERE deleted_at IS NOT NULL`);
    await runner.query(`
      CREATE TABLE experiment_retention (
        experiment_id uuid PRIMARY KEY CONSTRAINT experiment_retention_experiment_id_fkey REFERENCES experiment (id),
        project_id uuid NOT NULL,
        delete_after_days integer,
        delete_failed_after_days integer,
        purge_deleted_after_days integer,
        updated_at timestamptz NOT NULL
      )`);
    await runner.query('ALTER TABLE artifact ADD COLUMN used_at timestamptz NOT NULL DEFAULT now()');
    await runner.query('CREATE INDEX artifact_sha256_idx ON artifact (sha256)');
    for (const table of REFERRING)
      await runner.query(`CREATE INDEX ${table}_sha256_idx ON ${table} (sha256)`);
    await runner.query(
      'CREATE INDEX model_version_files_idx ON model_version USING gin (files jsonb_path_ops)',
    );
    await runner.query(`
      CREATE TABLE artifact_removal (
        sha256 char(64) PRIMARY KEY,
        project_id uuid NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        attempted_at timestamptz,
        done_at timestamptz
      )`);
  }

  /** What was being purged stays half as it is: nobody sees it any more. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE artifact_removal');
    await runner.query('DROP INDEX model_version_files_idx');
    for (const table of REFERRING) await runner.query(`DROP INDEX ${table}_sha256_idx`);
    await runner.query('DROP INDEX artifact_sha256_idx');
    await runner.query('ALTER TABLE artifact DROP COLUMN used_at');
    await runner.query('DROP TABLE experiment_retention');
    await runner.query('DROP INDEX run_deleted_at_idx');
    await runner.query('DROP INDEX run_model_logged_model_id_idx');
    await runner.query('ALTER TABLE experiment DROP COLUMN purge_asked_at');
    await runner.query('DROP TABLE run_change');
    await runner.query('DROP TABLE experiment_feed');
  }
}

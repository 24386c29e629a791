import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Models as runs log them, before anybody decides to trust one: files, params, tags, and what was measured of them. */
export class LoggedModels1795000000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE logged_model (
        id uuid PRIMARY KEY,
        project_id uuid NOT NULL,
        experiment_id uuid NOT NULL CONSTRAINT logged_model_experiment_id_fkey REFERENCES experiment (id),
        name text NOT NULL,
        model_type text,
        status text NOT NULL,
        source_run_id uuid CONSTRAINT logged_model_source_run_id_fkey REFERENCES run (id),
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        deleted_at timestamptz
      )`);
    await runner.query(
      'CREATE INDEX logged_model_experiment_id_idx ON logged_model (experiment_id, created_at, id)',
    );
    await runner.query('CREATE INDEX logged_model_source_run_id_idx ON logged_model (source_run_id)');
    for (const table of ['logged_model_param', 'logged_model_tag']) {
      await runner.query(`
        CREATE TABLE ${table} (
          logged_model_id uuid NOT NULL CONSTRAINT ${table}_logged_model_id_fkey REFERENCES logged_model (id),
          key text NOT NULL,
          project_id uuid NOT NULL,
          value text NOT NULL,
          PRIMARY KEY (logged_model_id, key)
        )`);
    }
    await runner.query(`
      CREATE TABLE logged_model_artifact (
        logged_model_id uuid NOT NULL CONSTRAINT logged_model_artifact_logged_model_id_fkey REFERENCES logged_model (id),
        path text NOT NULL,
        project_id uuid NOT NULL,
        sha256 char(64) NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (logged_model_id, path)
      )`);
    await runner.query(`
      CREATE TABLE logged_model_metric (
        logged_model_id uuid NOT NULL CONSTRAINT logged_model_metric_logged_model_id_fkey REFERENCES logged_model (id),
        run_id uuid NOT NULL CONSTRAINT logged_model_metric_run_id_fkey REFERENCES run (id),
        key text NOT NULL,
        dataset_name text NOT NULL,
        dataset_digest text NOT NULL,
        project_id uuid NOT NULL,
        value float8 NOT NULL,
        step bigint NOT NULL,
        timestamp_ms bigint NOT NULL,
        PRIMARY KEY (logged_model_id, run_id, key, dataset_name, dataset_digest)
      )`);
    await runner.query('CREATE INDEX logged_model_metric_run_id_idx ON logged_model_metric (run_id)');
    await runner.query(`
      CREATE TABLE run_model (
        run_id uuid NOT NULL CONSTRAINT run_model_run_id_fkey REFERENCES run (id),
        logged_model_id uuid NOT NULL CONSTRAINT run_model_logged_model_id_fkey REFERENCES logged_model (id),
        direction text NOT NULL,
        project_id uuid NOT NULL,
        step bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (run_id, logged_model_id, direction)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    const parts = ['metric', 'artifact', 'tag', 'param'].map((part) => `logged_model_${part}`);
    for (const table of ['run_model', ...parts, 'logged_model']) await runner.query(`DROP TABLE ${table}`);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Tracking1795000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE experiment (
        id uuid PRIMARY KEY,
        project_id uuid NOT NULL,
        name text NOT NULL,
        description text,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT experiment_project_id_name_key UNIQUE (project_id, name)
      )`);
    await runner.query(`
      CREATE TABLE experiment_tag (
        experiment_id uuid NOT NULL CONSTRAINT experiment_tag_experiment_id_fkey REFERENCES experiment (id),
        key text NOT NULL,
        project_id uuid NOT NULL,
        value text NOT NULL,
        PRIMARY KEY (experiment_id, key)
      )`);
    await runner.query(`
      CREATE TABLE run (
        id uuid PRIMARY KEY,
        project_id uuid NOT NULL,
        experiment_id uuid NOT NULL CONSTRAINT run_experiment_id_fkey REFERENCES experiment (id),
        name text NOT NULL,
        status text NOT NULL,
        started_at timestamptz NOT NULL,
        ended_at timestamptz,
        parent_run_id uuid CONSTRAINT run_parent_run_id_fkey REFERENCES run (id),
        source jsonb,
        last_seq bigint NOT NULL DEFAULT 0,
        finished_seq bigint
      )`);
    await runner.query('CREATE INDEX run_project_id_started_at_idx ON run (project_id, started_at, id)');
    await runner.query(
      'CREATE INDEX run_experiment_id_started_at_idx ON run (experiment_id, started_at, id)',
    );
    await runner.query('CREATE INDEX run_parent_run_id_idx ON run (parent_run_id)');
    for (const table of ['run_param', 'run_tag']) {
      await runner.query(`
        CREATE TABLE ${table} (
          run_id uuid NOT NULL CONSTRAINT ${table}_run_id_fkey REFERENCES run (id),
          key text NOT NULL,
          project_id uuid NOT NULL,
          value text NOT NULL,
          PRIMARY KEY (run_id, key)
        )`);
      await runner.query(`CREATE INDEX ${table}_key_idx ON ${table} (project_id, key)`);
    }
    await runner.query(`
      CREATE TABLE run_artifact (
        run_id uuid NOT NULL CONSTRAINT run_artifact_run_id_fkey REFERENCES run (id),
        path text NOT NULL,
        project_id uuid NOT NULL,
        sha256 char(64) NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (run_id, path)
      )`);
    await runner.query(`
      CREATE TABLE run_dataset (
        run_id uuid NOT NULL CONSTRAINT run_dataset_run_id_fkey REFERENCES run (id),
        dataset_version_id uuid NOT NULL,
        project_id uuid NOT NULL,
        context text NOT NULL DEFAULT '',
        PRIMARY KEY (run_id, dataset_version_id)
      )`);
    await runner.query(`
      CREATE TABLE metric_chunk (
        run_id uuid NOT NULL,
        key text NOT NULL,
        subject text NOT NULL,
        seq bigint NOT NULL,
        project_id uuid NOT NULL,
        point_count integer NOT NULL,
        steps bytea NOT NULL,
        "values" bytea NOT NULL,
        timestamps bytea NOT NULL,
        PRIMARY KEY (run_id, key, subject, seq)
      )`);
    await runner.query('CREATE INDEX metric_chunk_run_id_seq_idx ON metric_chunk (run_id, seq)');
    await runner.query(`
      CREATE TABLE metric_series (
        run_id uuid NOT NULL,
        key text NOT NULL,
        subject text NOT NULL,
        project_id uuid NOT NULL,
        dataset_version_id uuid,
        point_count bigint NOT NULL,
        last_value float8 NOT NULL,
        last_step bigint NOT NULL,
        last_timestamp_ms bigint NOT NULL,
        min float8,
        max float8,
        PRIMARY KEY (run_id, key, subject)
      )`);
    // Doubles do not get smaller by the database's compression; trying costs more than writing them.
    await runner.query('ALTER TABLE metric_chunk ALTER COLUMN "values" SET STORAGE EXTERNAL');
  }

  async down(runner: QueryRunner): Promise<void> {
    const tables = ['metric_series', 'metric_chunk', 'run_dataset', 'run_artifact', 'run_tag', 'run_param'];
    for (const table of [...tables, 'run', 'experiment_tag', 'experiment']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}

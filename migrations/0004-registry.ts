import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Registry1795000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE model (
        id uuid PRIMARY KEY,
        project_id uuid NOT NULL,
        name text NOT NULL,
        description text NOT NULL DEFAULT '',
        optimizing jsonb,
        limits jsonb NOT NULL DEFAULT '[]',
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT model_project_id_name_key UNIQUE (project_id, name)
      )`);
    await runner.query(`
      CREATE TABLE model_version (
        id uuid PRIMARY KEY,
        project_id uuid NOT NULL,
        model_id uuid NOT NULL CONSTRAINT model_version_model_id_fkey REFERENCES model (id),
        ordinal integer NOT NULL,
        major integer NOT NULL,
        minor integer NOT NULL,
        pipeline integer NOT NULL,
        sha256 char(64) NOT NULL,
        size_bytes bigint NOT NULL,
        signature jsonb NOT NULL,
        reason jsonb NOT NULL,
        run_id uuid,
        source jsonb,
        description text NOT NULL DEFAULT '',
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT model_version_model_id_ordinal_key UNIQUE (model_id, ordinal),
        CONSTRAINT model_version_model_id_number_key UNIQUE (model_id, major, minor, pipeline),
        CONSTRAINT model_version_model_id_sha256_key UNIQUE (model_id, sha256)
      )`);
    await runner.query('CREATE INDEX model_version_run_id_idx ON model_version (run_id)');
    await runner.query(`
      CREATE TABLE model_version_metric (
        version_id uuid NOT NULL CONSTRAINT model_version_metric_version_id_fkey REFERENCES model_version (id),
        position integer NOT NULL,
        project_id uuid NOT NULL,
        key text NOT NULL,
        value double precision NOT NULL,
        dataset_version_id uuid,
        dataset_ref text,
        PRIMARY KEY (version_id, position)
      )`);
    await runner.query(`
      CREATE TABLE model_version_dataset (
        version_id uuid NOT NULL CONSTRAINT model_version_dataset_version_id_fkey REFERENCES model_version (id),
        dataset_version_id uuid NOT NULL,
        project_id uuid NOT NULL,
        role text NOT NULL,
        PRIMARY KEY (version_id, dataset_version_id)
      )`);
    await runner.query(
      'CREATE INDEX model_version_dataset_dataset_version_id_idx ON model_version_dataset (dataset_version_id)',
    );
    await runner.query(`
      CREATE TABLE model_alias (
        id uuid PRIMARY KEY,
        project_id uuid NOT NULL,
        model_id uuid NOT NULL CONSTRAINT model_alias_model_id_fkey REFERENCES model (id),
        name text NOT NULL,
        version_id uuid NOT NULL CONSTRAINT model_alias_version_id_fkey REFERENCES model_version (id),
        revision integer NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT model_alias_model_id_name_key UNIQUE (model_id, name)
      )`);
    await runner.query('CREATE INDEX model_alias_version_id_idx ON model_alias (version_id)');
    await runner.query(`
      CREATE TABLE alias_move (
        alias_id uuid NOT NULL CONSTRAINT alias_move_alias_id_fkey REFERENCES model_alias (id),
        revision integer NOT NULL,
        project_id uuid NOT NULL,
        kind text NOT NULL,
        version_id uuid NOT NULL CONSTRAINT alias_move_version_id_fkey REFERENCES model_version (id),
        from_version_id uuid,
        returns_to integer,
        reason text,
        actor_name text NOT NULL,
        gates jsonb NOT NULL DEFAULT '[]',
        at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (alias_id, revision)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    const tables = [
      'alias_move',
      'model_alias',
      'model_version_dataset',
      'model_version_metric',
      'model_version',
      'model',
    ];
    for (const table of tables) await runner.query(`DROP TABLE ${table}`);
  }
}

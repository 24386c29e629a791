import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Datasets1795000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE dataset (
        id uuid PRIMARY KEY,
        project_id uuid NOT NULL,
        name text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT dataset_project_id_name_key UNIQUE (project_id, name)
      )`);
    await runner.query(`
      CREATE TABLE dataset_version (
        id uuid PRIMARY KEY,
        project_id uuid NOT NULL,
        dataset_id uuid NOT NULL CONSTRAINT dataset_version_dataset_id_fkey REFERENCES dataset (id),
        number integer NOT NULL,
        sha256 char(64),
        uri text,
        row_count bigint,
        target text,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT dataset_version_dataset_id_number_key UNIQUE (dataset_id, number),
        CONSTRAINT dataset_version_dataset_id_sha256_key UNIQUE (dataset_id, sha256)
      )`);
    await runner.query(`
      CREATE TABLE dataset_column (
        version_id uuid NOT NULL CONSTRAINT dataset_column_version_id_fkey REFERENCES dataset_version (id),
        position integer NOT NULL,
        project_id uuid NOT NULL,
        name text NOT NULL,
        datatype text NOT NULL,
        missing bigint NOT NULL,
        distinct_count bigint,
        min float8,
        max float8,
        mean float8,
        PRIMARY KEY (version_id, position)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['dataset_column', 'dataset_version', 'dataset']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}

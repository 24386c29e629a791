import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Serving1795000000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE endpoint (
        id uuid PRIMARY KEY,
        project_id uuid NOT NULL,
        name text NOT NULL,
        revision integer NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT endpoint_project_id_name_key UNIQUE (project_id, name)
      )`);
    await runner.query(`
      CREATE TABLE endpoint_variant (
        endpoint_id uuid NOT NULL CONSTRAINT endpoint_variant_endpoint_id_fkey REFERENCES endpoint (id) ON DELETE CASCADE,
        name text NOT NULL,
        project_id uuid NOT NULL,
        position integer NOT NULL,
        ref text NOT NULL,
        weight double precision NOT NULL,
        shadow boolean NOT NULL,
        PRIMARY KEY (endpoint_id, name)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE endpoint_variant');
    await runner.query('DROP TABLE endpoint');
  }
}

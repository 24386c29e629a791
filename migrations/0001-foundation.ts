import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Foundation1795000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE project (
        id uuid PRIMARY KEY,
        name text NOT NULL CONSTRAINT project_name_key UNIQUE,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE TABLE api_key (
        id uuid PRIMARY KEY,
        project_id uuid NOT NULL CONSTRAINT api_key_project_id_fkey REFERENCES project (id),
        name text NOT NULL,
        hash char(64) NOT NULL CONSTRAINT api_key_hash_key UNIQUE,
        role text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        revoked_at timestamptz
      )`);
    await runner.query(`
      CREATE TABLE artifact (
        project_id uuid NOT NULL,
        sha256 char(64) NOT NULL,
        size_bytes bigint NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (project_id, sha256)
      )`);
    await runner.query(`
      CREATE TABLE event (
        id uuid PRIMARY KEY,
        project_id uuid NOT NULL,
        topic text NOT NULL,
        type text NOT NULL,
        payload jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE TABLE idempotency_key (
        project_id uuid NOT NULL,
        operation text NOT NULL,
        key text NOT NULL,
        input_hash char(64) NOT NULL,
        reference text NOT NULL DEFAULT '',
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (project_id, operation, key)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['idempotency_key', 'event', 'artifact', 'api_key', 'project']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}

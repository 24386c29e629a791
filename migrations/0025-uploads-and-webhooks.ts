import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Artifacts that come in parts, and who is to be told of what happens. */
export class UploadsAndWebhooks1795000000025 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE artifact_upload (
        id uuid PRIMARY KEY,
        project_id uuid NOT NULL,
        place text NOT NULL,
        part_count integer NOT NULL,
        token_hash char(64) NOT NULL,
        sha256 char(64),
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query('CREATE INDEX artifact_upload_created_at_idx ON artifact_upload (created_at)');
    await runner.query('CREATE INDEX artifact_upload_project_id_idx ON artifact_upload (project_id)');
    await runner.query(`
      CREATE TABLE artifact_upload_part (
        upload_id uuid NOT NULL CONSTRAINT artifact_upload_part_upload_id_fkey REFERENCES artifact_upload (id),
        number integer NOT NULL,
        project_id uuid NOT NULL,
        draft_id uuid NOT NULL,
        sha256 char(64) NOT NULL,
        size_bytes bigint NOT NULL,
        PRIMARY KEY (upload_id, number)
      )`);
    await runner.query(`
      CREATE TABLE webhook (
        id uuid PRIMARY KEY,
        project_id uuid NOT NULL,
        name text NOT NULL,
        url text NOT NULL,
        events text[] NOT NULL,
        description text,
        status text NOT NULL,
        sealed_secret bytea,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
      )`);
    await runner.query('CREATE INDEX webhook_project_id_idx ON webhook (project_id, id)');
    await runner.query(`
      CREATE TABLE webhook_delivery (
        id uuid PRIMARY KEY,
        project_id uuid NOT NULL,
        webhook_id uuid NOT NULL CONSTRAINT webhook_delivery_webhook_id_fkey REFERENCES webhook (id),
        event text NOT NULL,
        body text NOT NULL,
        state text NOT NULL DEFAULT 'PENDING',
        attempts integer NOT NULL DEFAULT 0,
        due_at timestamptz DEFAULT now(),
        response_status integer,
        error text,
        created_at timestamptz NOT NULL DEFAULT now(),
        ended_at timestamptz
      )`);
    await runner.query('CREATE INDEX webhook_delivery_webhook_id_idx ON webhook_delivery (webhook_id, id)');
    await runner.query('CREATE INDEX webhook_delivery_created_at_idx ON webhook_delivery (created_at)');
    await runner.query(
      'CREATE INDEX webhook_delivery_due_at_idx ON webhook_delivery (due_at) WHERE due_at IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['webhook_delivery', 'webhook', 'artifact_upload_part', 'artifact_upload'])
      await runner.query(`DROP TABLE ${table}`);
  }
}

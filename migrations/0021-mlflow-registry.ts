import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Models and versions that change their words and go, aliases that are taken away, and versions that are bytes nobody
 * opens. The same bytes may be several versions: one of the doors makes a new one each time.
 */
export class MlflowRegistry1795000000021 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE model
        ADD COLUMN tags jsonb NOT NULL DEFAULT '{}',
        ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
        ADD COLUMN deleted_at timestamptz,
        DROP CONSTRAINT model_project_id_name_key`);
    await runner.query(`
      CREATE UNIQUE INDEX model_project_id_name_key ON model (project_id, name) WHERE deleted_at IS NULL`);
    await runner.query(`
      ALTER TABLE model_version
        ADD COLUMN format text NOT NULL DEFAULT 'ONNX',
        ADD COLUMN files jsonb,
        ADD COLUMN origin jsonb,
        ADD COLUMN tags jsonb NOT NULL DEFAULT '{}',
        ADD COLUMN stage text NOT NULL DEFAULT 'None',
        ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
        ADD COLUMN deleted_at timestamptz,
        DROP CONSTRAINT model_version_model_id_sha256_key`);
    await runner.query('CREATE INDEX model_version_model_id_sha256_idx ON model_version (model_id, sha256)');
    await runner.query('ALTER TABLE model_alias ADD COLUMN removed_at timestamptz');
    await runner.query('UPDATE model SET updated_at = created_at');
    await runner.query('UPDATE model_version SET updated_at = created_at');
  }

  /** Fails where names or bytes have been used again since: which of them were to go is not for a program to say. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE model_alias DROP COLUMN removed_at');
    await runner.query('DROP INDEX model_version_model_id_sha256_idx');
    await runner.query(`
      ALTER TABLE model_version
        DROP COLUMN deleted_at, DROP COLUMN updated_at, DROP COLUMN stage, DROP COLUMN tags,
        DROP COLUMN origin, DROP COLUMN files, DROP COLUMN format,
        ADD CONSTRAINT model_version_model_id_sha256_key UNIQUE (model_id, sha256)`);
    await runner.query('DROP INDEX model_project_id_name_key');
    await runner.query(`
      ALTER TABLE model
        DROP COLUMN deleted_at, DROP COLUMN updated_at, DROP COLUMN tags,
        ADD CONSTRAINT model_project_id_name_key UNIQUE (project_id, name)`);
  }
}

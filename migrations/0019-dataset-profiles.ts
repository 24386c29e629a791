import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What data looks like, how it is written, what people say of it, and what it is a part of. */
export class DatasetProfiles1795000000019 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE dataset_column
        ADD COLUMN source_type text,
        ADD COLUMN approximate_distinct bigint,
        ADD COLUMN stddev float8,
        ADD COLUMN profile jsonb`);
    await runner.query('UPDATE dataset_column SET approximate_distinct = distinct_count');
    await runner.query(`
      ALTER TABLE dataset_version
        ADD COLUMN format text,
        ADD COLUMN size_bytes bigint,
        ADD COLUMN declared_columns jsonb,
        ADD COLUMN description text`);
    // Until now only CSV was read, and a hash was only known of what was read.
    await runner.query(`
      UPDATE dataset_version v SET format = 'CSV', size_bytes = a.size_bytes
      FROM artifact a WHERE a.project_id = v.project_id AND a.sha256 = v.sha256`);
    await runner.query(`
      CREATE TABLE dataset_version_tag (
        version_id uuid NOT NULL CONSTRAINT dataset_version_tag_version_id_fkey REFERENCES dataset_version (id),
        key text NOT NULL,
        project_id uuid NOT NULL,
        value text NOT NULL,
        PRIMARY KEY (version_id, key)
      )`);
    await runner.query(`
      CREATE TABLE dataset_split (
        version_id uuid PRIMARY KEY CONSTRAINT dataset_split_version_id_fkey REFERENCES dataset_version (id),
        project_id uuid NOT NULL,
        parent_id uuid NOT NULL CONSTRAINT dataset_split_parent_id_fkey REFERENCES dataset_version (id),
        name text NOT NULL,
        fraction float8 NOT NULL,
        seed bigint NOT NULL,
        stratify_by text,
        group_by text
      )`);
    await runner.query('CREATE INDEX dataset_split_parent_id_idx ON dataset_split (parent_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE dataset_split');
    await runner.query('DROP TABLE dataset_version_tag');
    await runner.query(`
      ALTER TABLE dataset_version
        DROP COLUMN format, DROP COLUMN size_bytes, DROP COLUMN declared_columns, DROP COLUMN description`);
    await runner.query(`
      ALTER TABLE dataset_column
        DROP COLUMN source_type, DROP COLUMN approximate_distinct, DROP COLUMN stddev, DROP COLUMN profile`);
  }
}

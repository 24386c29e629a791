import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What clients say of the data that a run reads, in their own words, beside the version that it is here. */
export class RunInputs1795000000022 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE run_dataset
        ADD COLUMN name text,
        ADD COLUMN digest text,
        ADD COLUMN source_type text,
        ADD COLUMN source text,
        ADD COLUMN schema text,
        ADD COLUMN profile text,
        ADD COLUMN tags jsonb NOT NULL DEFAULT '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE run_dataset
        DROP COLUMN name, DROP COLUMN digest, DROP COLUMN source_type, DROP COLUMN source, DROP COLUMN schema,
        DROP COLUMN profile, DROP COLUMN tags`);
  }
}

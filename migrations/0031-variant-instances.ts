import type { MigrationInterface, QueryRunner } from 'typeorm';

/** On how many workers a variant's model is to be; null: on all of them. */
export class VariantInstances1795000000031 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE endpoint_variant ADD COLUMN instances int');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE endpoint_variant DROP COLUMN instances');
  }
}

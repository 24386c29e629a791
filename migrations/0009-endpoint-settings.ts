import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an endpoint says of batching, queueing and remembering; what it does not say is as it is by default. */
export class EndpointSettings1795000000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE endpoint ADD COLUMN settings jsonb NOT NULL DEFAULT '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE endpoint DROP COLUMN settings');
  }
}

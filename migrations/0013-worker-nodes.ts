import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Processes that run models for others, by which the others find them. */
export class WorkerNodes1795000000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE worker_node (
        id uuid PRIMARY KEY,
        address text NOT NULL,
        started_at timestamptz NOT NULL DEFAULT now(),
        heartbeat_at timestamptz NOT NULL DEFAULT now(),
        provider text,
        workers integer NOT NULL,
        budget_bytes bigint NOT NULL,
        used_bytes bigint NOT NULL,
        models jsonb NOT NULL
      )`);
    await runner.query('CREATE INDEX worker_node_heartbeat_at_idx ON worker_node (heartbeat_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE worker_node');
  }
}

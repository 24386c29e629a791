import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Lineage1795000000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE lineage_node (
        project_id uuid NOT NULL,
        key text NOT NULL,
        kind text NOT NULL,
        label text NOT NULL,
        PRIMARY KEY (project_id, key)
      )`);
    await runner.query(`
      CREATE TABLE lineage_edge (
        project_id uuid NOT NULL,
        from_key text NOT NULL,
        to_key text NOT NULL,
        label text NOT NULL,
        PRIMARY KEY (project_id, from_key, to_key, label)
      )`);
    await runner.query(
      'CREATE INDEX lineage_edge_project_id_to_key_idx ON lineage_edge (project_id, to_key)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE lineage_edge');
    await runner.query('DROP TABLE lineage_node');
  }
}

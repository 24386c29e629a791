import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Questions that endpoints' caches have answered lately: they are asked again of a new version, or after a restart. */
export class PopularQuestions1795000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE popular_question (
        endpoint_id uuid NOT NULL,
        hash bytea NOT NULL,
        project_id uuid NOT NULL,
        hits double precision NOT NULL,
        hit_at timestamptz NOT NULL,
        question bytea NOT NULL,
        CONSTRAINT popular_question_pkey PRIMARY KEY (endpoint_id, hash),
        CONSTRAINT popular_question_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES endpoint ON DELETE CASCADE
      )`);
    await runner.query('CREATE INDEX popular_question_hit_at_idx ON popular_question (hit_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE popular_question');
  }
}

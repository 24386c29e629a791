import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rules and strategies of endpoints, what came of predictions, and how shadows' answers differ. */
export class Routing1795000000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE endpoint ADD COLUMN routing jsonb NOT NULL DEFAULT '{}'`);
    await runner.query(`
      CREATE TABLE prediction_key (
        project_id uuid PRIMARY KEY,
        secret bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE TABLE prediction_feedback (
        project_id uuid NOT NULL,
        prediction_id uuid NOT NULL,
        endpoint_id uuid NOT NULL,
        variant text NOT NULL,
        version_id uuid NOT NULL,
        by_rule boolean NOT NULL,
        reward double precision NOT NULL,
        truth jsonb,
        predicted_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (project_id, prediction_id)
      )`);
    await runner.query(
      'CREATE INDEX prediction_feedback_arm_idx ON prediction_feedback (endpoint_id, variant, version_id, by_rule, predicted_at)',
    );
    await runner.query('CREATE INDEX prediction_feedback_created_at_idx ON prediction_feedback (created_at)');
    await runner.query(`
      CREATE TABLE shadow_difference (
        endpoint_id uuid NOT NULL,
        window_start timestamptz NOT NULL,
        writer_id uuid NOT NULL,
        variant text NOT NULL,
        version_id uuid NOT NULL,
        live_variant text NOT NULL,
        live_version_id uuid NOT NULL,
        project_id uuid NOT NULL,
        compared bigint NOT NULL,
        disagreed bigint NOT NULL,
        dropped bigint NOT NULL,
        value_count bigint NOT NULL,
        abs_difference double precision NOT NULL,
        PRIMARY KEY (endpoint_id, window_start, writer_id, variant, version_id, live_variant, live_version_id)
      )`);
    await runner.query('CREATE INDEX shadow_difference_window_start_idx ON shadow_difference (window_start)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE shadow_difference');
    await runner.query('DROP TABLE prediction_feedback');
    await runner.query('DROP TABLE prediction_key');
    await runner.query('ALTER TABLE endpoint DROP COLUMN routing');
  }
}

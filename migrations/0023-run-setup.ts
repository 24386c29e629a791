import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Facts of the source that MLflow's clients have told by tags until now, by the tag's last part. */
const FACTS_OF_TAGS = [
  ['mlflow.source.git.repoURL', 'repository'],
  ['mlflow.source.git.commit', 'commit'],
  ['mlflow.source.git.branch', 'branch'],
  ['mlflow.source.name', 'entryPoint'],
  ['mlflow.source.type', 'type'],
] as const;
const VALUES = FACTS_OF_TAGS.map(([tag, fact]) => `('${tag}', '${fact}')`).join(', ');
/** Longest that an index takes with ease, in characters; a longer one is no commit, and stays a tag. */
const MAX_COMMIT_LENGTH = 255;

/** What a run was made with, so that it can be repeated. What MLflow's clients told by tags becomes the same facts. */
export class RunSetup1795000000023 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE run_setup (
        run_id uuid PRIMARY KEY CONSTRAINT run_setup_run_id_fkey REFERENCES run (id),
        project_id uuid NOT NULL,
        code jsonb NOT NULL DEFAULT '{}',
        environment jsonb NOT NULL DEFAULT '{}',
        seeds jsonb NOT NULL DEFAULT '{}'
      )`);
    await runner.query(`
      CREATE TABLE run_setup_file (
        run_id uuid NOT NULL CONSTRAINT run_setup_file_run_id_fkey REFERENCES run (id),
        role text NOT NULL,
        path text NOT NULL,
        project_id uuid NOT NULL,
        sha256 char(64) NOT NULL,
        PRIMARY KEY (run_id, role, path)
      )`);
    await runner.query(`
      UPDATE run SET source = coalesce(run.source, '{}') || told.facts
      FROM (
        SELECT t.run_id, jsonb_object_agg(f.fact, t.value) AS facts
        FROM run_tag t JOIN (VALUES ${VALUES}) AS f (tag, fact) ON f.tag = t.key
        WHERE f.fact <> 'commit' OR length(t.value) <= ${MAX_COMMIT_LENGTH} GROUP BY t.run_id
      ) told WHERE told.run_id = run.id`);
    await runner.query(`
      DELETE FROM run_tag t USING (VALUES ${VALUES}) AS f (tag, fact)
      WHERE f.tag = t.key AND (f.fact <> 'commit' OR length(t.value) <= ${MAX_COMMIT_LENGTH})`);
    await runner.query("CREATE INDEX run_commit_idx ON run (project_id, (source ->> 'commit'))");
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX run_commit_idx');
    await runner.query(`
      INSERT INTO run_tag (run_id, project_id, key, value)
      SELECT r.id, r.project_id, f.tag, r.source ->> f.fact
      FROM run r CROSS JOIN (VALUES ${VALUES}) AS f (tag, fact) WHERE r.source ->> f.fact IS NOT NULL
      ON CONFLICT DO NOTHING`);
    await runner.query('DROP TABLE run_setup_file');
    await runner.query('DROP TABLE run_setup');
  }
}

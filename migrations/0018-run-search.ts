import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Indexes that find runs by what they have, in its order. A value of a param or tag may have 6,000 characters, an entry
 * of an index not a third of that in bytes: the first 100 characters tell most apart.
 */
export class RunSearch1795000000018 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX metric_series_search_idx ON metric_series (project_id, key, last_value, run_id)
      WHERE subject = ''`);
    for (const table of ['run_param', 'run_tag']) {
      await runner.query(`
        CREATE INDEX ${table}_search_idx ON ${table} (project_id, key, left(value, 100) COLLATE "C", run_id)`);
      await runner.query(`DROP INDEX ${table}_key_idx`);
    }
    await runner.query(`
      CREATE INDEX run_tag_note_idx ON run_tag USING gin (to_tsvector('simple', value))
      WHERE key = 'mlflow.note.content'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX run_tag_note_idx');
    for (const table of ['run_param', 'run_tag']) {
      await runner.query(`CREATE INDEX ${table}_key_idx ON ${table} (project_id, key)`);
      await runner.query(`DROP INDEX ${table}_search_idx`);
    }
    await runner.query('DROP INDEX metric_series_search_idx');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Chunks that hold the points of many calls, packed, with what a chart needs of them; and more facts of a series. Old
 * chunks stay as they are until they are joined to others. Nothing is known of the mean of old points, nor where they
 * were smallest and largest: those facts stay null for their series.
 */
export class MetricStorage1795000000017 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE metric_chunk
        ADD COLUMN format smallint NOT NULL DEFAULT 0,
        ADD COLUMN first_seq bigint,
        ADD COLUMN seqs bytea,
        ADD COLUMN min_step bigint,
        ADD COLUMN max_step bigint,
        ADD COLUMN coarse bytea,
        ADD COLUMN fine bytea`);
    // Packed numbers do not get smaller by the database's compression; trying costs more than writing them.
    for (const column of ['steps', 'timestamps', 'seqs', 'coarse', 'fine'])
      await runner.query(`ALTER TABLE metric_chunk ALTER COLUMN ${column} SET STORAGE EXTERNAL`);
    await runner.query(`
      ALTER TABLE metric_series
        ADD COLUMN number_count bigint,
        ADD COLUMN scaled_sum double precision,
        ADD COLUMN min_step bigint,
        ADD COLUMN max_step bigint,
        ADD COLUMN loose_chunks integer NOT NULL DEFAULT 0,
        ADD COLUMN full_seq bigint NOT NULL DEFAULT 0`);
    // Every call changes its series' rows: with room on their page they need no new entry in an index.
    await runner.query('ALTER TABLE metric_series SET (fillfactor = 70)');
    await runner.query(`
      UPDATE metric_series s SET loose_chunks = c.chunks FROM (
        SELECT run_id, key, subject, count(*) AS chunks FROM metric_chunk GROUP BY run_id, key, subject
      ) c WHERE s.run_id = c.run_id AND s.key = c.key AND s.subject = c.subject`);
  }

  /** Points that are packed cannot be unpacked here: their chunks are dropped, with what was known of their series. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DELETE FROM metric_series s USING metric_chunk c
      WHERE c.format <> 0 AND s.run_id = c.run_id AND s.key = c.key AND s.subject = c.subject`);
    await runner.query('DELETE FROM metric_chunk WHERE format <> 0');
    await runner.query('ALTER TABLE metric_series RESET (fillfactor)');
    await runner.query(`
      ALTER TABLE metric_series
        DROP COLUMN number_count, DROP COLUMN scaled_sum, DROP COLUMN min_step, DROP COLUMN max_step,
        DROP COLUMN loose_chunks, DROP COLUMN full_seq`);
    for (const column of ['steps', 'timestamps'])
      await runner.query(`ALTER TABLE metric_chunk ALTER COLUMN ${column} SET STORAGE EXTENDED`);
    await runner.query(`
      ALTER TABLE metric_chunk
        DROP COLUMN format, DROP COLUMN first_seq, DROP COLUMN seqs, DROP COLUMN min_step, DROP COLUMN max_step,
        DROP COLUMN coarse, DROP COLUMN fine`);
  }
}

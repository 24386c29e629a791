import type { Client } from 'pg';

/** Runs of one statement: some seconds, and never too many for memory. */
const RUNS_PER_STATEMENT = 50_000;
const FIRST_START = '2026-01-01T00:00:00Z';

/** Ids that sort by age, as those of real runs do. */
const RUN_ID = `(lpad(to_hex(i), 12, '0') || '70008000' || lpad(to_hex(i), 12, '0'))::uuid`;

/** Indexes are made after the rows that are in them: that takes a quarter of the time. */
const INDEXES = `SELECT indexname AS name, indexdef AS definition FROM pg_indexes
  WHERE tablename IN ('metric_series', 'run_param', 'run_tag') AND indexname LIKE '%_idx'`;

/**
 * Fills the server's database with finished runs, a second apart, by statements of SQL: logging them would take an
 * hour. Each has five metrics (`m0` … uniform from 0 to 1), five params (`p0` … of ten values) and three tags (`t0` …).
 */
export async function insertRuns(client: Client, count: number): Promise<void> {
  await client.query('SELECT setseed(0.18)');
  const project = `(SELECT id FROM project WHERE name = 'default')`;
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO experiment (id, project_id, name) VALUES (gen_random_uuid(), ${project}, 'many') RETURNING id`,
  );
  const [experiment] = rows;
  if (!experiment) throw new Error('There is no experiment to put the runs into.');
  const indexes = (await client.query<{ name: string; definition: string }>(INDEXES)).rows;
  for (const { name } of indexes) await client.query(`DROP INDEX ${name}`);
  for (let first = 0; first < count; first += RUNS_PER_STATEMENT) {
    const each = `generate_series(${first}, ${Math.min(count, first + RUNS_PER_STATEMENT) - 1}) AS i`;
    await client.query(
      `INSERT INTO run (id, project_id, experiment_id, name, status, started_at, ended_at)
       SELECT ${RUN_ID}, ${project}, '${experiment.id}', 'run ' || i, 'FINISHED',
         '${FIRST_START}'::timestamptz + i * interval '1 second', '${FIRST_START}'::timestamptz + (i + 60) * interval '1 second'
       FROM ${each}`,
    );
    await client.query(
      `INSERT INTO metric_series (run_id, key, subject, project_id, point_count, last_value, last_step, last_timestamp_ms, min, max)
       SELECT ${RUN_ID}, 'm' || k, '', ${project}, 1, random(), 0, 0, 0, 1 FROM ${each}, generate_series(0, 4) AS k`,
    );
    for (const [table, prefix, keys] of [
      ['run_param', 'p', 5],
      ['run_tag', 't', 3],
    ] as const) {
      await client.query(
        `INSERT INTO ${table} (run_id, key, project_id, value)
         SELECT ${RUN_ID}, '${prefix}' || k, ${project}, floor(random() * 10)::int::text
         FROM ${each}, generate_series(0, ${keys - 1}) AS k`,
      );
    }
  }
  for (const { definition } of indexes) await client.query(definition);
}

import type { DataSource } from 'typeorm';
import { RunSetup1795000000023 } from '../../migrations/0023-run-setup';
import { DeviceTime1795000000035 } from '../../migrations/0035-device-time';
import { MIGRATIONS } from '../../migrations/all';
import { ENTITIES } from '../../src/entities';
import { createDataSource, migrate } from '../../src/kernel/database/data-source';
import type { ProjectId } from '../../src/kernel/ids';
import { MonitoringQueries } from '../../src/monitoring/monitoring.queries';
import { gridOf } from '../../src/monitoring/window-grid';
import type { EndpointId } from '../../src/serving/serving';
import { openTestDatabase } from '../support/test-database';

let dataSource: DataSource;
let close: () => Promise<void>;
beforeAll(async () => {
  const { connection, stop } = await openTestDatabase();
  dataSource = await createDataSource({
    connection,
    entities: ENTITIES,
    migrations: MIGRATIONS,
  }).initialize();
  close = async () => {
    await dataSource.destroy();
    await stop();
  };
});
afterAll(() => close());

/** What the schema builder would change, were it let. */
const differences = async () =>
  (await dataSource.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query);

test('entities and migrations agree', async () => {
  expect(await differences()).toEqual([]);
});

test('every migration can be taken back, and applied again', async () => {
  for (let count = 0; count < MIGRATIONS.length; count += 1)
    await dataSource.undoLastMigration({ transaction: 'each' });
  const tables = await dataSource.query<{ name: string }[]>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
  );
  expect(tables).toEqual([{ name: 'migration' }]);
  expect(await migrate(dataSource)).toHaveLength(MIGRATIONS.length);
  expect(await differences()).toEqual([]);
});

test('what MLflow’s clients told by tags becomes facts of the run, and tags again', async () => {
  const step = new RunSetup1795000000023();
  const runner = dataSource.createQueryRunner();
  const all = async () => ({
    tags: (await runner.query('SELECT key, value FROM run_tag ORDER BY key')) as unknown,
    runs: (await runner.query('SELECT source FROM run')) as unknown,
  });
  await runner.startTransaction();
  try {
    await step.down(runner);
    await runner.query(`
      WITH project AS (INSERT INTO project (id, name) VALUES (gen_random_uuid(), 'tags') RETURNING id),
        experiment AS (INSERT INTO experiment (id, project_id, name) SELECT gen_random_uuid(), id, 'e' FROM project RETURNING *),
        run AS (INSERT INTO run (id, project_id, experiment_id, name, status, started_at, source)
          SELECT gen_random_uuid(), project_id, id, 'r', 'FINISHED', now(), '{"commit": "a", "dirty": true}' FROM experiment RETURNING *)
      INSERT INTO run_tag (run_id, project_id, key, value) SELECT id, project_id, tag.key, tag.value FROM run,
        (VALUES ('mlflow.source.git.commit', 'b'), ('mlflow.source.git.branch', 'main'), ('team', 'x')) AS tag (key, value)`);
    const before = await all();
    await step.up(runner);
    expect(await all()).toEqual({
      tags: [{ key: 'team', value: 'x' }],
      runs: [{ source: { commit: 'b', branch: 'main', dirty: true } }],
    });
    await step.down(runner);
    expect((await all()).tags).toEqual(before.tags);
  } finally {
    await runner.rollbackTransaction();
    await runner.release();
  }
});

test('windows that were measured before device time was kept tell of none', async () => {
  const step = new DeviceTime1795000000035();
  const runner = dataSource.createQueryRunner();
  const none = Buffer.alloc(0);
  await runner.startTransaction();
  try {
    await step.down(runner);
    const [row] = (await runner.query(
      `INSERT INTO latency_window (endpoint_id, width_s, window_start, writer_id, variant, version_id, project_id,
         weight, shadow, requests, errors, batched, batch_sizes, total_ms, queue_ms, compute_ms, busy_ms)
       SELECT id, 1, to_timestamp(5), id, 'main', id, id, 1, false, 1, 0, 1, 1, $1, $1, $1, 7
       FROM (SELECT gen_random_uuid() AS id) AS one RETURNING endpoint_id AS id`,
      [none],
    )) as { readonly id: string }[];
    await step.up(runner);
    const sql = {
      query: <Row>(text: string, values: unknown[]) => runner.query(text, values) as Promise<Row[]>,
    };
    const grid = gridOf(0, 10_000, 1_000);
    const id = row?.id ?? '';
    const queries = new MonitoringQueries(sql);
    const read = await queries.rows(id as ProjectId, [{ askedId: id as EndpointId, grid }]);
    expect(read).toMatchObject([{ rows: [{ requests: 1, spent: null }], nextMs: null }]);
  } finally {
    await runner.rollbackTransaction();
    await runner.release();
  }
});

test('there is nothing to do the second time', async () => {
  expect(await migrate(dataSource)).toEqual([]);
});

test('every table but the project’s own and those of machines has a project', async () => {
  const rows = await dataSource.query<{ name: string }[]>(
    `SELECT table_name AS name FROM information_schema.tables t WHERE table_schema = 'public' AND NOT EXISTS (
       SELECT 1 FROM information_schema.columns c
       WHERE c.table_name = t.table_name AND c.column_name = 'project_id' AND c.is_nullable = 'NO')`,
  );
  expect(rows.map(({ name }) => name).sort()).toEqual(['migration', 'project', 'worker_node']);
});

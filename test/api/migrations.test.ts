import type { DataSource } from 'typeorm';
import { MIGRATIONS } from '../../migrations/all';
import { ENTITIES } from '../../src/entities';
import { createDataSource, migrate } from '../../src/kernel/data-source';
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

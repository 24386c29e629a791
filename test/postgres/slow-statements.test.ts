import { ENTITIES } from '../../src/entities';
import { createDataSource } from '../../src/kernel/database/data-source';
import { Database } from '../../src/kernel/database/database';
import { openTestDatabase } from '../support/test-database';

test('a statement whose time is over is UNAVAILABLE, and its connection serves on', async () => {
  const { connection, stop } = await openTestDatabase();
  const dataSource = createDataSource({ connection, entities: ENTITIES, migrations: [] });
  const database = new Database(dataSource, 'postgres');
  await database.open();
  const connectionOf = () => database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const before = await connectionOf();
  const slow = database.transaction(async (tx) => {
    await tx.query('SET LOCAL statement_timeout = 20');
    await tx.query('SELECT pg_sleep(60)');
  });
  await expect(slow).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('took the database longer than 5 s'),
    facts: { retryable: true },
    cause: expect.objectContaining({ code: '57014' }),
  });
  expect(await connectionOf()).toEqual(before);
  expect(await database.query(`SHOW statement_timeout`)).toEqual([{ statement_timeout: '5s' }]);
  await database.stop();
  await stop();
});

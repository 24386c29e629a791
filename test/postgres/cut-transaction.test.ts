import { Client } from 'pg';
import { createDataSource } from '../../src/kernel/database/data-source';
import { Database } from '../../src/kernel/database/database';
import type { Transaction } from '../../src/kernel/database/sql';
import { openTestDatabase } from '../support/test-database';

let database: Database;
let administrator: Client;
let drop: () => Promise<void>;
beforeAll(async () => {
  const { connection, stop } = await openTestDatabase();
  drop = stop;
  if (!('url' in connection)) throw new Error('These tests need a server.');
  database = new Database(createDataSource({ connection, entities: [], migrations: [] }), 'postgres');
  await database.open();
  administrator = new Client({ connectionString: connection.url });
  await administrator.connect();
});
afterAll(async () => {
  await administrator.end();
  await database.stop();
  await drop();
});

/** As a fail-over does it, while no statement runs; returns when the pool has noticed. */
async function cutOff(tx: Transaction): Promise<void> {
  const [mine] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await administrator.query('SELECT pg_terminate_backend($1, 5000)', [mine?.pid]);
  while (database.connections().used > 0) await new Promise(setImmediate);
}

const isThere = () =>
  database.ping().then(
    () => true,
    () => false,
  );

test.each([
  ['the next statement', (tx: Transaction) => tx.query('SELECT 1')],
  ['the commit', () => Promise.resolve()],
  ['the rollback', () => Promise.reject(new Error('The work has failed.'))],
])('where a connection is cut inside of a transaction, %s finds the database away', async (_, goOn) => {
  const cut = database.transaction(async (tx) => {
    await cutOff(tx);
    await goOn(tx);
  });
  await expect(cut).rejects.toMatchObject({ code: 'UNAVAILABLE', facts: { retryable: true } });
  while (!(await isThere()));
  expect(await database.transaction((tx) => tx.query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
});

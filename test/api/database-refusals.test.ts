import { ENTITIES } from '../../src/entities';
import { createDataSource } from '../../src/kernel/database/data-source';
import { Database } from '../../src/kernel/database/database';
import type { SqlRunner } from '../../src/kernel/database/sql';
import { TEST_ENGINE } from '../support/template-database';
import { openTestDatabase } from '../support/test-database';

let database: Database;
let close: () => Promise<void>;
beforeAll(async () => {
  const { connection, stop } = await openTestDatabase();
  database = new Database(createDataSource({ connection, entities: ENTITIES, migrations: [] }), TEST_ENGINE);
  await database.open();
  close = async () => {
    await database.stop();
    await stop();
  };
});
afterAll(() => close());

const failWith = (sql: SqlRunner, code: string) =>
  sql.query(`DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '${code}'; END $$`);

test.each([
  ['57014', 'longer than 5 s'],
  ['40P01', 'Nothing was kept'],
  ['40001', 'Nothing was kept'],
  ['53100', 'short of disk space'],
])('%s is UNAVAILABLE for this call, and for no other', async (code, sentence) => {
  const refusal = {
    code: 'UNAVAILABLE',
    message: expect.stringContaining(sentence),
    facts: { retryable: true },
  };
  await expect(failWith(database, code)).rejects.toMatchObject(refusal);
  await database.ping();
  const insert = `INSERT INTO project (id, name) VALUES (gen_random_uuid(), 'half')`;
  await expect(
    database.transaction(async (tx) => {
      await tx.query(insert);
      await failWith(tx, code);
    }),
  ).rejects.toMatchObject(refusal);
  expect(await database.query(`SELECT FROM project WHERE name = 'half'`)).toEqual([]);
});

test('a statement that is wrong stays what it is: our mistake', async () => {
  await expect(database.query('SELECT nothing FROM nowhere')).rejects.toThrow('nowhere');
  await database.ping();
});

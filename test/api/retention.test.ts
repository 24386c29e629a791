import { ENTITIES } from '../../src/entities';
import { createDataSource } from '../../src/kernel/database/data-source';
import { Database } from '../../src/kernel/database/database';
import { claimKey, rememberResult, type IdempotentRequest } from '../../src/kernel/idempotency';
import { newId, type ProjectId } from '../../src/kernel/ids';
import { createLogger } from '../../src/kernel/logger';
import { Retention } from '../../src/kernel/retention';
import { TEST_ENGINE } from '../support/template-database';
import { openTestDatabase } from '../support/test-database';

const PROJECT = newId<'project'>() as ProjectId;
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

const request = (key: string): IdempotentRequest => ({
  projectId: PROJECT,
  operation: 'test',
  key,
  input: 1,
});
const useKey = (key: string) =>
  database.transaction(async (tx) => {
    const claim = await claimKey(tx, request(key));
    if (claim.kind === 'first') await rememberResult(tx, request(key), 'what was made');
    return claim;
  });
const addEvents = (count: number, age: string) =>
  database.query(
    `INSERT INTO event (id, project_id, topic, type, payload, created_at)
     SELECT gen_random_uuid(), $1, $3::text, 'tested', '{}', now() - $3::text::interval FROM generate_series(1, $2)`,
    [PROJECT, count, age],
  );
const eventsLeft = async () =>
  (await database.query<{ topic: string }>('SELECT DISTINCT topic FROM event')).map(({ topic }) => topic);

test('servers that delete at the same time delete what is old, and nothing else', async () => {
  await addEvents(4_500, '7 days 1 minute');
  await addEvents(2, '6 days 23 hours');
  const servers = [1, 2, 3].map(() => new Retention(database, createLogger('silent')));
  await Promise.all(servers.map((server) => server.pass()));
  await servers[0]?.pass(); // rows that another server held were passed over
  expect(await eventsLeft()).toEqual(['6 days 23 hours']);
});

test('a key is replayed for a day, and then it is as if it had never been used', async () => {
  const retention = new Retention(database, createLogger('silent'));
  const grow = (age: string) =>
    database.query('UPDATE idempotency_key SET created_at = now() - $1::interval', [age]);
  expect(await useKey('k')).toEqual({ kind: 'first' });
  await grow('23 hours 59 minutes');
  await retention.pass();
  expect(await useKey('k')).toEqual({ kind: 'replay', reference: 'what was made' });
  await grow('24 hours 1 minute');
  await retention.pass();
  expect(await useKey('k')).toEqual({ kind: 'first' });
});

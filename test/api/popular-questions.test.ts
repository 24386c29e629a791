import { ENTITIES } from '../../src/entities';
import { createDataSource } from '../../src/kernel/database/data-source';
import { Database } from '../../src/kernel/database/database';
import { newId } from '../../src/kernel/ids';
import type { EndpointId } from '../../src/serving/endpoints/endpoint';
import { PopularStore } from '../../src/serving/cache/cache-popular.store';
import { openTestDatabase } from '../support/test-database';

const store = new PopularStore();
let database: Database;
let close: () => Promise<void>;
let endpointId: EndpointId;
beforeAll(async () => {
  const { connection, stop } = await openTestDatabase();
  const dataSource = createDataSource({ connection, entities: ENTITIES, migrations: [] });
  database = new Database(dataSource, 'url' in connection ? 'postgres' : 'embedded');
  await database.open();
  close = async () => {
    await database.stop();
    await stop();
  };
});
afterAll(() => close());
beforeEach(async () => {
  endpointId = newId();
  await database.query('INSERT INTO endpoint (id, project_id, name, revision) VALUES ($1, $2, $3, 1)', [
    endpointId,
    newId(),
    endpointId,
  ]);
});

const question = (name: string, hits: number, sizeBytes = 1) => ({
  ...{ hash: Buffer.from(name), hits },
  bytes: Buffer.concat([Buffer.from(name), Buffer.alloc(sizeBytes)]),
});
const kept = async (limit = 1_000) =>
  (await store.mostPopular(database, endpointId, limit)).map((bytes) =>
    bytes.toString().replaceAll('\0', ''),
  );
const grewOld = (name: string, hours: number) =>
  database.query(
    'UPDATE popular_question SET hit_at = hit_at - make_interval(hours => $1) WHERE endpoint_id = $2 AND hash = $3',
    [hours, endpointId, Buffer.from(name)],
  );

test('the most popular come first, and hits of several processes add up', async () => {
  await store.add(database, endpointId, [question('a', 5), question('b', 4)]);
  await store.add(database, endpointId, [question('b', 4), question('c', 1)]);
  expect(await kept()).toEqual(['b', 'a', 'c']);
  expect(await kept(1)).toEqual(['b']);
});

test('hits fade: half as many after eight hours', async () => {
  await store.add(database, endpointId, [question('yesterday', 10), question('now', 6)]);
  expect(await kept()).toEqual(['yesterday', 'now']);
  await grewOld('yesterday', 8);
  expect(await kept()).toEqual(['now', 'yesterday']);
  await store.add(database, endpointId, [question('yesterday', 2)]);
  expect(await kept()).toEqual(['yesterday', 'now']);
});

test('what did not come again for a day is gone', async () => {
  await store.add(database, endpointId, [question('a', 1), question('old', 100)]);
  await grewOld('old', 25);
  expect(await kept()).toEqual(['a']);
  await store.removeOld(database);
  const rows = await database.query('SELECT FROM popular_question WHERE endpoint_id = $1', [endpointId]);
  expect(rows).toHaveLength(1);
});

test('a thousand are kept, and of large ones as many as 16 MiB hold', async () => {
  const many = Array.from({ length: 700 }, (_, index) => question(`small ${index}`, 1));
  await store.add(database, endpointId, many);
  await store.add(
    database,
    endpointId,
    many.map(({ bytes, hits }) => ({ hash: Buffer.concat([bytes, Buffer.from('2')]), hits, bytes })),
  );
  expect(await kept()).toHaveLength(1_000);
  const large = Array.from({ length: 18 }, (_, index) => question(`large ${index}`, 10 + index, 1024 ** 2));
  await store.add(database, endpointId, large);
  expect((await kept()).slice(0, 2)).toEqual(['large 17', 'large 16']);
  expect((await kept()).filter((name) => name.startsWith('large'))).toHaveLength(15);
});

test('of an endpoint that is gone nothing is kept', async () => {
  await store.add(database, endpointId, [question('a', 1)]);
  await database.query('DELETE FROM endpoint WHERE id = $1', [endpointId]);
  await store.add(database, endpointId, [question('b', 1)]);
  expect(await kept()).toEqual([]);
});

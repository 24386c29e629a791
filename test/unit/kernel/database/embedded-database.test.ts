import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { EmbeddedDatabase } from '../../../../src/kernel/database/embedded-database';

let folder: string;
let database: EmbeddedDatabase;
let client: Client;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelgraph-embedded-'));
  database = await EmbeddedDatabase.open(join(folder, 'database'));
  client = new Client({ stream: () => database.stream(), user: 'postgres', database: 'postgres' });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.stop();
  await rm(folder, { recursive: true });
});

test('an answer that comes in many parts is whole', async () => {
  const { rows } = await client.query<{ n: number }>('SELECT n FROM generate_series(1, 50000) AS n');
  expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 50_000 }, (_, at) => at + 1));
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { EmbeddedDatabase } from '../../../../src/kernel/database/embedded-database';
import { copyEmbeddedTemplate } from '../../../support/template-database';

const MEBIBYTE = 1024 ** 2;
const ANSWERS = 300;
/** Of the answers, 300 MiB in all, those that were not collected yet. */
const MAY_GROW_MIB = 120;

let folder: string;
let database: EmbeddedDatabase;
let client: Client;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelgraph-embedded-'));
  await copyEmbeddedTemplate(join(folder, 'database'));
  database = await EmbeddedDatabase.open(join(folder, 'database'));
  client = new Client({ stream: () => database.stream(), user: 'postgres', database: 'postgres' });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.stop();
  await rm(folder, { recursive: true });
});

const answer = async (): Promise<string> => {
  const { rows } = await client.query<{ text: string }>(`SELECT repeat('x', ${MEBIBYTE}) AS text`);
  return rows[0]?.text ?? '';
};

test('what was answered is not kept', async () => {
  for (let warm = 0; warm < 20; warm += 1) await answer();
  const before = process.memoryUsage.rss();
  for (let count = 0; count < ANSWERS; count += 1) expect(await answer()).toHaveLength(MEBIBYTE);
  expect((process.memoryUsage.rss() - before) / MEBIBYTE).toBeLessThan(MAY_GROW_MIB);
});

test('an answer that comes in many parts is whole', async () => {
  const { rows } = await client.query<{ n: number }>('SELECT n FROM generate_series(1, 50000) AS n');
  expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 50_000 }, (_, at) => at + 1));
});

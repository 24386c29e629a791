import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { EmbeddedDatabase } from '../../../../src/kernel/database/embedded-database';

const MEBIBYTE = 1024 ** 2;
/** Answers of a mebibyte, in each of three rounds. */
const ANSWERS = 150;
/** Between the first round and the last lie 150 MiB of answers at least. */
const MAY_GROW_MIB = 75;

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

const answer = async (): Promise<string> => {
  const { rows } = await client.query<{ text: string }>(`SELECT repeat('x', ${MEBIBYTE}) AS text`);
  return rows[0]?.text ?? '';
};

/** The least that the process takes while it is answered: what waits to be collected comes and goes. */
async function leastMebibytes(): Promise<number> {
  let least = Infinity;
  for (let count = 0; count < ANSWERS; count += 1) {
    expect(await answer()).toHaveLength(MEBIBYTE);
    least = Math.min(least, process.memoryUsage.rss() / MEBIBYTE);
  }
  return least;
}

test('what was answered is not kept', async () => {
  const first = await leastMebibytes();
  await leastMebibytes();
  expect((await leastMebibytes()) - first).toBeLessThan(MAY_GROW_MIB);
});

test('an answer that comes in many parts is whole', async () => {
  const { rows } = await client.query<{ n: number }>('SELECT n FROM generate_series(1, 50000) AS n');
  expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 50_000 }, (_, at) => at + 1));
});

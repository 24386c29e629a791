import { join } from 'node:path';
import { ENTITIES } from '../../src/entities';
import { createDataSource } from '../../src/kernel/database/data-source';
import { Database } from '../../src/kernel/database/database';
import { EmbeddedDatabase } from '../../src/kernel/database/embedded-database';
import { MetricWriter, POINTS_PER_CALL, stepsOf } from '../support/metric-writer';
import { ServerProcess } from '../support/server-process';
import { TrackingClient } from '../support/tracking-client';

/** Kills in one test: each costs a start of the server, a second or two. */
const ROUNDS = 3;
const KEYS = ['a', 'b', 'c', 'd'];
/** Calls of each series between two kills: so many that its chunks are joined meanwhile, again and again. */
const CALLS = 160;

let folder: string;
beforeAll(async () => (folder = await ServerProcess.newFolder()));
afterAll(() => ServerProcess.removeFolder(folder));

test('kill -9 while points come and chunks are joined: no acknowledged point is lost, none is doubled', async () => {
  let server = await ServerProcess.start(folder);
  const runId = await new TrackingClient(server).newRun();
  let kept = KEYS.map(() => 0);
  for (let round = 0; round < ROUNDS; round += 1) {
    const writers = KEYS.map((key, index) => new MetricWriter(server, runId, kept[index], key));
    // Not at the same moment of its work each time: some calls later in each round.
    await writers[0]?.reached((kept[0] ?? 0) + (CALLS + 17 * round) * POINTS_PER_CALL);
    await server.kill();
    const acknowledged = await Promise.all(writers.map(({ ended }) => ended));
    server = await ServerProcess.start(folder);
    const steps: readonly number[][] = await Promise.all(KEYS.map((key) => stepsOf(server, runId, key)));
    steps.forEach((ofKey, index) => {
      expect(ofKey).toEqual(Array.from({ length: ofKey.length }, (_, step) => step)); // each once
      expect(ofKey.length % POINTS_PER_CALL).toBe(0); // all points of a call or none
      expect(ofKey.length).toBeGreaterThanOrEqual(acknowledged[index] ?? Infinity);
    });
    kept = steps.map(({ length }) => length);
    const counts = (await new TrackingClient(server).facts(runId)) as readonly { readonly count: number }[];
    expect(counts.map(({ count }) => count)).toEqual(kept);
  }
  await server.kill('SIGTERM');
  const chunks = await chunksIn(folder);
  const calls = kept.reduce((sum, points) => sum + points, 0) / POINTS_PER_CALL;
  expect(chunks).toBeLessThan(calls / 2); // they were joined while all this went on
});

async function chunksIn(store: string): Promise<number> {
  const embedded = await EmbeddedDatabase.open(join(store, 'database'));
  const connection = { stream: () => embedded.stream() };
  const database = new Database(
    createDataSource({ connection, entities: ENTITIES, migrations: [] }),
    'embedded',
  );
  await database.open();
  const [row] = await database.query<{ chunks: number }>('SELECT count(*)::int AS chunks FROM metric_chunk');
  await database.stop();
  await embedded.stop();
  return row?.chunks ?? NaN;
}

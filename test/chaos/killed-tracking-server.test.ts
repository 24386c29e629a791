import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRun } from '../../src/client/client';
import { freePort } from '../support/free-port';
import { stepsOf } from '../support/metric-writer';
import { ServerProcess } from '../support/server-process';

let folder: string;
let spool: string;
beforeAll(async () => {
  folder = await ServerProcess.newFolder();
  spool = await mkdtemp(join(tmpdir(), 'modelgraph-spool-'));
});
afterAll(async () => {
  await ServerProcess.removeFolder(folder);
  await rm(spool, { recursive: true });
});

/** Points of the run: as many as a series shows without leaving any out. */
const POINTS = 10_000;

test('a run goes on through kill -9 of its server, twice, and has every point once', async () => {
  const environment = { PORT: String(await freePort()) };
  let server = await ServerProcess.start(folder, environment);
  const heard: string[] = [];
  const run = await startRun({
    ...{ experiment: 'killed', url: server.url, key: server.key, spool, requestTimeoutMs: 5_000 },
    onWarning: ({ code }) => heard.push(code),
    onError: ({ code }) => heard.push(code),
  });
  let restarted: Promise<unknown> = Promise.resolve();
  for (let step = 0; step < POINTS; step += 1) {
    expect(run.log({ loss: 0.5 }, { step })).toBe(true);
    if (step % 50 === 49) await run.flush({ timeoutMs: 2 });
    if (step !== 3_000 && step !== 7_000) continue;
    await restarted;
    await run.flush({ timeoutMs: 1 }); // with a request under way
    const killed = server.kill();
    restarted = killed.then(async () => (server = await ServerProcess.start(folder, environment)));
  }
  await restarted;
  expect(await run.finish('FINISHED', { timeoutMs: 100_000 })).toMatchObject({
    ...{ delivered: true, refusedPoints: 0, refusedRequests: 0 },
  });
  expect(await stepsOf(server, run.id)).toEqual(Array.from({ length: POINTS }, (_, step) => step));
  expect(heard.filter((code) => code === 'SERVER_AWAY').length).toBeGreaterThan(0);
  await server.kill('SIGTERM');
});

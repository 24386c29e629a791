import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  attachRun,
  resumeSpool,
  sampleSystem,
  startRun,
  type ClientOptions,
  type StartRunOptions,
} from '../../src/client/client';
import { freePort } from '../support/free-port';
import { FreezableProxy } from '../support/freezable-proxy';
import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient, UNKNOWN_RUN } from '../support/tracking-client';
import { TrainingProcess } from '../support/training-process';

let server: TestServer;
let tracking: TrackingClient;
let folder: string;
let heard: string[] = [];
beforeAll(async () => {
  server = await startTestServer({ PORT: String(await freePort()) });
  tracking = new TrackingClient(server);
});
afterAll(() => server.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelgraph-client-'));
  heard = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const options = (): ClientOptions => ({
  ...{ url: server.url, key: server.key, spool: folder },
  onWarning: ({ code }) => heard.push(code),
  onError: ({ code }) => heard.push(code),
});
const start = (more: Partial<StartRunOptions> = {}) =>
  startRun({ experiment: 'client', capture: false, ...options(), ...more });
const stepsOf = async (runId: string, key = 'loss') =>
  ((await tracking.history(runId, [key], 10_000))[0]?.steps ?? []).map(Number);
const upTo = (count: number) => Array.from({ length: count }, (_, step) => step);
const statusOf = async (id: string) => {
  const query = 'query ($id: ID!) { run(id: $id) { status params { key value } tags { key value } } }';
  return (await server.data<{ run: object }>(query, { id })).run;
};

test('a run is started, told of and finished, and all of it is there', async () => {
  const run = await start({ name: 'first', params: { lr: 0.1, layers: 3n }, tags: { team: 'a' } });
  run.logParams({ seed: 7, shuffled: true });
  for (const step of upTo(100)) run.log({ loss: 1 / (step + 1), accuracy: step / 100 }, { step });
  expect(await run.finish()).toMatchObject({ delivered: true, pendingBytes: 0 });
  expect(await stepsOf(run.id)).toEqual(upTo(100));
  expect(await statusOf(run.id)).toEqual({
    status: 'FINISHED',
    params: [
      { key: 'layers', value: '3' },
      { key: 'lr', value: '0.1' },
      { key: 'seed', value: '7' },
      { key: 'shuffled', value: 'true' },
    ],
    tags: [{ key: 'team', value: 'a' }],
  });
  expect(readdirSync(folder)).toEqual([]);
  expect(heard).toEqual([]);
});

test('every bit of a value and of a step comes back, and the time is when it was logged', async () => {
  const run = await start();
  const values = [NaN, Infinity, -Infinity, -0, 5e-324, 0.1];
  values.forEach((value, index) =>
    run.log({ exact: value }, { step: 2n ** 63n - 10n + BigInt(index), timestamp: new Date(index) }),
  );
  await run.finish();
  const [series] = await tracking.history(run.id, ['exact']);
  expect(series?.values).toEqual(['NaN', 'Infinity', '-Infinity', '-0', 5e-324, 0.1]);
  expect(series?.steps).toEqual(values.map((_, index) => String(2n ** 63n - 10n + BigInt(index))));
  expect(series?.timestamps).toEqual(values.map((_, index) => new Date(index).toISOString()));
});

test('a server that goes away and comes back costs no point and doubles none', async () => {
  const run = await start();
  let restarted: Promise<void> | null = null;
  for (const step of upTo(10_000)) {
    run.log({ loss: step }, { step });
    if (step % 100 === 99) await run.flush({ timeoutMs: 5 }); // there are requests all the time
    if (step === 3_000) restarted = server.restart();
  }
  await restarted;
  expect(await run.finish('FINISHED', { timeoutMs: 60_000 })).toMatchObject({ delivered: true });
  expect(await stepsOf(run.id)).toEqual(upTo(10_000));
});

test('a training that is killed loses nothing that reached the disk, and nothing is there twice', async () => {
  const proxy = await FreezableProxy.to('127.0.0.1', Number(new URL(server.url).port));
  const url = `http://127.0.0.1:${proxy.port}`;
  const environment = { MODELGRAPH_URL: url, MODELGRAPH_KEY: server.key, FOLDER: folder };
  try {
    for (const [steps, isFrozen] of [
      [300, false],
      [1_500, true],
      [2_000, false],
    ] as const) {
      const training = await TrainingProcess.start(environment);
      await training.reached(isFrozen ? 500 : steps);
      if (isFrozen) proxy.freeze(); // connections stay, and nothing passes
      await training.reached(steps);
      await training.kill();
      proxy.thaw();
      const spool = join(folder, '.modelgraph', 'spool');
      const [report] = await resumeSpool(spool, { ...options(), url: server.url });
      expect(report).toMatchObject({ runId: training.runId, pendingBytes: 0, refusedRequests: 0 });
      const kept = await stepsOf(training.runId);
      expect(kept).toEqual(upTo(kept.length));
      expect(kept.length).toBeGreaterThan(training.lastStep);
      expect(readdirSync(spool)).toEqual([]);
    }
  } finally {
    proxy.close();
  }
});

test('a training that ends without a word to its run has told all that it logged', async () => {
  const environment = { MODELGRAPH_URL: server.url, MODELGRAPH_KEY: server.key, FOLDER: folder };
  const training = await TrainingProcess.start({ ...environment, STEPS: '150' });
  await training.ended;
  const spool = join(folder, '.modelgraph', 'spool');
  await resumeSpool(spool, options());
  expect(await stepsOf(training.runId)).toEqual(upTo(150));
  expect(await statusOf(training.runId)).toMatchObject({ status: 'RUNNING' });
});

test('a file is uploaded as it is, from the disk or from memory, an empty one too', async () => {
  const run = await start();
  const file = join(folder, 'weights.bin');
  const bytes = Buffer.alloc(3_000_000, 7);
  writeFileSync(file, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  expect(await run.logArtifact('model/weights.bin', file)).toEqual({ sha256, sizeBytes: bytes.length });
  expect(await run.logArtifact('again.bin', bytes)).toEqual({ sha256, sizeBytes: bytes.length });
  writeFileSync(file, '');
  expect(await run.logArtifact('empty', file)).toMatchObject({ sizeBytes: 0 });
  expect(await run.logArtifact('nothing', new Uint8Array())).toMatchObject({ sizeBytes: 0 });
  await expect(run.logArtifact('../up', bytes)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await expect(run.logArtifact('gone', join(folder, 'gone'))).rejects.toMatchObject({ code: 'BAD_INPUT' });
  await run.finish();
  const query = 'query ($id: ID!) { run(id: $id) { artifacts { path sizeBytes } } }';
  expect(await server.data(query, { id: run.id })).toEqual({
    run: {
      artifacts: [
        { path: 'again.bin', sizeBytes: 3_000_000 },
        { path: 'empty', sizeBytes: 0 },
        { path: 'model/weights.bin', sizeBytes: 3_000_000 },
        { path: 'nothing', sizeBytes: 0 },
      ],
    },
  });
});

test('a run that somebody else has ended takes nothing more: that is told, and what it refused is kept', async () => {
  const run = await start();
  await tracking.finishRun({ runId: run.id, status: 'KILLED' });
  run.log({ loss: 1 }, { step: 1 });
  expect(await run.finish()).toMatchObject({ delivered: true, refusedRequests: 2 });
  expect(heard).toEqual(['RUN_NOT_ACTIVE', 'RUN_NOT_ACTIVE']);
  expect(await statusOf(run.id)).toMatchObject({ status: 'KILLED' });
});

test('a run that ended as it should is no refusal when its end is told again', async () => {
  const run = await start();
  await tracking.finishRun({ runId: run.id, status: 'FINISHED' });
  expect(await run.finish()).toMatchObject({ delivered: true, refusedRequests: 0 });
  expect(heard).toEqual([]);
});

test('a key that may only read starts nothing, and says so', async () => {
  const { key } = await server.as('viewer');
  await expect(start({ key })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(start({ key: 'no' })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  await expect(start({ experiment: '' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await expect(attachRun({ ...options(), runId: UNKNOWN_RUN })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('several processes tell of one run', async () => {
  const first = await start();
  const second = await attachRun({ ...options(), runId: first.id });
  first.log({ loss: 1 }, { step: 0 });
  second.log({ loss: 1 }, { step: 1 });
  expect(await second.close()).toMatchObject({ delivered: true });
  expect(await statusOf(first.id)).toMatchObject({ status: 'RUNNING' });
  expect(await first.finish()).toMatchObject({ delivered: true });
  expect(await stepsOf(first.id)).toEqual([0, 1]);
});

test('a machine is sampled by the names of MLflow’s client, until the run ends', async () => {
  const run = await start();
  sampleSystem(run, { everyMs: 100 });
  const names = ['cpu_utilization_percentage', 'system_memory_usage_megabytes', 'disk_usage_percentage'];
  const keys = names.map((name) => `system/${name}`);
  const deadline = Date.now() + 20_000;
  let found: readonly { readonly key: string; readonly values: readonly unknown[] }[] = [];
  while ((found[0]?.values.length ?? 0) < 2 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    await run.flush();
    found = await tracking.history(run.id, keys);
  }
  await run.finish();
  expect(found.map(({ key }) => key)).toEqual(keys);
  const [percentage, memory, disk] = found.map(({ values }) => Number(values[0]));
  expect(percentage).toBeGreaterThanOrEqual(0);
  expect(percentage).toBeLessThanOrEqual(100);
  expect(memory).toBeGreaterThan(1);
  expect(disk).toBeGreaterThan(0);
  expect(disk).toBeLessThanOrEqual(100);
  expect(heard).toEqual([]); // no sample came after the end
});

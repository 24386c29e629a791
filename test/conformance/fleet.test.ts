import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ArtifactFolder } from '../../src/kernel/artifacts/artifact-folder';
import type { Sha256 } from '../../src/kernel/artifacts/artifact';
import { workersOn } from '../../src/monitoring/spent-time';
import { createLogger } from '../../src/kernel/logger';
import type { Tensor } from '../../src/kernel/tensors/tensor';
import type { ModelFile } from '../../src/serving/execution/backend';
import { Batcher } from '../../src/serving/batching/batcher';
import { Fleet } from '../../src/serving/fleet/fleet';
import { readGpus } from '../../src/serving/gpu/gpu-reading';
import type { WorkerToken } from '../../src/serving/fleet/worker-token';
import { InvalidInput } from '../../src/serving/execution/invalid-input';
import { UNAVAILABLE_REASONS, WorkerUnavailable } from '../../src/serving/execution/worker-unavailable';
import { TWO_CARDS } from '../support/nvidia-smi';
import { ScriptedBackend } from '../support/scripted-backend';
import { until } from '../support/until';
import { openWorkerDoor, type WorkerDoor } from '../support/worker-door';

type Worker = WorkerDoor<ScriptedBackend>;

const TOKEN = 'a-token-of-a-test-only' as WorkerToken;
const LOGGER = createLogger('silent');
/** Far less than the time after which a call ends by itself, a minute. */
const SOON_MS = 20_000;
const NOBODY =
  'No worker is there at the moment. Why, workerLoad { workers { problem } undiscovered } tells.';
const LIMITS = { timeoutMs: 60_000 };
/** A deadline that no test waits for. */
const HOURS_MS = 10_000_000;
const BYTES = Buffer.from('a model');
const sha256 = createHash('sha256').update(BYTES).digest('hex') as Sha256;
const two: Tensor = { name: 'x', datatype: 'FP64', shape: [1, 2], data: new Float64Array([1, 2]) };

let folder: string;
let store: ArtifactFolder;
let file: ModelFile;
let workers: readonly [Worker, Worker];
let fleet: Fleet;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelgraph-fleet-'));
  store = await ArtifactFolder.open(folder);
  await store.write(sha256, Readable.from([BYTES]), 1_000);
  file = { sha256, path: (await store.lease(sha256)).path };
  workers = [await startWorker(), await startWorker()];
  fleet = await startFleet(TOKEN);
  fleet.lease([{ file, rows: 1 }]);
  await until(() => fleet.status().length === workers.length); // one that is slow to answer at first is asked again
});
afterEach(async () => {
  jest.restoreAllMocks();
  await fleet.stop();
  for (const { backend } of workers) for (const run of [...backend.runs]) run.finish();
  await Promise.all(workers.map(({ door }) => door.stop(0)));
  await rm(folder, { recursive: true, force: true });
});

const startWorker = (): Promise<Worker> => openWorkerDoor(new ScriptedBackend(sha256), store, TOKEN);

async function startFleet(token: WorkerToken): Promise<Fleet> {
  const find = () => Promise.resolve(workers.map(({ address }) => address));
  const started = new Fleet({ discovery: { find, everyMs: 60_000 }, token, logger: LOGGER });
  await started.start();
  return started;
}

/** The worker that was given the run, and the other one. */
async function taker(): Promise<readonly [Worker, Worker]> {
  const [one, other] = workers;
  await until(() => one.backend.runs.length + other.backend.runs.length > 0);
  return one.backend.runs.length > 0 ? [one, other] : [other, one];
}

/** Resolves when both workers have said anew how they are, twice: one is asked after the answer before is read. */
async function attendedAgain(): Promise<void> {
  const before = workers.map(({ backend }) => backend.attended);
  await until(() => workers.every(({ backend }, at) => backend.attended >= (before[at] ?? 0) + 3));
}

test('a run is answered with its tensors, where its time went at the worker, and what it ran on', async () => {
  const answer = fleet.run(file, [two], LIMITS);
  const [{ backend }] = await taker();
  expect(backend.runs[0]).toMatchObject({ file: { sha256 }, inputs: [two] });
  backend.waitedMs = 7.5;
  await backend.finishNext();
  expect(await answer).toEqual({
    outputs: [{ ...two, name: 'y', data: new Float64Array([2, 4]) }],
    computeMs: 1,
    waitedMs: 7.5,
    ranOn: { backend: 'onnx', provider: 'cpu' },
  });
});

test('a model of one instance is asked of one worker, which hears so; the other one lets go of it', async () => {
  const all = fleet.lane().idleCount(sha256);
  fleet.limit(new Map([[sha256, 1]]));
  expect(fleet.lane().idleCount(sha256)).toBe(all / 2);
  expect(fleet.lane().idleCount()).toBe(all);
  await until(() => workers.some(({ backend }) => !backend.isHolding));
  const home = () => workers.filter(({ backend }) => backend.isHolding);
  await until(() => home()[0]?.backend.limits.get(sha256) === 1);
  await attendedAgain();
  expect(home()).toHaveLength(1);
  for (let run = 0; run < 4; run++) {
    const answer = fleet.run(file, [two], LIMITS);
    const [{ backend }] = await taker();
    expect(backend).toBe(home()[0]?.backend);
    await backend.finishNext();
    await answer;
  }
});

test('each of several api processes bears its share of what a worker costs', async () => {
  const costs = (of: Fleet) => workersOn('processor', of.status());
  await until(() => costs(fleet) === workers.length);
  const other = await startFleet(TOKEN);
  await until(() => costs(fleet) + costs(other) === workers.length);
  await other.stop();
});

test('every reason that a worker gives arrives as it is, or is asked of the other worker', async () => {
  for (const reason of UNAVAILABLE_REASONS) {
    const answer = fleet.run(file, [two], LIMITS).catch((error: unknown) => error);
    const [{ backend }, other] = await taker();
    await backend.finishNext(new WorkerUnavailable(reason, `It is ${reason}: “ü”.`, 1_234));
    if (['stopped', 'busy', 'quarantined', 'memory', 'load-failed'].includes(reason)) {
      await other.backend.finishNext();
      expect(await answer).toMatchObject({ computeMs: 1 });
    } else
      expect(await answer).toMatchObject({
        ...{ name: 'WorkerUnavailable', reason, message: `It is ${reason}: “ü”.`, retryAfterMs: 1_234 },
      });
  }
});

test('a worker hears that a run is shared, and that it has met a death or the end of another worker', async () => {
  for (const terms of [
    { shared: true, suspect: false },
    { shared: false, suspect: true },
  ]) {
    const answer = fleet.run(file, [two], { ...LIMITS, ...terms });
    const [{ backend }] = await taker();
    expect(backend.runs[0]?.options).toMatchObject({ ...LIMITS, ...terms });
    await backend.finishNext();
    await answer;
  }
  const answer = fleet.run(file, [two], LIMITS);
  const [lost, other] = await taker();
  expect(lost.backend.runs[0]?.options.suspect).toBe(false);
  await lost.door.stop(0);
  await until(() => other.backend.runs.length > 0);
  expect(other.backend.runs[0]?.options.suspect).toBe(true);
  await other.backend.finishNext();
  await answer;
});

test('a run that nobody waits for any more is taken back from its worker, which is not lost by that', async () => {
  const batcher = new Batcher(fleet);
  const room = fleet.lane().idleCount();
  const gone = new AbortController();
  const left = batcher
    .submit({
      ...{ file, batchable: false, inputs: [two], deadlineAt: performance.now() + HOURS_MS },
      signal: gone.signal,
    })
    .catch((error: unknown) => error);
  const [{ backend }] = await taker();
  expect(fleet.lane().idleCount()).toBe(room - 1);
  const asked = backend.runs[0]?.options.signal;
  expect(asked?.aborted).toBe(false);
  const leftAt = performance.now();
  gone.abort();
  expect(await left).toMatchObject({ reason: 'cancelled' });
  await until(() => asked?.aborted === true);
  await until(() => fleet.lane().idleCount() === room);
  expect(performance.now() - leftAt).toBeLessThan(SOON_MS);
  expect(fleet.lost()).toEqual([]);
  await backend.finishNext();
  batcher.stop();
});

test('a worker that has too much to do says until when, from what its runs have taken', async () => {
  const [{ node }] = workers;
  const inputs = [{ name: 'x', datatype: 'FP64', shape: [1, 2], data: [1, 2] }];
  const terms = { ...LIMITS, shared: false, suspect: false };
  const { signal } = new AbortController();
  const ask = () =>
    node.run(sha256, { inputs, outputs: null, terms, signal }).catch((error: unknown) => error);
  const { backend } = workers[0];
  const [, ...others] = [ask(), ...Array.from({ length: 31 }, ask)];
  await until(() => backend.runs.length === 32);
  expect(await ask()).toMatchObject({ reason: 'busy', retryAfterMs: undefined }); // none has ended yet
  backend.runs[0]?.finish();
  const next = ask();
  await until(() => backend.runs.length === 32);
  expect(await ask()).toMatchObject({ reason: 'busy', retryAfterMs: 32 }); // of 1 ms each
  for (const run of [...backend.runs]) run.finish();
  await Promise.all([...others, next]);
});

test('values that a model refuses are refused as such, and nobody else is asked', async () => {
  const refused = fleet.run(file, [two], LIMITS).catch((error: unknown) => error);
  const [{ backend }, other] = await taker();
  await backend.finishNext(new InvalidInput('No NaN here.'));
  expect(await refused).toEqual(new InvalidInput('No NaN here.'));
  expect(other.backend.runs).toEqual([]);
});

test('a run whose connection breaks is asked of the other worker, and of nobody once both are lost', async () => {
  const answer = fleet.run(file, [two], LIMITS);
  const [lost, other] = await taker();
  await lost.door.stop(0);
  await other.backend.finishNext();
  expect(await answer).toMatchObject({ computeMs: 1 });
  const unanswered = fleet.run(file, [two], LIMITS).catch((error: unknown) => error);
  await until(() => other.backend.runs.length > 0);
  await other.door.stop(0);
  expect(await unanswered).toMatchObject({ name: 'WorkerUnavailable', reason: 'crashed' });
  expect(fleet.whyNot(sha256)).toBe(NOBODY);
});

test('where no worker is there, whoever waits and whoever comes is refused at once; one that is back answers', async () => {
  const batcher = new Batcher(fleet);
  const deadlineAt = performance.now() + HOURS_MS;
  const ask = () => batcher.submit({ file, batchable: false, inputs: [two], deadlineAt });
  const nobody = new WorkerUnavailable('crashed', NOBODY);
  const refusalOf = (answer: Promise<unknown>) => answer.catch((error: unknown) => error);
  // Busy, and not away: those that are too many wait.
  const room = fleet.lane().idleCount();
  const answers = Array.from({ length: room + 1 }, () => refusalOf(ask()));
  await until(() => workers.reduce((sum, { backend }) => sum + backend.runs.length, 0) === room);
  expect([fleet.lane().idleCount(), batcher.stats().queuedRows]).toEqual([0, 1]);
  await Promise.all(workers.map(({ door }) => door.stop(0)));
  for (const answer of answers) expect(await answer).toMatchObject({ reason: 'crashed' });
  expect(await answers.at(-1)).toEqual(nobody);
  expect(await refusalOf(ask())).toEqual(nobody);
  const [back] = workers;
  await back.open();
  await until(() => fleet.whyNot(sha256) === null);
  for (const run of [...back.backend.runs]) run.finish();
  const answer = ask();
  await back.backend.finishNext();
  expect(await answer).toMatchObject({ computeMs: 1 });
  batcher.stop();
});

test('a worker whose processes are being started again is waited for, unless it leaves', async () => {
  for (const { backend } of workers) backend.state = 'starting';
  await until(() => fleet.whyNot(sha256) !== null);
  expect(fleet.lane().idleCount()).toBe(0);
  for (const { node } of workers) node.leave();
  await until(() => fleet.lane().idleCount() === 1);
});

/** What people see of each worker. */
const seen = (of: Fleet) =>
  [...of.status(), ...of.lost()].map(({ id, node, state, models }) => ({ id, node, state, models }));

test('a worker that is lost is shown as down, with its number and node, until nobody expects it any more', async () => {
  const [one, other] = workers;
  let found = [one.address, other.address];
  const find = () => Promise.resolve(found);
  const watched = new Fleet({ discovery: { find, everyMs: 10 }, token: TOKEN, logger: LOGGER });
  await watched.start();
  await until(() => watched.status().length === 2);
  const [first, second] = watched.status();
  expect([first?.node, second?.node]).toEqual([one.address, other.address]);
  expect(first?.id).not.toBe(second?.id);
  await one.door.stop(0);
  await until(() => watched.status().length === 1);
  const idle = { id: second?.id, node: other.address, state: 'idle', models: [sha256] };
  expect(seen(watched)).toEqual([idle, { id: first?.id, node: one.address, state: 'down', models: [] }]);
  await one.open();
  await until(() => watched.lost().length === 0);
  expect(watched.status()[0]).toMatchObject({ id: first?.id, state: 'idle' });
  await one.door.stop(0);
  await until(() => watched.lost().length === 1);
  found = [other.address];
  await until(() => watched.lost().length === 0);
  expect(seen(watched)).toEqual([idle]);
  await watched.stop();
});

test('a worker that never answered is shown as down too; one that was found under two addresses once', async () => {
  const [{ address }] = workers;
  const find = () => Promise.resolve(['127.0.0.1:1', address, address.replace('127.0.0.1', 'localhost')]);
  const watched = new Fleet({ discovery: { find, everyMs: 60_000 }, token: TOKEN, logger: LOGGER });
  await watched.start();
  await until(() => watched.lost().length === 1);
  const problem = expect.stringMatching(
    /^It has not answered since 20.*Z\. Nothing listens at .*ECONNREFUSED/,
  );
  expect(watched.lost()).toMatchObject([{ node: '127.0.0.1:1', state: 'down', problem }]);
  expect(watched.status()).toMatchObject([{ node: address }]);
  await watched.stop();
});

test('the cards of a worker’s machine are told under its name, with its number, and read while somebody looks only', async () => {
  const [one, other] = workers;
  other.backend.cards = readGpus(TWO_CARDS).map((card) => ({
    ...card,
    workers: card.index === 0 ? [0] : [],
  }));
  await attendedAgain();
  expect([one.backend.looks, other.backend.looks]).toEqual([0, 0]);
  const id = fleet.status().find(({ node }) => node === other.address)?.id;
  const told = { node: other.address, name: 'NVIDIA H100 80GB HBM3', utilisation: 0.37, workers: [id] };
  expect(await fleet.gpus()).toMatchObject([told, { node: other.address, workers: [] }]);
  expect([one.backend.looks, other.backend.looks]).toEqual([1, 1]);
  await other.door.stop(0);
  expect(await fleet.gpus()).toEqual([]);
});

test('a run that fails after its time is not asked again', async () => {
  const late = fleet.run(file, [two], LIMITS).catch((error: unknown) => error);
  const [lost, other] = await taker();
  const { timeoutMs } = LIMITS;
  const nowMs = performance.now.bind(performance);
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs() + timeoutMs);
  await lost.door.stop(0);
  expect(await late).toMatchObject({ name: 'WorkerUnavailable' });
  expect(other.backend.runs).toEqual([]);
});

test('a worker that holds a model back is not asked for it; where all do, the caller hears why', async () => {
  const [one, other] = workers;
  one.backend.refused = 'Runs of this model ended the process 2 times in a row.';
  await attendedAgain();
  const answers = [fleet.run(file, [two], LIMITS), fleet.run(file, [two], LIMITS)];
  await until(() => other.backend.runs.length === 2);
  for (const run of [...other.backend.runs]) run.finish();
  await Promise.all(answers);
  other.backend.refused = one.backend.refused;
  await until(() => fleet.whyNot(sha256) !== null);
  expect(fleet.whyNot(sha256)).toBe(one.backend.refused);
  await expect(fleet.run(file, [two], LIMITS)).rejects.toMatchObject({
    ...{ reason: 'quarantined', retryAfterMs: undefined },
  });
  [one.backend.heldMs, other.backend.heldMs] = [50_000, 20_000];
  await attendedAgain();
  const soonest = (await fleet
    .run(file, [two], LIMITS)
    .catch((error: unknown) => error)) as WorkerUnavailable;
  expect(soonest.retryAfterMs).toBeGreaterThan(10_000);
  expect(soonest.retryAfterMs).toBeLessThanOrEqual(20_000);
});

test('a worker that leaves is given nothing new, and answers what it has', async () => {
  const answer = fleet.run(file, [two], LIMITS);
  const [leaving, other] = await taker();
  leaving.node.leave();
  const before = fleet.lane().idleCount();
  await until(() => fleet.lane().idleCount() < before);
  expect(leaving.node.isKnownToLeave(10_000)).toBe(true);
  const next = [fleet.run(file, [two], LIMITS), fleet.run(file, [two], LIMITS)];
  await until(() => other.backend.runs.length === 2);
  for (const run of [...other.backend.runs]) run.finish();
  await leaving.backend.finishNext();
  await Promise.all([answer, ...next]);
});

test('a worker refuses bytes that are not what their name says, and says which are missing', async () => {
  const missing = 'ab'.repeat(32);
  await expect(fleet.load({ sha256: missing, path: '' })).rejects.toThrow(
    /has no bytes of abab.*MODEL_STORE/,
  );
  const wrong = createHash('sha256').update('whole').digest('hex') as Sha256;
  await store.write(wrong, Readable.from(['whole']), 1_000);
  await writeFile((await store.lease(wrong)).path, 'half');
  await expect(fleet.load({ sha256: wrong, path: '' })).rejects.toThrow('their SHA-256 is another one');
  await expect(fleet.load({ sha256: '../../etc/passwd', path: '' })).rejects.toThrow('is no model here');
});

test('with another token nobody is there', async () => {
  const stranger = await startFleet('another-token-of-a-test' as WorkerToken);
  expect(stranger.whyNot(sha256)).toBe(NOBODY);
  await expect(stranger.load(file)).rejects.toThrow('No worker is there');
  const problem = expect.stringContaining('The worker does not know this process: both need the same');
  expect(stranger.lost()).toMatchObject([{ problem }, { problem }]);
  await stranger.stop();
});

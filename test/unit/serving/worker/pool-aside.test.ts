import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor } from '../../../../src/kernel/tensors/tensor';
import { WorkerProcess } from '../../../../src/serving/worker/worker-process';
import { WorkerPool } from '../../../../src/serving/worker/worker-pool';
import { crashing, heavy, loopOnDemand, modelFile } from '../../../support/onnx-models';
import { until } from '../../../support/until';

const WEIGHTS = 64 * 1024 ** 2;
const MODELS = 8;

const folder = mkdtempSync(join(tmpdir(), 'modelgraph-test-'));
type Model = ReturnType<typeof modelFile>;
const models = Array.from({ length: MODELS }, (_, seed) => modelFile(folder, heavy(WEIGHTS, seed)));
const killer = modelFile(folder, crashing());
const [first, second] = models as [Model, Model];
const leased = (...files: Model[]) => files.map((file) => ({ file, rows: 8 }));

/** One worker. */
let pool: WorkerPool;
beforeEach(async () => {
  pool = new WorkerPool({ providers: ['cpu'], intraOpNumThreads: 1, environment: {}, workers: 1 });
  await pool.start();
});
afterEach(() => pool.stop({ withinMs: 2_000 }));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the model answers to a 5: 5, and its number. */
async function answerOf(file: Model): Promise<number> {
  const i: Tensor = { name: 'i', datatype: 'INT64', shape: [1, 1], data: BigInt64Array.of(5n) };
  const { outputs } = await pool.run(file, [i], { timeoutMs: 60_000 });
  return Number(outputs[0]?.data[0]);
}

/** Asks the model again and again until the work is done; how often it was answered meanwhile. */
async function answersDuring(file: Model, work: Promise<unknown>): Promise<number> {
  let isOver = false;
  const done = work.finally(() => (isOver = true));
  let count = 0;
  while (!isOver) {
    expect(await answerOf(file)).toBe(5 + models.indexOf(file));
    if (!isOver) count++;
  }
  await done;
  return count;
}

test('the only worker goes on answering while it loads what endpoints are to run next, time after time', async () => {
  await pool.load(first, 8);
  pool.lease(leased(first));
  let before = first;
  for (const next of models.slice(1)) {
    pool.lease(leased(before, next));
    expect(await answersDuring(before, pool.load(next, 8))).toBeGreaterThan(5);
    pool.lease(leased(next));
    before = next;
  }
  expect(await Promise.all(models.map(answerOf))).toEqual(models.map((_, seed) => 5 + seed));
  for (const file of models) await pool.unload(file);
  expect(pool.status()).toMatchObject([{ models: [], restarts: 0 }]);
  expect(await Promise.all(models.map(answerOf))).toEqual(models.map((_, seed) => 5 + seed));
});

test('who asks for what is being loaded waits for that, and holds up nobody else', async () => {
  await pool.load(first, 8);
  pool.lease(leased(first, second));
  const spy = jest.spyOn(WorkerProcess.prototype, 'request');
  const loading = pool.load(second, 8);
  await until(() => spy.mock.calls.some(([{ type }]) => type === 'load'));
  expect([pool.idleCount(second.sha256), pool.idleCount(first.sha256)]).toEqual([0, 1]);
  const isIdle = new Promise<void>((resolve) => pool.onIdle(() => pool.holds(second.sha256) && resolve()));
  const asked = Promise.all([1, 2, 3].map(() => answerOf(second)));
  expect(await answersDuring(first, asked)).toBeGreaterThan(5);
  expect(await asked).toEqual([6, 6, 6]);
  await Promise.all([loading, isIdle]);
  expect(spy.mock.calls.filter(([{ type }]) => type === 'load')).toHaveLength(1);
  spy.mockRestore();
});

test('who alone waits for what is being loaded is answered when it is there', async () => {
  await pool.load(first, 8);
  pool.lease(leased(first, second));
  const loading = pool.load(second, 8);
  await until(() => pool.idleCount(second.sha256) === 0);
  expect(await answerOf(second)).toBe(6);
  await loading;
});

test('what dies while it is loaded is to blame, and not what runs beside it', async () => {
  await pool.load(first, 8);
  pool.lease(leased(first));
  for (let count = 0; count < 2; count++) {
    const loading = pool.load(killer, 1).catch((error: unknown) => error);
    expect(await answersDuring(first, loading)).toBeGreaterThanOrEqual(0);
    expect(await loading).toMatchObject({ reason: 'crashed' });
    await until(() => pool.holds(first.sha256));
  }
  expect(pool.whyNot(first.sha256)).toBeNull();
  expect(pool.whyNot(killer.sha256)).toMatch(/ended/);
});

test('a run that ends with its worker for what was loaded beside it is done again, whoever shared it', async () => {
  const counting = modelFile(folder, loopOnDemand());
  await pool.load(counting, 1);
  pool.lease([{ file: counting, rows: 1 }]);
  const trips: Tensor = { name: 'trips', datatype: 'INT64', shape: [1], data: BigInt64Array.of(1_500_000n) };
  const loading = pool.load(killer, 1).catch((error: unknown) => error);
  await until(() => pool.idleCount(killer.sha256) === 0); // its thread is being started
  const counted = pool.run(counting, [trips], { timeoutMs: 60_000, shared: true });
  expect(await loading).toMatchObject({ reason: 'crashed' });
  expect(Array.from((await counted).outputs[0]?.data as Float32Array)).toEqual([1_500_000]);
  expect(pool.status()).toMatchObject([{ restarts: 1 }]);
});

test('a pool that is stopped waits for no load', async () => {
  await pool.load(first, 8);
  pool.lease(leased(first));
  const loading = pool.load(second, 8).catch((error: unknown) => error);
  await answerOf(first);
  const startedAt = performance.now();
  await pool.stop({ withinMs: 0 });
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  await loading;
});

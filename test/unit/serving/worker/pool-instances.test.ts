import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkerPool } from '../../../../src/serving/worker/worker-pool';
import { affine, affineAnswer, modelFile } from '../../../support/onnx-models';
import { until } from '../../../support/until';

const folder = mkdtempSync(join(tmpdir(), 'modelgraph-test-'));
const WORKERS = 3;
const pool = new WorkerPool({ providers: ['cpu'], intraOpNumThreads: 1, environment: {}, workers: WORKERS });
beforeAll(() => pool.start());
afterAll(async () => {
  await pool.stop({ withinMs: 2_000 });
  rmSync(folder, { recursive: true });
});

const file = modelFile(folder, affine());
const row = Float32Array.from({ length: 30 }, (_, at) => at / 8);
const holders = () => pool.status().filter(({ models }) => models.includes(file.sha256));

async function ask(): Promise<void> {
  const input = { name: 'x', datatype: 'FP32', shape: [1, 30], data: row } as const;
  const { outputs } = await pool.run(file, [input], { timeoutMs: 60_000 });
  expect(Array.from(outputs[0]?.data as Float32Array)).toEqual(affineAnswer(row));
}
const limit = (count: number) => pool.limit(new Map([[file.sha256, count]]));

test('a model of one instance is on one worker, which does all of its runs, however many come at once', async () => {
  pool.lease([{ file, rows: 8 }]);
  limit(1);
  await pool.load(file, 8);
  expect(holders()).toHaveLength(1);
  expect(pool.idleCount()).toBe(WORKERS);
  expect(pool.idleCount(file.sha256)).toBe(1);
  await Promise.all(Array.from({ length: 30 }, ask));
  expect(holders()).toHaveLength(1);
});

test('while its worker is away another one stands in, and lets go of it afterwards', async () => {
  const [home] = holders();
  if (!home?.pid) throw new Error('No worker holds the model.');
  process.kill(home.pid, 'SIGKILL');
  await until(() => pool.status()[home.id]?.pid !== home.pid);
  await ask();
  await until(() => holders().length === 1 && holders()[0]?.id === home.id);
  await ask();
});

test('with more instances more workers are given it, with fewer they let go of it, without a limit all have it', async () => {
  limit(2);
  await until(() => holders().length === 2);
  expect(pool.idleCount(file.sha256)).toBe(2);
  limit(1);
  await until(() => holders().length === 1);
  pool.limit(new Map());
  await until(() => holders().length === WORKERS);
  await Promise.all(Array.from({ length: 10 }, ask));
});

test('what is still being brought when fewer instances are wanted does not stay', async () => {
  limit(1);
  await until(() => holders().length === 1);
  pool.limit(new Map());
  await until(() => holders().length === 2);
  limit(1);
  await until(() => holders().length === 1 && pool.idleCount() === WORKERS);
});

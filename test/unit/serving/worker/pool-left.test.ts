import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelFile } from '../../../../src/serving/execution/backend';
import { WorkerPool } from '../../../../src/serving/worker/worker-pool';
import { affine, endlessLoop, modelFile } from '../../../support/onnx-models';
import { until } from '../../../support/until';

const folder = mkdtempSync(join(tmpdir(), 'modelgraph-test-'));
const pool = new WorkerPool({ providers: ['cpu'], intraOpNumThreads: 1, environment: {}, workers: 1 });
beforeAll(() => pool.start());
afterAll(async () => {
  await pool.stop({ withinMs: 2_000 });
  rmSync(folder, { recursive: true });
});

const endless = modelFile(folder, endlessLoop());
const quick = modelFile(folder, affine());
function pid(): number {
  const { pid: known } = pool.status()[0] ?? {};
  if (!known) throw new Error('The worker has no process.');
  return known;
}

function ask(file: ModelFile, signal: AbortSignal, timeoutMs = 60_000): Promise<string> {
  const shape = file === quick ? [1, 30] : [1];
  const data = new Float32Array(shape.at(-1) ?? 1);
  return pool.run(file, [{ name: 'x', datatype: 'FP32', shape, data }], { timeoutMs, signal }).then(
    () => 'answered',
    (error: { readonly reason: string }) => error.reason,
  );
}
const nobodyLeaves = new AbortController().signal;

test('a run that waits for a worker is dropped when its caller leaves; the others keep their places', async () => {
  await pool.load(endless);
  await pool.load(quick);
  const before = pid();
  const busy = ask(endless, nobodyLeaves, 3_000);
  await until(() => pool.status()[0]?.state === 'busy');
  const leaving = new AbortController();
  const order: string[] = [];
  const left = ask(quick, leaving.signal).then((how) => order.push(`left: ${how}`));
  const kept = ask(quick, nobodyLeaves).then((how) => order.push(`kept: ${how}`));
  leaving.abort();
  await left;
  expect(await ask(quick, AbortSignal.abort())).toBe('cancelled');
  expect(order).toEqual(['left: cancelled']);
  expect(pid()).toBe(before);
  expect(await busy).toBe('timeout');
  await kept;
  expect(order).toEqual(['left: cancelled', 'kept: answered']);
});

test('what has begun goes on to its end, and is not tried again where its worker dies of something else', async () => {
  const leaving = new AbortController();
  const run = ask(endless, leaving.signal);
  await until(() => pool.status()[0]?.state === 'busy');
  const before = pid();
  leaving.abort();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(pool.status()).toMatchObject([{ state: 'busy', pid: before }]);
  process.kill(before, 'SIGKILL');
  expect(await run).toBe('crashed');
  expect(await ask(quick, nobodyLeaves)).toBe('answered');
});

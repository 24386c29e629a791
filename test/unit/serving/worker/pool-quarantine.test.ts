import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor } from '../../../../src/kernel/tensors/tensor';
import type { RunResult } from '../../../../src/serving/backends/backend';
import { WorkerPool, type PoolEvent, type PoolOptions } from '../../../../src/serving/worker-pool';
import { FIRST_HOLD_MS } from '../../../../src/serving/worker/quarantine';
import { affine, modelFile, overflowingDivision } from '../../../support/onnx-models';

const folder = mkdtempSync(join(tmpdir(), 'modelgraph-test-'));
const division = modelFile(folder, overflowingDivision());
const options = { timeoutMs: 60_000 };
const events: PoolEvent[] = [];
let pool: WorkerPool | undefined;

beforeEach(() => events.splice(0));
afterEach(() => pool?.stop({ withinMs: 2_000 }));
afterAll(() => rmSync(folder, { recursive: true }));

async function startPool(changes: Partial<PoolOptions> = {}): Promise<WorkerPool> {
  const worker = { providers: ['cpu'], intraOpNumThreads: 1, environment: {} };
  pool = new WorkerPool({ ...worker, workers: 1, onEvent: (event) => events.push(event), ...changes });
  await pool.start();
  return pool;
}

async function idle(of: WorkerPool): Promise<void> {
  if (of.idleCount() === 0) await new Promise<void>((resolve) => of.onIdle(resolve));
}

const input = (datatype: Tensor['datatype'], data: Tensor['data'], shape: readonly number[]): Tensor[] => [
  { name: 'x', datatype, shape, data },
];

/** Ends the process where the number is -1. */
const divide = (on: WorkerPool, by: number): Promise<RunResult> =>
  on.run(division, input('INT32', Int32Array.of(by), [1, 1]), options);

test('a model that kills its worker and the next one is quarantined, and others go on', async () => {
  const pool = await startPool();
  await expect(divide(pool, 2)).resolves.toMatchObject({ outputs: [{ data: Int32Array.of(-(2 ** 30)) }] });
  await expect(divide(pool, -1)).rejects.toMatchObject({ name: 'WorkerUnavailable', reason: 'crashed' });
  await expect(divide(pool, 2)).rejects.toMatchObject({
    reason: 'quarantined',
    message: expect.stringContaining('SIGFPE'),
    retryable: false,
  });
  expect(events).toContainEqual(expect.objectContaining({ type: 'model-quarantined' }));
  const x = new Float32Array(30);
  await expect(
    pool.run(modelFile(folder, affine()), input('FP32', x, [1, 30]), options),
  ).resolves.toBeDefined();
});

test('a quarantine is over after its time once one run is answered; a run that dies makes it longer', async () => {
  let nowMs = 0;
  const pool = await startPool({ nowMs: () => nowMs });
  await expect(divide(pool, -1)).rejects.toMatchObject({ reason: 'crashed' });
  nowMs += FIRST_HOLD_MS - 1_000;
  await expect(divide(pool, 2)).rejects.toThrow('may try it again in 1 s');
  nowMs += 1_000;
  await idle(pool);
  await expect(pool.load(division)).rejects.toMatchObject({
    reason: 'quarantined', // loading proves nothing, so it is no trial
  });
  await expect(divide(pool, -1)).rejects.toMatchObject({
    reason: 'quarantined',
    message: expect.stringContaining(
      `3 times in a row; one run may try it again in ${FIRST_HOLD_MS / 500} s`,
    ),
  });
  expect(events.filter(({ type }) => type === 'worker-died')).toHaveLength(3); // the trial was not tried twice
  nowMs += 2 * FIRST_HOLD_MS;
  const answers = await Promise.allSettled([divide(pool, 2), divide(pool, 2)]);
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  await expect(divide(pool, 2)).resolves.toBeDefined();
});

test('a trial whose values are refused decides nothing', async () => {
  let nowMs = 0;
  const pool = await startPool({ nowMs: () => nowMs });
  await expect(divide(pool, -1)).rejects.toMatchObject({ reason: 'crashed' });
  nowMs += FIRST_HOLD_MS;
  const wrong = pool.run(division, input('INT32', new Int32Array(2), [1, 2]), options);
  await expect(wrong).rejects.toMatchObject({ name: 'InvalidInput' });
  await expect(divide(pool, 2)).resolves.toBeDefined();
});

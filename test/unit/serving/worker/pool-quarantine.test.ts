import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor } from '../../../../src/kernel/tensors/tensor';
import type { RunResult } from '../../../../src/serving/execution/backend';
import { WorkerPool, type PoolEvent, type PoolOptions } from '../../../../src/serving/worker/worker-pool';
import { FIRST_HOLD_MS } from '../../../../src/serving/worker/quarantine';
import { affine, loopOnDemand, modelFile, overflowingDivision } from '../../../support/onnx-models';
import { until } from '../../../support/until';

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

const CRASHED = {
  name: 'WorkerUnavailable',
  reason: 'crashed',
  message: 'The run was tried 2 times. The worker ended (SIGFPE).',
};
const deaths = () => events.filter(({ type }) => type === 'worker-died').length;

/** By its first question: both tries of it end a worker. */
async function quarantine(of: WorkerPool): Promise<void> {
  await expect(divide(of, -1)).rejects.toMatchObject(CRASHED);
}

test('a question that ends its workers costs those and its own answer, and a model that answers others nothing', async () => {
  const pool = await startPool();
  const answered = { outputs: [{ data: Int32Array.of(-(2 ** 30)) }] };
  await expect(divide(pool, 2)).resolves.toMatchObject(answered);
  for (let round = 1; round <= 2; round++) {
    await expect(divide(pool, -1)).rejects.toMatchObject(CRASHED);
    expect(deaths()).toBe(2 * round);
    await expect(divide(pool, 2)).resolves.toMatchObject(answered);
  }
  await expect(divide(pool, -1)).rejects.toMatchObject(CRASHED);
  await expect(divide(pool, -1)).rejects.toMatchObject({ reason: 'quarantined' });
});

test.each([
  ['a shared run, whose callers are asked alone next', { shared: true }],
  ['one that has shared such a run', { suspect: true }],
])('%s is not tried again where it ends its worker', async (_what, of) => {
  const pool = await startPool();
  const x = input('INT32', Int32Array.of(-1), [1, 1]);
  const once = { reason: 'crashed', message: 'The worker ended (SIGFPE).' };
  await expect(pool.run(division, x, { ...options, ...of })).rejects.toMatchObject(once);
  expect(deaths()).toBe(1);
});

test('a run whose worker was killed from outside is tried once more', async () => {
  const pool = await startPool();
  const loop = modelFile(folder, loopOnDemand());
  await pool.load(loop);
  const killAtWork = async () => {
    const worker = () => pool.status()[0];
    await until(() => worker()?.state === 'busy');
    const pid = worker()?.pid;
    if (pid) process.kill(pid, 'SIGKILL');
  };
  const trips = { name: 'trips', datatype: 'INT64', shape: [1], data: BigInt64Array.of(2n ** 50n) } as const;
  const twice = expect(pool.run(loop, [trips], options)).rejects.toMatchObject({
    reason: 'crashed',
    message: 'The run was tried 2 times. The worker ended (SIGKILL).',
  });
  await killAtWork();
  await until(() => deaths() === 1);
  await killAtWork();
  await twice;
});

test('a model that kills two workers in a row is quarantined, and others go on', async () => {
  const pool = await startPool();
  await quarantine(pool);
  await expect(divide(pool, 2)).rejects.toMatchObject({
    reason: 'quarantined',
    message: expect.stringContaining('SIGFPE'),
    retryable: false,
  });
  expect(deaths()).toBe(2);
  expect(events).toContainEqual(expect.objectContaining({ type: 'model-quarantined' }));
  const x = new Float32Array(30);
  await expect(
    pool.run(modelFile(folder, affine()), input('FP32', x, [1, 30]), options),
  ).resolves.toBeDefined();
});

test('a quarantine is over after its time once one run is answered; a run that dies makes it longer', async () => {
  let nowMs = 0;
  const pool = await startPool({ nowMs: () => nowMs });
  await quarantine(pool);
  nowMs += FIRST_HOLD_MS - 1_000;
  await idle(pool);
  expect(pool.whyNot(division.sha256)).toContain('may try it again in 1 s');
  await expect(divide(pool, 2)).rejects.toMatchObject({
    message: expect.stringContaining('may try it again in 1 s'),
    retryAfterMs: 1_000,
  });
  nowMs += 1_000;
  await expect(pool.load(division)).rejects.toMatchObject({
    reason: 'quarantined', // loading proves nothing, so it is no trial
  });
  await expect(divide(pool, -1)).rejects.toMatchObject({ reason: 'quarantined' }); // by its own second try
  await expect(divide(pool, 2)).rejects.toMatchObject({
    reason: 'quarantined',
    message: expect.stringContaining(
      `3 times in a row; one run may try it again in ${FIRST_HOLD_MS / 500} s`,
    ),
    retryAfterMs: 2 * FIRST_HOLD_MS,
  });
  nowMs += 2 * FIRST_HOLD_MS;
  const answers = await Promise.allSettled([divide(pool, 2), divide(pool, 2)]);
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  await expect(divide(pool, 2)).resolves.toBeDefined();
});

test('a trial whose values are refused decides nothing', async () => {
  let nowMs = 0;
  const pool = await startPool({ nowMs: () => nowMs });
  await quarantine(pool);
  nowMs += FIRST_HOLD_MS;
  const wrong = pool.run(division, input('INT32', new Int32Array(2), [1, 2]), options);
  await expect(wrong).rejects.toMatchObject({ name: 'InvalidInput' });
  await expect(divide(pool, 2)).resolves.toBeDefined();
});

import type { BatchPolicy } from '../../../../src/serving/batching/batch-policy';
import type { BatchAnswer, BatchRequest } from '../../../../src/serving/batching/batch-request';
import { Batcher } from '../../../../src/serving/batching/batcher';
import { DEFAULT_SETTINGS } from '../../../../src/serving/endpoints/endpoint-settings';
import { Overloaded } from '../../../../src/serving/execution/overloaded';
import { FakeBackend } from '../../../support/fake-backend';

const request = (values: readonly number[], changes: Partial<BatchRequest> = {}): BatchRequest => ({
  file: { sha256: 'm', path: '/m' },
  batchable: true,
  inputs: [{ name: 'x', datatype: 'FP64', shape: [values.length, 1], data: Float64Array.from(values) }],
  deadlineAt: Infinity,
  ...changes,
});
const policy = (changes: Partial<BatchPolicy>): BatchPolicy => ({ ...DEFAULT_SETTINGS, ...changes });
const valuesOf = ({ outputs }: BatchAnswer): number[] => Array.from(outputs[0]?.data as Float64Array);
const inputsOf = (backend: FakeBackend): number[][] =>
  backend.runs.map(({ inputs }) => Array.from(inputs[0]?.data as Float64Array));
const atOnce = (task: () => void): void => task();
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function start(workers: number, computeMs?: number) {
  const backend = new FakeBackend(workers, computeMs);
  return { backend, batcher: new Batcher(backend, { nextTurn: atOnce }) };
}

test('requests under different policies do not meet, and under equal ones do', async () => {
  const { backend, batcher } = start(0);
  const answers = [
    batcher.submit(request([1], { policy: policy({ maxBatch: 8 }) })),
    batcher.submit(request([2], { policy: policy({ maxBatch: 9 }) })),
    batcher.submit(request([3], { policy: policy({ maxBatch: 8 }) })),
  ];
  backend.workers = 2;
  batcher.submit(request([4], { policy: policy({ maxBatch: 9 }) })).catch(() => undefined);
  expect(inputsOf(backend)).toEqual([
    [1, 3],
    [2, 4],
  ]);
  while (backend.runs.length > 0) backend.runs[0]?.finish();
  expect((await Promise.all(answers)).map(valuesOf)).toEqual([[2], [4], [6]]);
});

test('each endpoint has its own end of the queue', async () => {
  const { batcher } = start(0);
  const short = policy({ maxQueue: 2 });
  void batcher.submit(request([1], { policy: short }));
  void batcher.submit(request([2], { policy: short }));
  await expect(batcher.submit(request([3], { policy: short }))).rejects.toThrow(Overloaded);
  void batcher.submit(request([4], { policy: policy({ maxQueue: 4 }) }));
  expect(batcher.stats().queuedRows).toBe(3);
});

test('who is urgent goes first, and who can wait last, in order of arrival among equals', () => {
  const { backend, batcher } = start(0);
  const one = policy({ maxBatch: 1 });
  const ask = (value: number, priority?: 'HIGH' | 'NORMAL' | 'LOW') =>
    void batcher.submit(request([value], { policy: one, ...(priority && { priority }) }));
  ask(1, 'LOW');
  ask(2);
  ask(3, 'HIGH');
  ask(4, 'NORMAL');
  ask(5, 'HIGH');
  backend.workers = 6;
  ask(6, 'LOW');
  expect(inputsOf(backend)).toEqual([[3], [5], [2], [4], [1], [6]]);
});

test('a batch is padded to the next size with copies of its last row, which nobody gets', async () => {
  const { backend, batcher } = start(0);
  const padded = policy({ batchSizes: [1, 4, 128] });
  const answers = [batcher.submit(request([7], { policy: padded }))];
  backend.workers = 1;
  answers.push(batcher.submit(request([8, 9], { policy: padded })));
  expect(inputsOf(backend)).toEqual([[7, 8, 9, 9]]);
  expect(backend.runs[0]?.inputs[0]?.shape).toEqual([4, 1]);
  backend.runs[0]?.finish();
  const [first, second] = await Promise.all(answers);
  expect([first && valuesOf(first), second && valuesOf(second)]).toEqual([[14], [16, 18]]);
  expect(second?.batchSize).toBe(3);
});

test('a lonely request is padded too, and gets its own rows only', async () => {
  const { backend, batcher } = start(1);
  const answer = batcher.submit(request([5], { policy: policy({ batchSizes: [2, 128] }) }));
  expect(inputsOf(backend)).toEqual([[5, 5]]);
  backend.runs[0]?.finish();
  expect(valuesOf(await answer)).toEqual([10]);
});

test.each([
  { computeMs: 0.05, runs: 1, what: 'while a short run of the model is on its way, others wait for it' },
  { computeMs: 5, runs: 2, what: 'while a long run of the model is on its way, others take a free worker' },
])('$what', async ({ computeMs, runs }) => {
  const { backend, batcher } = start(2, computeMs);
  const first = batcher.submit(request([1]));
  backend.runs[0]?.finish();
  await first;
  const answers = [2, 3, 4].map((value) => batcher.submit(request([value])));
  expect(backend.runs).toHaveLength(runs);
  while (backend.runs.length > 0) {
    backend.runs[0]?.finish();
    await settle();
  }
  expect((await Promise.all(answers)).map(valuesOf)).toEqual([[4], [6], [8]]);
});

test('as many rows as a batch may have do not wait, however short the run', async () => {
  const { backend, batcher } = start(2, 0.05);
  const small = policy({ maxBatch: 2 });
  const first = batcher.submit(request([1], { policy: small }));
  backend.runs[0]?.finish();
  await first;
  for (const value of [2, 3, 4]) void batcher.submit(request([value], { policy: small }));
  expect(inputsOf(backend)).toEqual([[2], [3, 4]]);
});

test('a caller who has left by the time of the run gets none, and leaves the others alone', async () => {
  const { backend, batcher } = start(0);
  let isGone = false;
  const left = batcher.submit(request([1, 2], { isAbandoned: () => isGone }));
  const stays = batcher.submit(request([3], { isAbandoned: () => false }));
  isGone = true;
  backend.workers = 1;
  void batcher.submit(request([4]));
  await expect(left).rejects.toMatchObject({ reason: 'cancelled' });
  expect(inputsOf(backend)).toEqual([[3, 4]]);
  backend.runs[0]?.finish();
  expect(await stays).toMatchObject({ batchSize: 2 });
  expect(batcher.stats()).toMatchObject({ queuedRows: 0, queuedBytes: 0 });
});

import { elementCount } from '../../../../src/kernel/tensors/tensor';
import { MAX_REQUEST_BYTES, MAX_REQUEST_ROWS } from '../../../../src/serving/batching/batch-check';
import type { BatchAnswer, BatchRequest } from '../../../../src/serving/batching/batch-request';
import { Batcher } from '../../../../src/serving/batching/batcher';
import { DEFAULT_SETTINGS } from '../../../../src/serving/endpoints/endpoint-settings';
import { InvalidInput } from '../../../../src/serving/execution/invalid-input';
import { Overloaded } from '../../../../src/serving/execution/overloaded';
import {
  WorkerUnavailable,
  type UnavailableReason,
} from '../../../../src/serving/execution/worker-unavailable';
import { FakeBackend } from '../../../support/fake-backend';

const request = (values: readonly number[], changes: Partial<BatchRequest> = {}): BatchRequest => ({
  file: { sha256: 'm', path: '/m' },
  batchable: true,
  inputs: [{ name: 'x', datatype: 'FP64', shape: [values.length, 1], data: Float64Array.from(values) }],
  deadlineAt: Infinity,
  ...changes,
});

const valuesOf = ({ outputs }: BatchAnswer): number[] => Array.from(outputs[0]?.data as Float64Array);
/** Instead of the event loop's next turn, so that a test sees each event by itself. */
const atOnce = (task: () => void): void => task();
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const SEQUENCE = { id: 7, start: true, end: false };

test('a lonely request is run at once', async () => {
  const backend = new FakeBackend();
  const batcher = new Batcher(backend, { nextTurn: atOnce });
  const answer = batcher.submit(request([4]));
  expect(backend.runs).toHaveLength(1);
  backend.runs[0]?.finish();
  expect(await answer).toMatchObject({ batchSize: 1, computeMs: 1 });
  expect(batcher.stats()).toMatchObject({ batches: 1, closed: { idle: 1 } });
});

test('what a run waited for inside the backend is time in the queue', async () => {
  const backend = new FakeBackend();
  backend.waitedMs = 60_000;
  const answer = new Batcher(backend, { nextTurn: atOnce }).submit(request([4]));
  backend.runs[0]?.finish();
  expect((await answer).queueMs).toBeGreaterThanOrEqual(60_000);
});

test('requests that arrive in one turn of the event loop share a run', async () => {
  const backend = new FakeBackend();
  const batcher = new Batcher(backend);
  const answers = [1, 2, 3].map((value) => batcher.submit(request([value])));
  expect(backend.runs).toHaveLength(0);
  await settle();
  await settle(); // of a crowd, one more turn is waited for
  expect(backend.runs.map(({ inputs }) => inputs[0]?.shape)).toEqual([[3, 1]]);
  backend.runs[0]?.finish();
  expect((await Promise.all(answers)).map(({ batchSize }) => batchSize)).toEqual([3, 3, 3]);
});

test('what waits while the worker is busy goes together when it is free', async () => {
  const backend = new FakeBackend();
  const batcher = new Batcher(backend, { nextTurn: atOnce });
  const answers = [1, 2, 3].map((value) => batcher.submit(request([value])));
  backend.runs[0]?.finish();
  expect(backend.runs.map(({ inputs }) => inputs[0]?.shape)).toEqual([[2, 1]]);
  backend.runs[0]?.finish();
  const [, second, third] = await Promise.all(answers);
  expect([second && valuesOf(second), third && valuesOf(third)]).toEqual([[4], [6]]);
  expect(third?.batchSize).toBe(2);
});

test('why a batch was closed is told to one of its callers, who still listens', async () => {
  const backend = new FakeBackend();
  const batcher = new Batcher(backend, { nextTurn: atOnce, maxBatch: 3 });
  const first = batcher.submit(request([1]));
  const gone = new AbortController();
  const left = batcher.submit(request([2], { signal: gone.signal }));
  const [second, third, fourth] = [3, 4, 5].map((value) => batcher.submit(request([value])));
  backend.runs[0]?.finish();
  gone.abort(); // it runs already: nobody hears its answer
  await expect(left).rejects.toMatchObject({ reason: 'cancelled' });
  backend.runs[0]?.finish();
  backend.runs[0]?.finish();
  const closed = (await Promise.all([first, second, third, fourth])).map((answer) => answer?.closed);
  expect(closed).toEqual(['idle', 'full', null, 'idle']);
  expect(batcher.stats().closed).toMatchObject({ idle: 2, full: 1 });
});

test('no batch has more rows than allowed, and requests are never cut', async () => {
  const backend = new FakeBackend();
  const batcher = new Batcher(backend, { nextTurn: atOnce, maxBatch: 5 });
  const answers = [1, 3, 3, 2, 9].map((rows) => batcher.submit(request(new Array<number>(rows).fill(rows))));
  const sizes: (number | undefined)[] = [];
  while (backend.runs.length > 0) {
    sizes.push(backend.runs[0]?.inputs[0]?.shape[0]);
    backend.runs[0]?.finish();
    await settle();
  }
  await Promise.all(answers);
  expect(sizes).toEqual([1, 3, 5, 9]);
});

test.each([
  ['another model', { file: { sha256: 'other', path: '/other' } }],
  [
    'another inner shape',
    { inputs: [{ name: 'x', datatype: 'FP64' as const, shape: [1, 2], data: new Float64Array(2) }] },
  ],
  [
    'another datatype',
    { inputs: [{ name: 'x', datatype: 'FP32' as const, shape: [1, 1], data: new Float32Array(1) }] },
  ],
  ['other outputs', { outputs: ['z'] }],
  ['a model that is not batchable', { batchable: false }],
  ['a question of a sequence', { sequence: SEQUENCE }],
  ['another end of the queue', { policy: { ...DEFAULT_SETTINGS, maxQueue: 7 } }],
  ['other sizes of batches', { policy: { ...DEFAULT_SETTINGS, batchSizes: [1, 2] } }],
])('%s never shares a run', async (_, changes) => {
  const backend = new FakeBackend();
  const batcher = new Batcher(backend, { nextTurn: atOnce });
  const answers = [request([0]), request([1]), request([1], changes)].map((each) => batcher.submit(each));
  backend.runs[0]?.finish();
  expect(backend.runs[0]?.inputs[0]?.shape[0]).toBe(1);
  backend.runs[0]?.finish();
  await settle();
  backend.runs[0]?.finish();
  expect((await Promise.all(answers)).map(({ batchSize }) => batchSize)).toEqual([1, 1, 1]);
});

test('the rows of a sequence’s question are counted and limited as any others', async () => {
  const backend = new FakeBackend();
  const batcher = new Batcher(backend, { nextTurn: atOnce, maxQueue: 4 });
  const [first, second] = [1, 2].map(() => batcher.submit(request([1, 2, 3], { sequence: SEQUENCE })));
  expect(batcher.stats()).toMatchObject({ rows: 3, queuedRows: 3 });
  await expect(batcher.submit(request([1, 2], { sequence: SEQUENCE }))).rejects.toBeInstanceOf(Overloaded);
  const tooMany = request(new Array<number>(MAX_REQUEST_ROWS + 1).fill(1), { sequence: SEQUENCE });
  await expect(batcher.submit(tooMany)).rejects.toBeInstanceOf(InvalidInput);
  backend.runs[0]?.finish();
  backend.runs[0]?.finish();
  expect(await first).toMatchObject({ batchSize: 3 });
  expect(await second).toMatchObject({ batchSize: 3, closed: 'alone' });
});

test('models take turns: a long queue does not keep another model waiting', () => {
  const backend = new FakeBackend();
  const batcher = new Batcher(backend, { nextTurn: atOnce, maxBatch: 2 });
  for (let at = 0; at < 9; at++) void batcher.submit(request([at]));
  void batcher.submit(request([1], { file: { sha256: 'other', path: '/other' } }));
  backend.runs[0]?.finish();
  backend.runs[0]?.finish();
  expect(backend.runs[0]?.file.sha256).toBe('other');
});

test('a full queue refuses, and says when to come again', async () => {
  const backend = new FakeBackend();
  const batcher = new Batcher(backend, { nextTurn: atOnce, maxQueue: 10 });
  void batcher.submit(request([0]));
  const waiting = batcher.submit(request(new Array<number>(10).fill(1)));
  const refused = await batcher.submit(request([2])).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Overloaded);
  expect((refused as Overloaded).retryAfterMs).toBeGreaterThan(0);
  backend.runs[0]?.finish();
  backend.runs[0]?.finish();
  await expect(waiting).resolves.toMatchObject({ batchSize: 10 });
});

test('requests without a row fill the queue by their number', async () => {
  const batcher = new Batcher(new FakeBackend(0), { nextTurn: atOnce, maxQueue: 4 });
  const answers = Array.from({ length: 5 }, () =>
    batcher.submit(request([])).catch((error: unknown) => error),
  );
  expect(batcher.waiting().get('m')).toBe(4);
  expect(batcher.stats().queuedRows).toBe(0);
  batcher.stop();
  expect((await Promise.all(answers))[4]).toBeInstanceOf(Overloaded);
});

test('large values fill the queue by their bytes', async () => {
  const batcher = new Batcher(new FakeBackend(0), { nextTurn: atOnce, maxQueuedBytes: 24 });
  const answers = [[1, 2], [3], [4]].map((values) =>
    batcher.submit(request(values)).catch((error: unknown) => error),
  );
  expect(batcher.stats().queuedBytes).toBe(24);
  batcher.stop();
  expect((await Promise.all(answers))[2]).toBeInstanceOf(Overloaded);
});

test('with a delay, an idle worker waits for company, and takes it when the time is over or the batch is full', async () => {
  const backend = new FakeBackend();
  const batcher = new Batcher(backend, { nextTurn: atOnce, maxDelayMs: 100, maxBatch: 3 });
  const pair = [batcher.submit(request([1])), batcher.submit(request([2]))];
  expect(backend.runs).toHaveLength(0);
  const started = new Promise<void>((resolve) => {
    const check = (): unknown => (backend.runs.length > 0 ? resolve() : setImmediate(check));
    check();
  });
  await started;
  backend.runs[0]?.finish();
  expect((await Promise.all(pair)).map(({ batchSize }) => batchSize)).toEqual([2, 2]);
  const three = [1, 2, 3].map((value) => batcher.submit(request([value])));
  expect(backend.runs).toHaveLength(1);
  backend.runs[0]?.finish();
  await Promise.all(three);
  expect(batcher.stats().closed).toMatchObject({ delay: 1, full: 1, idle: 0 });
});

const failed = (reason: UnavailableReason) => new WorkerUnavailable(reason, `It is ${reason}.`);

test.each<UnavailableReason>(['timeout', 'quarantined', 'remote'])(
  "a failure that no row of a batch is to blame for reaches everybody in it, and nobody's is tried again: %s",
  async (reason) => {
    const backend = new FakeBackend();
    const batcher = new Batcher(backend, { nextTurn: atOnce });
    void batcher.submit(request([0]));
    const answers = [1, 2].map((value) => batcher.submit(request([value])));
    backend.runs[0]?.finish();
    backend.runs[0]?.finish(failed(reason));
    for (const answer of answers) await expect(answer).rejects.toEqual(failed(reason));
    expect(backend.runs).toHaveLength(0);
  },
);

test('a lonely run that ends its worker is not tried again', async () => {
  const backend = new FakeBackend();
  const answer = new Batcher(backend, { nextTurn: atOnce }).submit(request([1]));
  backend.runs[0]?.finish(failed('crashed'));
  await expect(answer).rejects.toEqual(failed('crashed'));
  expect(backend.runs).toHaveLength(0);
});

/** A batch of 1, 2, 3 and 4 is on its way; three workers are idle. */
async function batchOnItsWay() {
  const backend = new FakeBackend(0);
  const batcher = new Batcher(backend, { nextTurn: atOnce });
  const answers = [1, 2, 3, 4].map((value) => batcher.submit(request([value])));
  for (const answer of answers) answer.catch(() => undefined);
  backend.workers = 4;
  const fresh = batcher.submit(request([0], { file: { sha256: 'other', path: '/other' } })); // wakes it
  backend.runs[1]?.finish();
  await fresh;
  return { backend, batcher, answers };
}

/** The batch ends its worker. */
async function endedWorker() {
  const { backend, batcher, answers } = await batchOnItsWay();
  backend.runs[0]?.finish(failed('crashed'));
  backend.workers = 3;
  await settle();
  const running = () => backend.runs.map(({ inputs }) => Array.from(inputs[0]?.data as Float64Array));
  return { backend, batcher, answers, running };
}

test('whose batch ends a worker is asked alone, one after the other, and only who ends one again is refused', async () => {
  const { backend, answers, running } = await endedWorker();
  for (const value of [1, 2, 3, 4]) {
    expect(running()).toEqual([[value]]); // although more workers are idle: it may cost this one, too
    backend.runs[0]?.finish(value === 2 ? failed('crashed') : undefined);
    await settle();
  }
  expect(running()).toEqual([]);
  const outcomes = answers.map((answer) => answer.then(valuesOf, (error: unknown) => error));
  expect(await Promise.all(outcomes)).toEqual([[2], failed('crashed'), [6], [8]]);
});

test('after the stop nobody is asked alone whose batch ends a worker', async () => {
  const { backend, batcher, answers } = await batchOnItsWay();
  batcher.stop();
  backend.runs[0]?.finish(failed('crashed'));
  for (const answer of answers) await expect(answer).rejects.toEqual(failed('crashed'));
  expect(backend.runs).toHaveLength(0);
  expect(batcher.stats().queuedRows).toBe(0);
});

test('nobody waits behind those whose batch ended a worker', async () => {
  const { backend, batcher, answers, running } = await endedWorker();
  const fresh = [5, 6].map((value) => batcher.submit(request([value])));
  expect(running()).toEqual([[1], [5], [6]]);
  while (backend.runs.length > 0) {
    backend.runs.at(-1)?.finish();
    await settle();
  }
  expect((await Promise.all([...answers, ...fresh])).map(valuesOf)).toEqual([[2], [4], [6], [8], [10], [12]]);
});

test('of a model that ends every worker, the batch and one more run cost one: it is held back then', async () => {
  const { backend, answers } = await endedWorker();
  backend.runs[0]?.finish(failed('crashed'));
  await settle();
  let refused = 0;
  for (; backend.runs.length > 0; refused++) {
    backend.runs[0]?.finish(failed('quarantined'));
    await settle();
  }
  expect(refused).toBe(3);
  const reasons = answers.map((answer) => answer.then(valuesOf, ({ reason }: WorkerUnavailable) => reason));
  expect(await Promise.all(reasons)).toEqual(['crashed', 'quarantined', 'quarantined', 'quarantined']);
});

test('who has left is not asked again where the batch ended a worker', async () => {
  const backend = new FakeBackend(0);
  const batcher = new Batcher(backend, { nextTurn: atOnce });
  const gone = new AbortController();
  const left = batcher.submit(request([1], { signal: gone.signal }));
  const stays = batcher.submit(request([2]));
  backend.workers = 1;
  const waits = batcher.submit(request([3]));
  gone.abort();
  await expect(left).rejects.toMatchObject({ reason: 'cancelled' });
  backend.runs[0]?.finish(failed('crashed'));
  await settle();
  const asked: unknown[] = [];
  while (backend.runs.length > 0) {
    asked.push(backend.runs[0]?.inputs[0]?.data[0]);
    backend.runs[0]?.finish();
    await settle();
  }
  expect(asked).toEqual([2, 3]);
  expect((await Promise.all([stays, waits])).map(valuesOf)).toEqual([[4], [6]]);
});

test('a request larger than a shared run goes alone, up to the most rows of a request', async () => {
  const backend = new FakeBackend();
  const batcher = new Batcher(backend, { nextTurn: atOnce });
  const largest = batcher.submit(request(new Array<number>(MAX_REQUEST_ROWS).fill(1)));
  const small = batcher.submit(request([2]));
  expect(backend.runs[0]?.inputs[0]?.shape).toEqual([MAX_REQUEST_ROWS, 1]);
  backend.runs[0]?.finish();
  expect(await largest).toMatchObject({ batchSize: MAX_REQUEST_ROWS });
  backend.runs[0]?.finish();
  expect(await small).toMatchObject({ batchSize: 1 });
});

test.each([
  ['rows', [MAX_REQUEST_ROWS + 1, 1], true, MAX_REQUEST_ROWS],
  ['bytes', [1, MAX_REQUEST_BYTES / 8 + 1], true, MAX_REQUEST_BYTES],
  ['bytes without a batch axis', [MAX_REQUEST_BYTES / 8 + 1], false, MAX_REQUEST_BYTES],
])('too many %s in one request are refused, and the limit is said', async (_, shape, batchable, limit) => {
  const backend = new FakeBackend();
  const data = new Float64Array(elementCount(shape));
  const input = { name: 'x', datatype: 'FP64', shape, data } as const;
  const refused = new Batcher(backend, { nextTurn: atOnce }).submit(
    request([], { inputs: [input], batchable }),
  );
  await expect(refused).rejects.toMatchObject({
    name: 'InvalidInput',
    expected: expect.stringContaining(`at most ${limit} `),
  });
  expect(backend.runs).toHaveLength(0);
});

test('without a batch axis, the first dimension is no number of rows', async () => {
  const backend = new FakeBackend();
  const values = new Array<number>(MAX_REQUEST_ROWS + 1).fill(1);
  const answer = new Batcher(backend, { nextTurn: atOnce }).submit(request(values, { batchable: false }));
  backend.runs[0]?.finish();
  expect(valuesOf(await answer)).toHaveLength(values.length);
});

test('inputs that disagree on the number of rows are refused before they meet others', async () => {
  const column = { name: 'x', datatype: 'FP32', shape: [2, 1], data: new Float32Array(2) } as const;
  const other = { name: 'z', datatype: 'FP32', shape: [1, 1], data: new Float32Array(1) } as const;
  await expect(
    new Batcher(new FakeBackend(), { nextTurn: atOnce }).submit(request([], { inputs: [column, other] })),
  ).rejects.toBeInstanceOf(InvalidInput);
});

test.each([
  ['fewer values than its shape says', new Float64Array(1)],
  ['values of another class', new Float32Array(2)],
])('a tensor with %s is refused before it shifts the rows of others', async (_, data) => {
  const backend = new FakeBackend();
  const input = { name: 'x', datatype: 'FP64', shape: [2, 1], data } as const;
  await expect(
    new Batcher(backend, { nextTurn: atOnce }).submit(request([], { inputs: [input] })),
  ).rejects.toBeInstanceOf(InvalidInput);
  expect(backend.runs).toHaveLength(0);
});

test('a batcher that stops refuses what waits and what comes', async () => {
  const batcher = new Batcher(new FakeBackend(0), { nextTurn: atOnce });
  const waiting = batcher.submit(request([1]));
  batcher.stop();
  await expect(waiting).rejects.toMatchObject({ reason: 'stopped' });
  await expect(batcher.submit(request([2]))).rejects.toMatchObject({ reason: 'stopped' });
});

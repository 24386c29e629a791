import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import type { BatchAnswer, BatchRequest } from '../../../../src/serving/batching/batch-request';
import { Batcher } from '../../../../src/serving/batching/batcher';
import type { BatcherOptions } from '../../../../src/serving/batching/batcher-options';
import { FakeBackend } from '../../../support/fake-backend';

// The clock stands still until a test moves it.
beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

/** A request of one row whose caller waits for `waitMs`. */
const request = (value: number, waitMs: number, changes: Partial<BatchRequest> = {}): BatchRequest => ({
  file: { sha256: 'm', path: '/m' },
  batchable: true,
  inputs: [{ name: 'x', datatype: 'FP64', shape: [1, 1], data: Float64Array.of(value) }],
  deadlineAt: performance.now() + waitMs,
  ...changes,
});

function startBatcher(workers: number, options: Partial<BatcherOptions> = {}) {
  const backend = new FakeBackend(workers);
  return { backend, batcher: new Batcher(backend, { nextTurn: (task) => task(), ...options }) };
}

const valuesOf = ({ outputs }: BatchAnswer): number[] => Array.from(outputs[0]?.data as Float64Array);
const TOO_LATE = { name: 'WorkerUnavailable', reason: 'deadline' };
const CANCELLED = { name: 'WorkerUnavailable', reason: 'cancelled' };
/** Sees a refusal that comes before the test looks for it. */
const seen = <Answer>(answer: Promise<Answer>): Promise<Answer> => {
  answer.catch(() => undefined);
  return answer;
};

test('a request whose deadline passes while it waits is refused, and its rows are never run', async () => {
  const { backend, batcher } = startBatcher(0);
  const late = seen(batcher.submit(request(1, 5)));
  const patient = batcher.submit(request(2, 1_000));
  jest.advanceTimersByTime(6);
  await expect(late).rejects.toMatchObject(TOO_LATE);
  backend.workers = 1;
  void batcher.submit(request(3, 1_000));
  expect(Array.from(backend.runs[0]?.inputs[0]?.data as Float64Array)).toEqual([2, 3]);
  backend.runs[0]?.finish();
  expect(valuesOf(await patient)).toEqual([4]);
});

test('a worker that comes free after a deadline, before its timer, does not run what is over', async () => {
  const { backend, batcher } = startBatcher(0);
  const late = seen(batcher.submit(request(1, 5)));
  const now = performance.now();
  jest.spyOn(performance, 'now').mockReturnValue(now + 10); // a busy event loop: no timer has fired meanwhile
  backend.workers = 1;
  const next = batcher.submit(request(2, 1_000));
  expect(Array.from(backend.runs[0]?.inputs[0]?.data as Float64Array)).toEqual([2]);
  backend.runs[0]?.finish();
  await expect(late).rejects.toMatchObject(TOO_LATE);
  expect(valuesOf(await next)).toEqual([4]);
});

test('a caller whose deadline passes during the run is told then; the others of its batch get their rows', async () => {
  const { backend, batcher } = startBatcher(1);
  const first = batcher.submit(request(0, 1_000));
  const late = seen(batcher.submit(request(1, 20)));
  const patient = batcher.submit(request(2, 1_000));
  backend.runs[0]?.finish();
  expect(backend.runs[0]?.inputs[0]?.shape).toEqual([2, 1]);
  jest.advanceTimersByTime(20);
  await expect(late).rejects.toMatchObject(TOO_LATE);
  expect(backend.runs).toHaveLength(1); // the run itself goes on
  backend.runs[0]?.finish();
  expect(valuesOf(await patient)).toEqual([4]);
  await expect(late).rejects.toMatchObject(TOO_LATE);
  await first;
});

test('a run that nobody waits for keeps its worker until it ends, and what it answers is dropped', async () => {
  const { backend, batcher } = startBatcher(1);
  const late = seen(batcher.submit(request(1, 10)));
  jest.advanceTimersByTime(10);
  await expect(late).rejects.toMatchObject(TOO_LATE);
  const next = batcher.submit(request(2, 1_000));
  expect(backend.runs).toHaveLength(1);
  backend.runs[0]?.finish();
  expect(Array.from(backend.runs[0]?.inputs[0]?.data as Float64Array)).toEqual([2]);
  backend.runs[0]?.finish();
  expect(valuesOf(await next)).toEqual([4]);
});

test('who was answered at the deadline is not run again where the batch was spoiled', async () => {
  const { backend, batcher } = startBatcher(1);
  void batcher.submit(request(0, 1_000));
  const late = seen(batcher.submit(request(1, 10)));
  const bad = seen(batcher.submit(request(NaN, 1_000)));
  const good = batcher.submit(request(3, 1_000));
  backend.runs[0]?.finish();
  jest.advanceTimersByTime(10);
  await expect(late).rejects.toMatchObject(TOO_LATE);
  const asked: unknown[] = [];
  while (backend.runs.length > 0) {
    backend.runs[0]?.finish();
    await new Promise(setImmediate);
    asked.push(backend.runs[0]?.inputs[0]?.data[0]);
  }
  expect(asked).toEqual([NaN, 3, undefined]);
  await expect(bad).rejects.toMatchObject({ name: 'InvalidInput' });
  expect(valuesOf(await good)).toEqual([6]);
});

test('a caller that leaves the queue costs nothing more', async () => {
  const { backend, batcher } = startBatcher(1);
  const first = batcher.submit(request(1, 1_000));
  const caller = new AbortController();
  const cancelled = batcher.submit(request(2, 1_000, { signal: caller.signal }));
  caller.abort();
  await expect(cancelled).rejects.toMatchObject(CANCELLED);
  expect(batcher.stats()).toMatchObject({ queuedRows: 0, queuedBytes: 0 });
  backend.runs[0]?.finish();
  await first;
  expect(backend.runs).toHaveLength(0);
  await expect(batcher.submit(request(3, 1_000, { signal: caller.signal }))).rejects.toMatchObject(CANCELLED);
});

test('a caller that leaves during the run is done with, and the others get their rows', async () => {
  const { backend, batcher } = startBatcher(1);
  void batcher.submit(request(0, 1_000));
  const caller = new AbortController();
  const cancelled = batcher.submit(request(1, 1_000, { signal: caller.signal }));
  const other = batcher.submit(request(2, 1_000));
  backend.runs[0]?.finish();
  caller.abort();
  await expect(cancelled).rejects.toMatchObject(CANCELLED);
  backend.runs[0]?.finish();
  expect(valuesOf(await other)).toEqual([4]);
});

test('a signal that outlives its requests is not listened to any more', async () => {
  const { backend, batcher } = startBatcher(1);
  const { signal } = new AbortController();
  const answer = batcher.submit(request(1, 1_000, { signal }));
  const late = seen(batcher.submit(request(1, 10, { signal })));
  expect(getEventListeners(signal, 'abort')).toHaveLength(2);
  jest.advanceTimersByTime(10);
  await expect(late).rejects.toMatchObject(TOO_LATE);
  backend.runs[0]?.finish();
  await answer;
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test('a thousand callers who wait equally long cost one timer, and a stopped batcher leaves none', async () => {
  const { backend, batcher } = startBatcher(1);
  const timers = jest.spyOn(globalThis, 'setTimeout');
  const answers = Array.from({ length: 1_000 }, (_, value) => batcher.submit(request(value, 1_000)));
  while (backend.runs.length > 0) {
    jest.advanceTimersByTime(1);
    backend.runs[0]?.finish();
    await new Promise(setImmediate);
  }
  await Promise.all(answers);
  expect(timers).toHaveBeenCalledTimes(1);
  void batcher.submit(request(1, 2_000));
  batcher.stop();
  expect(jest.getTimerCount()).toBe(1); // one request is on its way still
  backend.runs[0]?.finish();
  await new Promise(setImmediate);
  expect(jest.getTimerCount()).toBe(0);
});

type Event =
  | { readonly kind: 'ask'; readonly waitMs: number; readonly model: string }
  | { readonly kind: 'leave'; readonly caller: number }
  | { readonly kind: 'finish'; readonly run: number }
  | { readonly kind: 'pass'; readonly ms: number };

const anEvent: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      waitMs: fc.integer({ min: 1, max: 30 }),
      model: fc.constantFrom('a', 'b'),
    }),
  },
  fc.record({ kind: fc.constant('leave' as const), caller: fc.nat(40) }),
  fc.record({ kind: fc.constant('finish' as const), run: fc.nat(3) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 10 }) }),
);

test('everybody is told at the deadline at the latest, gets the own row or a reason, and nothing is left over', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anEvent, { maxLength: 60 }),
      fc.constantFrom(0, 4),
      async (events, maxDelayMs) => {
        const { backend, batcher } = startBatcher(2, { maxDelayMs, maxBatch: 4 });
        const callers: { deadlineAt: number; abort: AbortController; outcome?: unknown }[] = [];
        const ask = (waitMs: number, sha256: string): void => {
          const abort = new AbortController();
          const value = callers.length;
          const asked = request(value, waitMs, { signal: abort.signal, file: { sha256, path: sha256 } });
          const caller: (typeof callers)[number] = { deadlineAt: asked.deadlineAt, abort };
          callers.push(caller);
          batcher.submit(asked).then(
            (answer) => (caller.outcome = valuesOf(answer)[0] === 2 * value ? 'answered' : 'wrong'),
            (error: { reason: string }) => (caller.outcome = error.reason),
          );
        };
        for (const event of [...events, { kind: 'pass', ms: 40 } as const]) {
          if (event.kind === 'ask') ask(event.waitMs, event.model);
          else if (event.kind === 'leave') callers[event.caller]?.abort.abort();
          else if (event.kind === 'finish') backend.runs[event.run]?.finish();
          else jest.advanceTimersByTime(event.ms);
          await new Promise(setImmediate);
          for (const { deadlineAt, outcome, abort } of callers) {
            if (deadlineAt <= performance.now() || abort.signal.aborted) expect(outcome).toBeDefined();
            expect(outcome).not.toBe('wrong');
            if (outcome === 'deadline') expect(deadlineAt).toBeLessThanOrEqual(performance.now());
            if (outcome === 'cancelled') expect(abort.signal.aborted).toBe(true);
          }
        }
        expect(batcher.stats()).toMatchObject({ queuedRows: 0, queuedBytes: 0 });
        batcher.stop();
      },
    ),
    { numRuns: 200 },
  );
});

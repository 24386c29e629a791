import { createLogger } from '../../../../src/kernel/logger';
import type { Tensor } from '../../../../src/kernel/tensors/tensor';
import type { ModelVersion } from '../../../../src/registry/registry';
import { Batcher } from '../../../../src/serving/batching/batcher';
import { EndpointCache, type CacheCaller } from '../../../../src/serving/cache/cache-endpoint';
import { SharedAnswers } from '../../../../src/serving/cache/cache-shared';
import { FakeBackend } from '../../../support/fake-backend';
import { FakeStore } from '../../../support/fake-store';

const SETTINGS = { cacheTtlMs: 1_000, cacheMaxBytes: 1024 ** 2 };
const version = (id: string) =>
  ({
    ...{ id, projectId: 'project' },
    signature: { outputs: [{ name: 'y', datatype: 'FP64', shape: [-1, 1] }] },
  }) as unknown as ModelVersion;
const tensor = (value: number): Tensor => ({
  ...{ name: 'x', datatype: 'FP64', shape: [1, 1] },
  data: Float64Array.of(value),
});
const FILE = { sha256: 'a', path: 'a' };

/** One process: a cache in front of a batcher. */
class Process {
  nowMs = 1_000_000;
  readonly backend = new FakeBackend();
  readonly batcher = new Batcher(this.backend, { nextTurn: (task) => task() });
  readonly cache: EndpointCache;

  constructor(store?: FakeStore) {
    const shared = store ? new SharedAnswers(store, createLogger('silent')) : null;
    this.cache = new EndpointCache(SETTINGS, shared, () => this.nowMs);
  }

  ask(value: number, caller: Partial<CacheCaller> & { version?: string; outputs?: string[] } = {}) {
    const { version: id = 'v1', outputs, deadlineAt = performance.now() + 60_000, signal, ...more } = caller;
    const inputs = [tensor(value)];
    const waiting = { deadlineAt, ...(signal && { signal }) };
    const who = { isCounted: true, ...waiting, ...more };
    return this.cache.answer({ inputs, outputs, version: version(id) }, who, () =>
      this.batcher.submit({ file: FILE, batchable: true, inputs, ...waiting }),
    );
  }

  /** Asks, and lets the run end that this takes. */
  async asked(value: number, caller?: Parameters<Process['ask']>[1]) {
    const answer = this.ask(value, caller);
    await turn();
    this.finish();
    return answer;
  }

  finish(): void {
    for (const run of [...this.backend.runs]) run.finish();
  }

  get runs(): number {
    return this.batcher.stats().batches;
  }
}

/** Whatever is ready has happened. */
const turn = () => new Promise((resolve) => setImmediate(resolve));
const valueOf = ({ outputs }: { outputs: readonly Tensor[] }) => outputs[0]?.data[0];

let server: Process;
beforeEach(() => (server = new Process()));

test('an equal question is answered from memory, with its age', async () => {
  expect(await server.asked(1)).toMatchObject({ ageMs: null, coalesced: false, batchSize: 1 });
  server.nowMs += 400;
  const again = await server.ask(1);
  expect(again).toMatchObject({ ageMs: 400, coalesced: false, batchSize: 0, queueMs: 0, computeMs: 0 });
  expect(valueOf(again)).toBe(2);
  expect(server.runs).toBe(1);
});

test('until its time is over', async () => {
  await server.asked(1);
  server.nowMs += 1_000;
  expect(await server.asked(1)).toMatchObject({ ageMs: null });
  expect(server.runs).toBe(2);
});

test('another version, other outputs or other values are another question', async () => {
  await server.asked(1);
  expect(await server.asked(2)).toMatchObject({ ageMs: null });
  expect(await server.asked(1, { version: 'v2' })).toMatchObject({ ageMs: null });
  expect(await server.asked(1, { outputs: ['y'] })).toMatchObject({ ageMs: null });
});

test('a hundred who ask the same at once cost one run, and each gets the answer', async () => {
  const answers = Array.from({ length: 100 }, () => server.ask(3));
  await turn();
  expect(server.backend.runs).toHaveLength(1);
  server.finish();
  const landed = await Promise.all(answers);
  expect(landed.map(valueOf)).toEqual(new Array(100).fill(6));
  expect(landed.filter(({ coalesced }) => coalesced)).toHaveLength(99);
  expect(landed.every(({ ageMs, batchSize }) => ageMs === null && batchSize === 1)).toBe(true);
  expect(landed.filter(({ closed }) => closed === 'idle')).toHaveLength(1); // it was one batch
  expect(server.runs).toBe(1);
  expect(server.cache.statistics()).toMatchObject({ hits: 0, misses: 1, coalesced: 99, entries: 1 });
});

test('a leader that leaves does not take the others with it', async () => {
  const gone = new AbortController();
  const leader = server.ask(1, { signal: gone.signal }).catch((error: { reason: string }) => error.reason);
  const follower = server.ask(1);
  await turn();
  gone.abort();
  expect(await leader).toBe('cancelled');
  for (let left = 2; left > 0; left -= 1) {
    await turn();
    server.finish();
  }
  expect(await follower).toMatchObject({ ageMs: null, coalesced: false });
});

test('who lets others pass is not waited for by them', async () => {
  const copy = server.ask(1, { priority: 'LOW', isCounted: false });
  const caller = server.ask(1);
  await turn();
  server.finish();
  await turn();
  server.finish();
  expect(await caller).toMatchObject({ coalesced: false });
  expect(await copy).toMatchObject({ coalesced: false });
});

test('who says NORMAL shares a run with who says no priority, which is the same', async () => {
  const answers = [server.ask(1), server.ask(1, { priority: 'NORMAL' }), server.ask(1, { priority: null })];
  for (let left = 2; left > 0; left -= 1) {
    await turn();
    server.finish();
  }
  expect((await Promise.all(answers)).filter(({ coalesced }) => coalesced)).toHaveLength(2);
  expect(server.runs).toBe(1);
});

test('an answer that the model refuses is not remembered', async () => {
  await expect(server.asked(NaN)).rejects.toThrow();
  await expect(server.asked(NaN)).rejects.toThrow();
  expect(server.cache.statistics()).toMatchObject({ hits: 0, entries: 0 });
});

test('copies of the traffic are answered, and not counted', async () => {
  await server.asked(1, { isCounted: false });
  expect(await server.asked(1, { isCounted: false })).toMatchObject({ ageMs: 0 });
  expect(server.cache.statistics()).toMatchObject({ hits: 0, misses: 0, entries: 1 });
  expect(server.cache.popular.size).toBe(0);
});

test('what comes again is known as popular', async () => {
  await server.asked(1);
  await server.asked(2);
  await server.ask(1);
  await server.ask(1);
  expect(server.cache.popular.take()).toMatchObject([{ hits: 2 }]);
});

describe('with a store that processes share', () => {
  let store: FakeStore;
  let other: Process;
  beforeEach(() => {
    store = new FakeStore();
    [server, other] = [new Process(store), new Process(store)];
  });

  test('one answers with what the other has computed, at the age that it has', async () => {
    await server.asked(1);
    other.nowMs += 300;
    expect(await other.asked(1)).toMatchObject({ ageMs: 300, batchSize: 0 });
    expect(other.runs).toBe(0);
    store.state = 'hanging';
    expect(await other.ask(1)).toMatchObject({ ageMs: 300 }); // its own memory has it now
    expect(other.cache.statistics()).toMatchObject({ hits: 2, misses: 0 });
  });

  test('but not with what is older than its endpoint allows, nor with another version’s', async () => {
    await server.asked(1);
    other.nowMs += 1_000;
    expect(await other.asked(1)).toMatchObject({ ageMs: null });
    expect(await other.asked(1, { version: 'v2' })).toMatchObject({ ageMs: null });
  });

  test('nor with tensors that the version does not answer with', async () => {
    await server.asked(1);
    const [key] = store.asked;
    const forged = new SharedAnswers(store, createLogger('silent'));
    forged.put(key ?? '', [{ ...tensor(1), name: 'z' }], server.nowMs, 1_000);
    expect(await other.asked(1)).toMatchObject({ ageMs: null });
  });

  test('keys are the project’s', async () => {
    await server.asked(1);
    expect([...store.values.keys()]).toEqual([expect.stringMatching(/^prediction:project:[\w-]{43}$/)]);
  });

  test('a store that is away costs a miss', async () => {
    store.state = 'failing';
    expect(await server.asked(1)).toMatchObject({ ageMs: null });
    expect(await server.ask(1)).toMatchObject({ ageMs: 0 });
  });

  describe('that hangs', () => {
    beforeEach(() => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
      store.state = 'hanging';
    });
    afterEach(() => jest.useRealTimers());

    test('costs no more than 50 ms, once', async () => {
      const answers = Array.from({ length: 50 }, (_, value) => server.ask(value));
      await jest.advanceTimersByTimeAsync(39);
      expect(server.backend.runs).toEqual([]);
      await jest.advanceTimersByTimeAsync(11);
      expect(server.backend.runs).not.toEqual([]);
      const ended = Promise.all(answers).then(() => true);
      while (!(await Promise.race([ended, turn()]))) server.finish();
      const { length } = store.asked;
      await server.asked(1_000);
      expect(store.asked).toHaveLength(length);
    });

    test('leaves a caller in a hurry half of its time for the model', async () => {
      const answer = server.ask(1, { deadlineAt: performance.now() + 30 });
      await jest.advanceTimersByTimeAsync(15);
      expect(server.backend.runs).toHaveLength(1);
      server.finish();
      expect(await answer).toMatchObject({ ageMs: null });
    });
  });
});

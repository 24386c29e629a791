import type { Tensor } from '../../../../src/kernel/tensors/tensor';
import { createLogger, type Logger } from '../../../../src/kernel/logger';
import { SharedAnswers } from '../../../../src/serving/cache/cache-shared';
import { FakeStore } from '../../../support/fake-store';

const answer = (count = 1): Tensor[] => [
  { name: 'y', datatype: 'FP32', shape: [1, count], data: new Float32Array(count).fill(0.5) },
];
const PATIENT_MS = 10_000;

let store: FakeStore;
let logger: Logger;
let warned: jest.SpyInstance;
let informed: jest.SpyInstance;
let shared: SharedAnswers;
beforeEach(() => {
  jest.useFakeTimers();
  store = new FakeStore();
  logger = createLogger('silent');
  warned = jest.spyOn(logger, 'warn');
  informed = jest.spyOn(logger, 'info');
  shared = new SharedAnswers(store, logger);
});
afterEach(() => jest.useRealTimers());

/** Milliseconds that a look-up takes until it gives up. */
async function waited(patienceMs = PATIENT_MS): Promise<number> {
  const startedAt = performance.now();
  const lookUp = Promise.resolve(shared.get('key', patienceMs)).then(() => performance.now() - startedAt);
  await jest.advanceTimersByTimeAsync(100);
  return lookUp;
}

test('what one process puts, another one gets, with the time of its computation', async () => {
  shared.put('key', answer(), 123, 1_000);
  const other = new SharedAnswers(store, logger);
  expect(await other.get('key', PATIENT_MS)).toEqual({ storedAtMs: 123, outputs: answer() });
  expect(await other.get('another', PATIENT_MS)).toBeUndefined();
});

test('what cannot be read is a miss, and no outage', async () => {
  shared.put('key', answer(), 123, 1_000);
  store.values.set('moved', store.values.get('key') ?? '');
  store.values.set('foreign', 'hello');
  store.values.set('damaged', (store.values.get('key') ?? '').slice(0, -8));
  for (const key of ['moved', 'foreign', 'damaged'])
    expect(await shared.get(key, PATIENT_MS)).toBeUndefined();
  expect(await shared.get('key', PATIENT_MS)).toBeDefined();
  expect(warned).not.toHaveBeenCalled();
});

test('a store that hangs is waited for 50 ms at most, and then not at all for a while', async () => {
  store.state = 'hanging';
  expect(await waited()).toBeLessThanOrEqual(50);
  for (let call = 0; call < 5; call += 1) expect(await waited()).toBe(0);
  expect(store.asked).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(await waited()).toBeLessThanOrEqual(50);
  expect(await waited()).toBe(0);
  expect(store.asked).toHaveLength(2);
});

test('callers in a hurry wait for less, and do not take its health from it', async () => {
  store.state = 'hanging';
  const lookUp = shared.get('key', 5);
  await jest.advanceTimersByTimeAsync(5);
  expect(await lookUp).toBeUndefined();
  expect(warned).not.toHaveBeenCalled();
});

describe('a store whose client takes long over its first call', () => {
  const FIRST_CALL_MS = 1_250;
  const firstCallTakes = (work: () => Promise<unknown>) =>
    jest.spyOn(store, 'get').mockImplementationOnce((key) => {
      store.asked.push(key);
      return work();
    });
  const putBy = (other: SharedAnswers) => other.put('key', answer(), 123, 1_000);
  const loading = () => new Promise((resolve) => setTimeout(() => resolve(undefined), FIRST_CALL_MS));

  test('is called once as the server starts, and until then every look-up is a miss', async () => {
    firstCallTakes(loading);
    putBy(new SharedAnswers(store, logger));
    const started = shared.start();
    await jest.advanceTimersByTimeAsync(FIRST_CALL_MS - 1);
    for (let call = 0; call < 5; call += 1) expect(shared.get('key', PATIENT_MS)).toBeUndefined();
    expect(store.asked).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    await started;
    expect(await shared.get('key', PATIENT_MS)).toEqual({ storedAtMs: 123, outputs: answer() });
    expect(warned).not.toHaveBeenCalled();
  });

  test('is given nothing to keep until then', async () => {
    firstCallTakes(loading);
    const set = jest.spyOn(store, 'set');
    const started = shared.start();
    shared.put('key', answer(), 1, 1_000);
    expect(set).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(FIRST_CALL_MS);
    await started;
    shared.put('key', answer(), 1, 1_000);
    expect(set).toHaveBeenCalledTimes(1);
  });

  test('stops the process before any caller is there, and none afterwards', async () => {
    let isLoaded = false;
    const slowImport = (key: string) => {
      store.asked.push(key);
      if (!isLoaded) jest.setSystemTime(Date.now() + FIRST_CALL_MS); // nothing else runs meanwhile
      isLoaded = true;
      return Promise.resolve(store.values.get(key));
    };
    jest.spyOn(store, 'get').mockImplementation(slowImport);
    await shared.start();
    const startedAt = Date.now();
    await shared.get('key', PATIENT_MS);
    expect(Date.now() - startedAt).toBe(0);
  });

  test('delays the start by seconds at most, whether it hangs, fails or throws', async () => {
    store.state = 'hanging';
    const started = shared.start();
    expect(shared.start()).toBe(started);
    await jest.advanceTimersByTimeAsync(3_000);
    await started;
    expect(await waited()).toBeLessThanOrEqual(50); // from here on it is as any store that hangs
    for (const work of [
      () => Promise.reject(new Error('not connected yet')),
      () => {
        throw new Error('cannot be loaded');
      },
    ]) {
      store.state = 'up';
      firstCallTakes(work);
      const other = new SharedAnswers(store, logger);
      await other.start();
      warned.mockClear();
      other.put('key', answer(), 123, 1_000);
      expect(await other.get('key', PATIENT_MS)).toEqual({ storedAtMs: 123, outputs: answer() });
      expect(warned).not.toHaveBeenCalled();
    }
  });
});

test('an outage is told once, with why, and so is its end', async () => {
  store.state = 'failing';
  for (let tenth = 0; tenth < 50; tenth += 1) await waited();
  expect(warned).toHaveBeenCalledTimes(1);
  expect(warned).toHaveBeenCalledWith({ problem: 'gone' }, expect.stringContaining('Check REDIS_URL'));
  store.state = 'up';
  for (let tenth = 0; tenth < 30; tenth += 1) await waited();
  expect(warned).toHaveBeenCalledTimes(1);
  expect(informed).toHaveBeenCalledTimes(1);
});

test('single look-ups that come too late are counted, and fill no log', async () => {
  for (let minute = 0; minute < 60; minute += 1) {
    store.state = 'hanging';
    await waited();
    store.state = 'up';
    await jest.advanceTimersByTimeAsync(1_000);
    await waited();
  }
  expect(shared.state()).toEqual({ isUp: true, failures: 60 });
  expect(warned).not.toHaveBeenCalled();
  expect(informed).not.toHaveBeenCalled();
});

test('a store that is not there when the server starts is told, and found, where nobody asks', async () => {
  store.state = 'failing';
  await shared.start();
  expect(warned).not.toHaveBeenCalled(); // a client that was made just now may not be connected
  await jest.advanceTimersByTimeAsync(5_000);
  expect(warned).toHaveBeenCalledTimes(1);
  expect(shared.state().isUp).toBe(false);
  store.state = 'up';
  await jest.advanceTimersByTimeAsync(3_000);
  expect(informed).toHaveBeenCalledTimes(1);
  expect(shared.state().isUp).toBe(true);
  store.asked.length = 0;
  await jest.advanceTimersByTimeAsync(60_000);
  expect(store.asked).toEqual([]); // what answers is left to callers
  await shared.stop();
});

test('nothing is put while the store is away', async () => {
  store.state = 'failing';
  await waited();
  const set = jest.spyOn(store, 'set');
  shared.put('key', answer(), 1, 1_000);
  expect(set).not.toHaveBeenCalled();
});

test('a store that takes nothing gets no more than it can hold up, and no answer is too large for the way', () => {
  const set = jest.spyOn(store, 'set');
  shared.put('huge', answer(1_200_000), 1, 1_000);
  expect(set).not.toHaveBeenCalled();
  store.state = 'hanging';
  for (let index = 0; index < 40; index += 1) shared.put(String(index), answer(250_000), 1, 1_000);
  expect(set.mock.calls.length).toBeGreaterThan(10);
  expect(set.mock.calls.length).toBeLessThan(20);
});

test('a write that the client has lost does not count for ever', async () => {
  store.state = 'hanging';
  for (let index = 0; index < 40; index += 1) shared.put(String(index), answer(250_000), 1, 1_000);
  store.state = 'up';
  shared.put('key', answer(), 1, 1_000);
  shared.put('large', answer(250_000), 1, 1_000);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(store.values.has('large')).toBe(false);
  shared.put('large', answer(250_000), 1, 1_000);
  expect(store.values.has('large')).toBe(true);
});

test('the store is told of each failure, so that it may do something about it', async () => {
  const renew = jest.fn();
  shared = new SharedAnswers(Object.assign(store, { renew }), logger);
  expect(await shared.get('key', PATIENT_MS)).toBeUndefined();
  expect(renew).not.toHaveBeenCalled();
  store.state = 'failing';
  await waited();
  store.state = 'hanging';
  await jest.advanceTimersByTimeAsync(1_000);
  await waited();
  expect(renew).toHaveBeenCalledTimes(2);
});

test('a value that the store refuses is no outage', async () => {
  jest.spyOn(store, 'set').mockRejectedValue(new Error('object too large for cache'));
  shared.put('key', answer(), 1, 1_000);
  await jest.advanceTimersByTimeAsync(0);
  expect(await shared.get('key', PATIENT_MS)).toBeUndefined();
  expect(warned).not.toHaveBeenCalled();
});

test('it stops, also where the store does not say goodbye', async () => {
  store.state = 'hanging';
  const stopped = shared.stop();
  await jest.advanceTimersByTimeAsync(1_000);
  await stopped;
  expect(store.isClosed).toBe(true);
});

import { setTimeout as pause } from 'node:timers/promises';
import { randomBytes, randomUUID } from 'node:crypto';
import { createLogger } from '../../src/kernel/logger';
import type { Tensor } from '../../src/kernel/tensors/tensor';
import { openSharedAnswers } from '../../src/serving/cache/cache-adapter';
import type { SharedAnswers } from '../../src/serving/cache/cache-shared';
import { isServer, STORES, startStore, type TestedStore } from '../support/cache-stores';
import type { FreezableProxy } from '../support/freezable-proxy';
import { until } from '../support/until';

// What Amazon's programs look for: the server that is tested against takes anybody's.
process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const A_MINUTE_MS = 60_000;
/** Time enough, so that it is the store's own limit that ends a look-up. */
const PATIENT_MS = 10_000;
/**
 * Pause after each put, in ms: a store of the tests on a slow machine has no time for gets beside hundreds a second.
 */
const PUT_EVERY_MS = 100;
/**
 * Far more than 50 ms, and far less than a client takes to give up: the exact limit is tested where the clock is ours.
 */
const NOT_STUCK_MS = 1_000;

/** In truth it is waited for: until then a client that does not get through stays. */
const RENEWED_AFTER_MS = 5_000;

const ANSWER: readonly Tensor[] = [
  { name: 'y', datatype: 'FP32', shape: [3], data: Float32Array.of(0.1, NaN, -0) },
  { name: 'big', datatype: 'INT64', shape: [1], data: BigInt64Array.of(-(2n ** 63n)) },
  { name: 'label', datatype: 'BYTES', shape: [3], data: ['é\0\n', '', ':base64:x'] },
];
const bytes = (count: number): readonly Tensor[] => [
  { name: 'y', datatype: 'UINT8', shape: [count], data: new Uint8Array(randomBytes(count)) },
];
/** As keys are in truth. */
const newKey = () => randomBytes(32).toString('base64url');

test('there is a store to test against', () => {
  expect(STORES).not.toEqual([]); // run .ci/cache-stores.sh
});

describe.each(STORES)('%s', (name) => {
  const logger = createLogger('silent');
  let store: TestedStore;
  beforeAll(async () => void (store = await startStore(name)));
  afterAll(() => store.stop());
  afterEach(() => jest.restoreAllMocks());
  const ifServer = isServer(name) ? test : test.skip;

  function theWay(): FreezableProxy {
    if (!store.proxy) throw new Error(`${name} is no server.`);
    return store.proxy;
  }

  /** The store is there again, and it is late enough for clients to be made anew. */
  async function mendLater(proxy: FreezableProxy): Promise<void> {
    await proxy.mend();
    const nowMs = performance.now.bind(performance);
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs() + RENEWED_AFTER_MS);
  }

  /** Puts until the other one has it: a new connection may lose the first, and a slow machine may be late. */
  async function untilShared(from: SharedAnswers, to: SharedAnswers, tensors = ANSWER): Promise<string> {
    const key = `${newKey()}${randomUUID()}`;
    await until(async () => {
      from.put(key, tensors, 5, A_MINUTE_MS);
      await pause(PUT_EVERY_MS);
      return (await to.get(key, PATIENT_MS)) !== undefined;
    });
    return key;
  }

  test('who stops keeps no connection', async () => {
    const brief = openSharedAnswers(store.url, logger);
    await untilShared(brief, brief);
    await brief.stop();
    await until(() => (store.proxy?.connections ?? 0) === 0);
  });

  ifServer('one that was away at the start is found when it has come', async () => {
    const proxy = theWay();
    await proxy.cut();
    const early = openSharedAnswers(store.url, logger);
    await early.start();
    await mendLater(proxy);
    await untilShared(early, early);
    await early.stop();
  });

  describe('between two', () => {
    let here: SharedAnswers;
    let there: SharedAnswers;
    beforeAll(async () => {
      here = openSharedAnswers(store.url, logger);
      there = openSharedAnswers(store.url, logger);
      await Promise.all([here.start(), there.start()]);
    });
    afterAll(() => Promise.all([here.stop(), there.stop()]));

    test('what one puts the other one gets, exactly, as long as it may', async () => {
      const key = await untilShared(here, there);
      let got: unknown;
      await until(async () => (got = await there.get(key, PATIENT_MS)) !== undefined);
      expect(got).toEqual({ storedAtMs: 5, outputs: ANSWER });
      const now = Date.now();
      jest.spyOn(Date, 'now').mockReturnValue(now + A_MINUTE_MS + 1);
      expect(await there.get(key, PATIENT_MS)).toBeUndefined();
    });

    test('an answer of 10,000 bytes is shared, and one that is too large harms no other', async () => {
      await untilShared(here, there, bytes(10_000));
      here.put(newKey(), bytes(3_000_000), 5, A_MINUTE_MS);
      await untilShared(here, there);
    });

    ifServer('while it is away nobody waits, and afterwards answers are shared again', async () => {
      const proxy = theWay();
      const key = await untilShared(here, there);
      await proxy.cut();
      for (let call = 0; call < 50; call += 1) {
        here.put(newKey(), ANSWER, 5, A_MINUTE_MS);
        const startedAt = performance.now();
        expect(await there.get(key, PATIENT_MS)).toBeUndefined();
        expect(performance.now() - startedAt).toBeLessThan(NOT_STUCK_MS);
      }
      await mendLater(proxy);
      await untilShared(here, there);
    });
  });
});

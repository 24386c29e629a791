import type { CacheableQuestion } from '../../../../src/serving/cache/cache-endpoint';
import { PredictionCache } from '../../../../src/serving/cache/prediction-cache';
import type { Endpoint, EndpointId } from '../../../../src/serving/endpoints/endpoint';

const ID = 'e' as EndpointId;
const MAX_BYTES = 2_000;
const FORMER = { cacheTtlMs: 1_000, cacheMaxBytes: 100 * MAX_BYTES };
const question = (version: string) =>
  ({
    ...{ version: { id: version, projectId: 'p', signature: { outputs: [] } }, inputs: [] },
  }) as unknown as CacheableQuestion;
const answer = {
  outputs: [{ name: 'y', datatype: 'FP64', shape: [1, 1], data: new Float64Array(1) }],
  ...{ batchSize: 1, queueMs: 0, computeMs: 0, closed: null },
} as const;

let cache: PredictionCache;
beforeEach(() => (cache = new PredictionCache(null, () => 0)));

const runsWith = (settings: typeof FORMER) =>
  cache.keepOnly([{ id: ID, settings: settings as Endpoint['settings'] }]);

async function askTwenty(): Promise<void> {
  const caller = { deadlineAt: Infinity, isCounted: false };
  for (let at = 0; at < 20; at += 1)
    await cache.of({ id: ID })?.answer(question(`v${at}`), caller, () => Promise.resolve(answer));
}

test('answers keep to the newest settings', async () => {
  runsWith(FORMER);
  runsWith({ ...FORMER, cacheMaxBytes: MAX_BYTES });
  await askTwenty();
  const { entries, sizeBytes } = cache.statisticsOf(ID);
  expect(entries).toBeGreaterThan(0);
  expect(sizeBytes).toBeLessThanOrEqual(MAX_BYTES);
});

test('nothing is kept where the cache was switched off, or its endpoint is gone', async () => {
  runsWith(FORMER);
  runsWith({ ...FORMER, cacheTtlMs: 0 });
  await askTwenty();
  expect(cache.statisticsOf(ID)).toMatchObject({ entries: 0, misses: 0 });
  runsWith(FORMER);
  cache.keepOnly([]);
  await askTwenty();
  expect(cache.statisticsOf(ID)).toMatchObject({ entries: 0, misses: 0 });
});

test('new settings keep the answers that fit them', async () => {
  runsWith(FORMER);
  await askTwenty();
  runsWith({ ...FORMER });
  expect(cache.statisticsOf(ID).entries).toBe(20);
  runsWith({ ...FORMER, cacheMaxBytes: MAX_BYTES });
  expect(cache.statisticsOf(ID).sizeBytes).toBeLessThanOrEqual(MAX_BYTES);
});

import { Readable } from 'node:stream';
import type { Actor } from '../../../../src/kernel/actor';
import { CacheWarming } from '../../../../src/serving/warming/cache-warming';
import { PredictionCache } from '../../../../src/serving/cache/prediction-cache';
import type { RunningEndpoint } from '../../../../src/serving/routing/running-endpoint';

/** Many more than are read ahead. */
const LINES = 10_000;

test('a warming ends where the cache is switched off: nobody would be answered with more of it', async () => {
  const cache = new PredictionCache(null, () => 0);
  const endpoint = {
    ...{ id: 'e', name: 'e', shadows: [] },
    variants: [{ model: {} }],
    settings: { cacheTtlMs: 1_000, cacheMaxBytes: 1_000 },
  } as unknown as RunningEndpoint;
  cache.keepOnly([endpoint]);
  const off = { ...endpoint, settings: { ...endpoint.settings, cacheTtlMs: 0 } };
  async function* lines() {
    for (let line = 0; line < LINES; line += 1) {
      if (line === 100) cache.keepOnly([off]);
      yield await Promise.resolve('no question\n');
    }
  }
  const warming = new CacheWarming({
    cache,
    routing: { endpoint: () => endpoint },
    artifacts: {
      find: () => Promise.resolve({ sizeBytes: 1 }),
      read: () => Promise.resolve(Readable.from(lines())),
    },
  } as unknown as ConstructorParameters<typeof CacheWarming>[0]);
  const actor = { projectId: 'p', role: 'admin' } as unknown as Actor;
  const warmed = await warming.warm(actor, { endpoint: 'e', artifact: { sha256: 'a'.repeat(64) } });
  expect(warmed).toMatchObject({ ok: true, isComplete: false });
  expect(warmed.ok && warmed.refused).toBeLessThan(LINES / 2);
});

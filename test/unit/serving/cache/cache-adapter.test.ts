import { ConfigError } from '../../../../src/kernel/config';
import { createLogger } from '../../../../src/kernel/logger';
import type { Tensor } from '../../../../src/kernel/tensors/tensor';
import { openSharedAnswers, type Load } from '../../../../src/serving/cache/cache-adapter';

const logger = createLogger('silent');
const missing: Load = () => {
  throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
};
const ANSWER: Tensor[] = [{ name: 'y', datatype: 'FP32', shape: [1], data: Float32Array.of(1) }];

/** A package whose stores are maps, and what they were made with. */
function fakePackage() {
  const made: unknown[][] = [];
  const store = new Map<string, unknown>();
  class Store {
    opts = {};
    constructor(...options: unknown[]) {
      made.push(options);
    }
    get = (key: string) => Promise.resolve(store.get(key));
    set = (key: string, value: unknown) => Promise.resolve(store.set(key, value));
    delete = (key: string) => Promise.resolve(store.delete(key));
    clear = () => Promise.resolve(store.clear());
    on = () => this;
  }
  return { made, store, loaded: { default: Store } };
}

test.each([
  ['memcached://host:11211', '@keyv/memcache', ['host:11211']],
  ['dynamodb://answers?region=eu-1', '@keyv/dynamo', [{ tableName: 'answers', region: 'eu-1' }]],
  ['firestore://project/answers', 'keyv-firestore', [{ projectId: 'project', collection: 'answers' }]],
  ['mongodb://host/db', '@keyv/mongo', ['mongodb://host/db', { collection: 'modelgraph_cache' }]],
  ['postgres://u@host/db', '@keyv/postgres', [{ uri: 'postgres://u@host/db', table: 'modelgraph_cache' }]],
  ['mysql://u@host/db', '@keyv/mysql', [{ uri: 'mysql://u@host/db', table: 'modelgraph_cache' }]],
  ['sqlite:///tmp/a.db', '@keyv/sqlite', [{ uri: 'sqlite:///tmp/a.db', table: 'modelgraph_cache' }]],
  ['etcd://host:2379', '@keyv/etcd', ['host:2379']],
])('%s is kept by %s, which is loaded only then', async (url, name, options) => {
  const { made, store, loaded } = fakePackage();
  const load = jest.fn(() => loaded);
  const shared = openSharedAnswers(url, logger, load);
  expect(load.mock.calls).toEqual([[name]]);
  expect(made).toEqual([options]);
  shared.put('key', ANSWER, 1, 1_000);
  while (store.size === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(await shared.get('key', 1_000)).toEqual({ storedAtMs: 1, outputs: ANSWER });
  expect([...store.keys()]).toEqual(['modelgraph:key']);
});

test('a package that is not installed is named, with what to run', () => {
  const open = () => openSharedAnswers('mongodb://user:secret@host/db', logger, missing);
  expect(open).toThrow(ConfigError);
  expect(open).toThrow(/CACHE_URL: mongodb needs .* npm install @keyv\/mongo@3/);
  expect(open).not.toThrow(/secret/);
});

test('so it is in truth: nothing but Redis’s comes with us', () => {
  expect(() => openSharedAnswers('etcd://localhost:2379', logger)).toThrow(/npm install @keyv\/etcd@2/);
});

test('a store that nobody knows is refused with those that are known', () => {
  const open = () => openSharedAnswers('carrier-pigeon://user:secret@host', logger);
  expect(open).toThrow(/CACHE_URL: .*redis, rediss.*dynamodb.*etcd/);
  expect(open).not.toThrow(/secret/);
});

test('a package that is broken is not taken for a missing one', () => {
  const broken: Load = () => {
    throw new Error('bad binary');
  };
  expect(() => openSharedAnswers('sqlite:///a.db', logger, broken)).toThrow('bad binary');
});

test('where no Redis answers, there is none: nobody waits, and it can be stopped', async () => {
  const shared = openSharedAnswers('redis://127.0.0.1:1', logger);
  const startedAt = performance.now();
  expect(await shared.get('key', 10_000)).toBeUndefined();
  expect(performance.now() - startedAt).toBeLessThan(9_000); // a fraction of a second, where there is time
  await shared.stop();
});

import { EventEmitter, once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { pino } from 'pino';
import { ConfigError } from '../../../../src/kernel/config';
import { createLogger } from '../../../../src/kernel/logger';
import type { Tensor } from '../../../../src/kernel/tensors/tensor';
import { openSharedAnswers, type Load } from '../../../../src/serving/cache/cache-adapter';
import { until } from '../../../support/until';

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
  [
    'dynamodb://answers?region=eu-1',
    '@keyv/dynamo',
    [expect.objectContaining({ tableName: 'answers', region: 'eu-1' })],
  ],
  ['firestore://project/answers', 'keyv-firestore', [{ projectId: 'project', collection: 'answers' }]],
  ['mongodb://host/db', '@keyv/mongo', ['mongodb://host/db', { collection: 'modelgraph_cache' }]],
  [
    'postgres://u@host/db',
    '@keyv/postgres',
    [expect.objectContaining({ uri: 'postgres://u@host/db', table: 'modelgraph_cache' })],
  ],
  [
    'mysql://u@host/db',
    '@keyv/mysql',
    [expect.objectContaining({ uri: 'mysql://u@host/db', table: 'modelgraph_cache' })],
  ],
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

/** As `@keyv/memcache` is: a miss is a value that is not there, and its client never closes by itself. */
function fakeMemcache() {
  const options: unknown[] = [];
  const set = jest.fn((_key: string, _value: string, _ttlMs: number) => Promise.resolve());
  const remove = jest.fn(() => Promise.resolve(true));
  const close = jest.fn();
  const server = Object.assign(new EventEmitter(), { _socket: { setNoDelay: jest.fn() } });
  class Store extends EventEmitter {
    readonly client = { servers: [server], close };
    opts = {};
    constructor(...given: unknown[]) {
      super();
      options.push(...given);
    }
    get = () => Promise.resolve({ value: undefined, expires: 0 });
    delete = remove;
    clear = () => Promise.resolve();
    set(key: string, value: string, ttlMs: number) {
      return set(key, value, ttlMs);
    }
  }
  return { options, set, remove, close, server, loaded: { default: Store } };
}

describe('Memcached', () => {
  const open = () => {
    const fake = fakeMemcache();
    const shared = openSharedAnswers('memcached://me:p%40ss@host:11211', logger, () => fake.loaded);
    return { ...fake, shared };
  };

  test('is asked once, by the name and password in the URL, and writes nothing into the log', () => {
    const { options } = open();
    expect(options).toEqual([
      'host:11211',
      expect.objectContaining({ username: 'me', password: 'p@ss', retries: 1 }),
    ]);
    expect(options[1]).toHaveProperty('logger.log');
  });

  test('a miss deletes nothing, which another process may have put meanwhile', async () => {
    const { shared, remove } = open();
    expect(await shared.get('key', 1_000)).toBeUndefined();
    expect(remove).not.toHaveBeenCalled();
  });

  test('keeps an answer for as long as it is good, whose seconds are rounded down, and for no more than it can', () => {
    const ttlsOf = async (ttlMs: number) => {
      const { shared, set } = open();
      shared.put('key', ANSWER, 1, ttlMs);
      await until(() => set.mock.calls.length > 0);
      return set.mock.calls[0]?.[2];
    };
    return expect(Promise.all([500, 30 * 86_400_000].map(ttlsOf))).resolves.toEqual([2_500, 2_592_000_000]);
  });

  test('small questions are sent at once, also after others', () => {
    const { server } = open();
    server.emit('authenticated');
    expect(server._socket.setNoDelay).toHaveBeenCalledWith(true);
  });

  test('its connection is closed at the end', async () => {
    const { shared, close } = open();
    await shared.stop();
    expect(close).toHaveBeenCalledTimes(1);
  });
});

test('the client of Firestore, which is not ended by its adapter, is ended, and asked nothing afterwards', async () => {
  const asked: string[] = [];
  class Store {
    opts = {};
    readonly _store = { terminate: () => Promise.resolve(asked.push('terminate')) };
    get = () => Promise.resolve(asked.push('get') && undefined);
    set = () => Promise.resolve(asked.push('set'));
    delete = () => Promise.resolve(true);
    clear = () => Promise.resolve();
  }
  const shared = openSharedAnswers('firestore://project', logger, () => Store);
  await shared.get('key', 1_000);
  await shared.stop();
  expect(asked.at(-1)).toBe('terminate');
  const before = [...asked];
  expect(await shared.get('key', 1_000)).toBeUndefined();
  shared.put('key', ANSWER, 1, 1_000);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(asked).toEqual(before);
});

test('what Memcached, DynamoDB, etcd and MySQL are too small for is not sent to them', async () => {
  const sizesThatFit = async (url: string) => {
    const { store, loaded } = fakePackage();
    const shared = openSharedAnswers(url, logger, () => loaded);
    const answerOf = (kilobytes: number): Tensor[] => [
      { name: 'y', datatype: 'UINT8', shape: [kilobytes * 1024], data: new Uint8Array(kilobytes * 1024) },
    ];
    for (const kilobytes of [2_000, 900, 700, 200, 40])
      shared.put(String(kilobytes), answerOf(kilobytes), 1, 1_000);
    await until(() => store.has('modelgraph:40'));
    return [...store.keys()].map((key) => key.slice('modelgraph:'.length));
  };
  expect(await sizesThatFit('sqlite:///a.db')).toEqual(['2000', '900', '700', '200', '40']);
  expect(await sizesThatFit('etcd://host')).toEqual(['900', '700', '200', '40']);
  expect(await sizesThatFit('firestore://project')).toEqual(['700', '200', '40']);
  expect(await sizesThatFit('dynamodb://answers')).toEqual(['200', '40']);
  expect(await sizesThatFit('mysql://host/db')).toEqual(['40']);
});

test('an idle connection to PostgreSQL that breaks does not end the process', () => {
  const { made, loaded } = fakePackage();
  openSharedAnswers('postgres://host/db', logger, () => loaded);
  const [{ log } = { log: () => undefined }] = made[0] as { log: (this: EventEmitter) => void }[];
  const pool = Object.assign(new EventEmitter(), { log });
  for (let connection = 0; connection < 3; connection += 1) pool.log();
  expect(() => pool.emit('error', new Error('Connection terminated unexpectedly'))).not.toThrow();
  expect(pool.listenerCount('error')).toBe(1);
});

test('a connection to MySQL that breaks while its pool is ended does not end the process', async () => {
  const { made, loaded } = fakePackage();
  openSharedAnswers('mysql://host/db', logger, () => loaded);
  const [{ stream }] = made[0] as [{ stream: (connecting: unknown) => Socket }];
  const server = createServer((socket) => socket.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const told: unknown[] = [];
  // As mysql2's: who does not ask to be told is thrown at.
  const pool = {
    end(tell: (error: Error) => void = (error) => void told.push(error)) {
      tell(new Error('Connection lost'));
    },
  };
  for (let connection = 0; connection < 2; connection += 1) {
    const socket = stream({ config: { host: '127.0.0.1', port, pool } });
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
  }
  pool.end();
  expect(told).toEqual([]);
  server.close();
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

test('whoever asks a Redis that is not there hears why, and not only that nothing is connected', async () => {
  const lines: string[] = [];
  const shared = openSharedAnswers(
    'redis://me:secret@127.0.0.1:1',
    pino({ base: null }, { write: (line: string) => void lines.push(line) }),
  );
  await shared.start();
  await until(() => lines.length > 0);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    ...{ level: 40, cache: 'redis://127.0.0.1:1' },
    problem: expect.stringContaining('ECONNREFUSED'),
  });
  expect(lines.join('')).not.toContain('secret');
  await shared.stop();
});

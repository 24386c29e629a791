import { createRequire } from 'node:module';
import Keyv from 'keyv';
import type * as KeyvRedisPackage from '@keyv/redis';
import { ConfigError } from '../../kernel/config';
import type { Logger } from '../../kernel/logger';
import { SharedAnswers, type SharedStore } from './cache-shared';

/** Loads an installed package by its name. */
export type Load = (name: string) => unknown;

interface Adapter {
  /** What its URLs begin with. */
  readonly schemes: readonly string[];
  /** As npm installs it: the major version that goes with our Keyv. */
  readonly install: string;
  /** @param loaded what the package exports */
  open(loaded: unknown, url: URL): SharedStore;
}

/** Begins every key, so that others may use the same store. */
const NAMESPACE = 'modelgraph';
/** Table or collection, where the store has some. */
const TABLE = 'modelgraph_cache';
/** Longest that opening a connection to Redis may take, in ms; predictions never wait for it. */
const CONNECT_LIMIT_MS = 2_000;
/** A connection that says nothing for so long is dead, in ms. It is asked twice as often as that. */
const SILENCE_LIMIT_MS = 4_000;
/** Commands that wait for Redis: what a connection that hangs may pile up before it is found dead. */
const MAX_COMMANDS = 10_000;
const RECONNECT_EVERY_MS = 500;

type Store = ConstructorParameters<typeof Keyv>[0];
type StoreClass = new (...options: unknown[]) => Store;

/** Only Redis's package is installed with ours. */
const ADAPTERS: readonly Adapter[] = [
  { schemes: ['redis', 'rediss', 'valkey', 'valkeys'], install: '@keyv/redis@5', open: openRedis },
  keyvOver(['memcache', 'memcached'], '@keyv/memcache@2', ({ host }) => [host]),
  keyvOver(['dynamodb'], '@keyv/dynamo@1', ({ host, searchParams }) => [
    { tableName: host || TABLE, ...Object.fromEntries(searchParams) },
  ]),
  keyvOver(['firestore'], 'keyv-firestore@2', ({ host, pathname }) => [
    { projectId: host, collection: pathname.slice(1) || TABLE },
  ]),
  keyvOver(['mongodb', 'mongodb+srv'], '@keyv/mongo@3', ({ href }) => [href, { collection: TABLE }]),
  keyvOver(['postgres', 'postgresql'], '@keyv/postgres@2', ({ href }) => [{ uri: href, table: TABLE }]),
  keyvOver(['mysql'], '@keyv/mysql@2', ({ href }) => [{ uri: href, table: TABLE }]),
  keyvOver(['sqlite'], '@keyv/sqlite@4', ({ href }) => [{ uri: href, table: TABLE }]),
  keyvOver(['etcd'], '@keyv/etcd@2', ({ host }) => [host]),
];

/**
 * The store that a URL names. It need not be there yet.
 *
 * @throws ConfigError where nothing is known of such stores, or the package for them is not installed
 */
export function openSharedAnswers(
  url: string,
  logger: Logger,
  load: Load = createRequire(__filename),
): SharedAnswers {
  const scheme = url.slice(0, url.indexOf(':')).toLowerCase();
  const adapter = ADAPTERS.find(({ schemes }) => schemes.includes(scheme));
  if (!adapter || !URL.canParse(url)) {
    const known = ADAPTERS.flatMap(({ schemes }) => schemes).join(', ');
    throw new ConfigError([`CACHE_URL: expected a URL that begins with one of ${known}.`]);
  }
  return new SharedAnswers(adapter.open(loadPackage(adapter.install, scheme, load), new URL(url)), logger);
}

function loadPackage(install: string, scheme: string, load: Load): unknown {
  try {
    return load(install.slice(0, install.lastIndexOf('@')));
  } catch (error) {
    const isMissing = /^(ERR_)?MODULE_NOT_FOUND$/.test((error as NodeJS.ErrnoException).code ?? '');
    if (!isMissing) throw error;
    throw new ConfigError([
      `CACHE_URL: ${scheme} needs a package that is not installed. Run: npm install ${install}`,
    ]);
  }
}

/** @param options what the package's class is made with */
function keyvOver(
  schemes: readonly string[],
  install: string,
  options: (url: URL) => readonly unknown[],
): Adapter {
  return {
    schemes,
    install,
    open: (loaded, url) => {
      const { default: inside = loaded } = loaded as { readonly default?: unknown };
      const store = new (inside as StoreClass)(...options(url));
      const keyv = quietKeyv(store, { namespace: NAMESPACE });
      return storeOver(keyv, () => keyv.disconnect());
    },
  };
}

/** With a client of our own making, which says at once that there is no connection, and never gives up. */
function openRedis(loaded: unknown, url: URL): SharedStore {
  const { createClient, default: KeyvRedis } = loaded as typeof KeyvRedisPackage;
  const client = createClient({
    url: url.href.replace(/^valkey/, 'redis'),
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_COMMANDS,
    pingInterval: SILENCE_LIMIT_MS / 2,
    socket: {
      connectTimeout: CONNECT_LIMIT_MS,
      socketTimeout: SILENCE_LIMIT_MS,
      reconnectStrategy: () => RECONNECT_EVERY_MS,
    },
  });
  client.on('error', () => undefined); // whoever asks hears of it
  client.connect().catch(() => undefined);
  const store = new KeyvRedis(client, { namespace: NAMESPACE, throwOnErrors: true });
  const keyv = quietKeyv(store, { namespace: NAMESPACE, useKeyPrefix: false });
  return storeOver(keyv, () => client.destroy());
}

function quietKeyv(store: Store, options: { namespace: string; useKeyPrefix?: boolean }): Keyv {
  return new Keyv(store, { ...options, throwOnErrors: true, emitErrors: false });
}

const storeOver = (keyv: Keyv, close: SharedStore['close']): SharedStore => ({
  get: (key) => keyv.get<unknown>(key),
  set: (key, value, ttlMs) => keyv.set(key, value, ttlMs),
  close,
});

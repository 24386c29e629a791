import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { ConfigError } from '../../kernel/config';
import type { Logger } from '../../kernel/logger';
import { openFirestore } from './cache-firestore';
import { KeyvStore, quietKeyv, type Store } from './cache-keyv';
import { openMemcache } from './cache-memcache';
import { heardConnection } from './cache-mysql';
import { openRedis } from './cache-redis';
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

/** Table or collection, where the store has some. */
const TABLE = 'modelgraph_cache';
/** Longest that a connection and that an answer may take, in ms: none is waited for, but what hangs must end. */
const CONNECT_LIMIT_MS = 2_000;
const ANSWER_LIMIT_MS = 4_000;
/** Largest value that stores take, in bytes, less what names and Keyv's own words take of it. */
const MAX_MEMCACHED_BYTES = 1_000_000; // of 1 MiB, unless it was started with another -I
const MAX_DYNAMODB_BYTES = 400_000; // of 400 KiB
const MAX_FIRESTORE_BYTES = 1_000_000; // of 1 MiB
const MAX_ETCD_BYTES = 1_400_000; // of 1.5 MiB, unless it was started with another --max-request-bytes
const MAX_MYSQL_BYTES = 65_000; // of 64 KiB: its adapter makes a column of type TEXT
const UNBOUNDED_BYTES = Infinity; // larger than what is shared at all

type StoreClass = new (...options: unknown[]) => Store;

/** An adapter of Keyv's that needs nothing but its options. */
interface PlainAdapter extends Omit<Adapter, 'open'> {
  readonly maxBytes: number;
  /** Whether its pool is one for the whole process. */
  readonly isSharing?: boolean;
  /** What the package's class is made with. */
  readonly options: (url: URL) => readonly unknown[];
}

/** Only Redis's package is installed with ours. */
const ADAPTERS: readonly Adapter[] = [
  { schemes: ['redis', 'rediss', 'valkey', 'valkeys'], install: '@keyv/redis@5', open: openRedis },
  {
    schemes: ['memcache', 'memcached'],
    install: '@keyv/memcache@2',
    open: (loaded, url) => new KeyvStore(() => openMemcache(classIn(loaded), url), MAX_MEMCACHED_BYTES),
  },
  plain({
    schemes: ['dynamodb'],
    install: '@keyv/dynamo@1',
    maxBytes: MAX_DYNAMODB_BYTES,
    options: ({ host, searchParams }) => [
      {
        tableName: host || TABLE,
        requestHandler: {
          ...{ connectionTimeout: CONNECT_LIMIT_MS, requestTimeout: ANSWER_LIMIT_MS },
          throwOnRequestTimeout: true,
        },
        ...Object.fromEntries(searchParams),
      },
    ],
  }),
  {
    schemes: ['firestore'],
    install: 'keyv-firestore@2',
    open: (loaded, { host, pathname }) =>
      new KeyvStore(
        () => openFirestore(classIn(loaded), host, pathname.slice(1) || TABLE),
        MAX_FIRESTORE_BYTES,
      ),
  },
  plain({
    schemes: ['mongodb', 'mongodb+srv'],
    install: '@keyv/mongo@3',
    maxBytes: UNBOUNDED_BYTES,
    options: ({ href }) => [href, { collection: TABLE }],
  }),
  plain({
    schemes: ['postgres', 'postgresql'],
    install: '@keyv/postgres@2',
    maxBytes: UNBOUNDED_BYTES,
    isSharing: true,
    options: ({ href }) => [
      {
        ...{ uri: href, table: TABLE },
        ...{ connectionTimeoutMillis: CONNECT_LIMIT_MS, query_timeout: ANSWER_LIMIT_MS },
        log: heardPool,
      },
    ],
  }),
  plain({
    schemes: ['mysql'],
    install: '@keyv/mysql@2',
    maxBytes: MAX_MYSQL_BYTES,
    isSharing: true,
    options: ({ href }) => [
      { uri: href, table: TABLE, connectTimeout: CONNECT_LIMIT_MS, stream: heardConnection },
    ],
  }),
  plain({
    schemes: ['sqlite'],
    install: '@keyv/sqlite@4',
    maxBytes: UNBOUNDED_BYTES,
    options: ({ href }) => [{ uri: href, table: TABLE }],
  }),
  plain({
    schemes: ['etcd'],
    install: '@keyv/etcd@2',
    maxBytes: MAX_ETCD_BYTES,
    options: ({ host }) => [host],
  }),
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
  const store = adapter.open(loadPackage(adapter.install, scheme, load), new URL(url));
  return new SharedAnswers(store, logger.child({ cache: `${scheme}://${new URL(url).host}` }));
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

function plain({ schemes, install, maxBytes, isSharing = false, options }: PlainAdapter): Adapter {
  const open: Adapter['open'] = (loaded, url) => {
    const StoreOf = classIn<StoreClass>(loaded);
    return new KeyvStore(() => {
      const keyv = quietKeyv(new StoreOf(...options(url)));
      return { keyv, isSharing, close: () => keyv.disconnect() };
    }, maxBytes);
  };
  return { schemes, install, open };
}

/** A package exports its class alone or as its default. */
function classIn<Class>(loaded: unknown): Class {
  const { default: inside = loaded } = loaded as { readonly default?: unknown };
  return inside as Class;
}

/**
 * The pool of PostgreSQL's adapter is its own, and a pool to whose errors nobody listens ends the process where a
 * connection breaks that nobody uses just then. It logs before it connects, which is a way to it.
 */
function heardPool(this: EventEmitter): void {
  if (this.listenerCount('error') === 0) this.on('error', () => undefined); // whoever asks hears of it
}

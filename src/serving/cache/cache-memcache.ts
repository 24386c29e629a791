import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { quietKeyv, type KeyvClient, type Store } from './cache-keyv';

/** What its adapter, `@keyv/memcache`, shows of itself and of its client, memjs. */
interface MemcacheStore {
  get(key: string): Promise<{ readonly value?: unknown } | undefined>;
  set(key: string, value: string, ttlMs?: number): Promise<void>;
  readonly client: {
    readonly servers: readonly (EventEmitter & { readonly _socket?: Socket })[];
    close(): void;
  };
}
type MemcacheClass = new (uri: string, options: object) => MemcacheStore;

/** Longest that an answer, and that a connection may take, in s; predictions never wait for them. */
const ANSWER_LIMIT_S = 1;
const CONNECT_LIMIT_S = 2;
/** Memcached keeps nothing for longer: what is above, it takes for a date, in ms. */
const MAX_TTL_MS = 30 * 86_400_000;

/** Its client asks once only, since who fails asks the model, and writes nothing among our own log. */
export function openMemcache(Store: MemcacheClass, { host, username, password }: URL): KeyvClient {
  const store = new Store(host, {
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
    retries: 1,
    timeout: ANSWER_LIMIT_S,
    conntimeout: CONNECT_LIMIT_S,
    keepAlive: true,
    logger: { log: () => undefined },
  });
  for (const server of store.client.servers)
    // A question that is sent while another one is under way would wait for TCP's acknowledgement: 40 ms, and is late
    // then.
    server.on('authenticated', () => server._socket?.setNoDelay(true));
  const find = store.get.bind(store);
  // It says of a miss what Keyv takes for a value that has expired, and deletes: by then another process may have put
  // one.
  store.get = async (key) => {
    const found = await find(key);
    return found?.value === undefined ? undefined : found;
  };
  const put = store.set.bind(store);
  // Its seconds are rounded down, and Memcached's may end at once. When an answer is too old is said in its value.
  store.set = (key, value, ttlMs = MAX_TTL_MS) => put(key, value, Math.min(ttlMs + 2_000, MAX_TTL_MS));
  return { keyv: quietKeyv(store as unknown as Store), close: () => store.client.close() };
}

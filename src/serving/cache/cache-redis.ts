import type * as KeyvRedisPackage from '@keyv/redis';
import { NAMESPACE, quietKeyv } from './cache-keyv';
import type { SharedStore } from './cache-shared';

/** Longest that opening a connection to Redis may take, in ms; predictions never wait for it. */
const CONNECT_LIMIT_MS = 2_000;
/** A connection that says nothing for so long is dead, in ms. It is asked twice as often as that. */
const SILENCE_LIMIT_MS = 4_000;
/** Commands that wait for Redis: what a connection that hangs may pile up before it is found dead. */
const MAX_COMMANDS = 10_000;
const RECONNECT_EVERY_MS = 500;

/** With a client of our own making, which says at once that there is no connection, and never gives up. */
export function openRedis(loaded: unknown, url: URL): SharedStore {
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
  // Whoever asks hears of it: what the client itself says to them is only that it is not connected.
  let problem: Error | null = null;
  client.on('error', (error: Error) => (problem = error)).on('ready', () => (problem = null));
  client.connect().catch(() => undefined);
  const store = new KeyvRedis(client, { namespace: NAMESPACE, throwOnErrors: true });
  const keyv = quietKeyv(store, false);
  return {
    get: async (key) => {
      try {
        return await keyv.get<unknown>(key);
      } catch (error) {
        throw problem ?? error;
      }
    },
    set: (key, value, ttlMs) => keyv.set(key, value, ttlMs),
    close: () => client.destroy(),
  };
}

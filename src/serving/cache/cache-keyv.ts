import Keyv from 'keyv';
import type { SharedStore } from './cache-shared';

/** Begins every key, so that others may use the same store. */
export const NAMESPACE = 'modelgraph';
/**
 * Without an answer for so long, a client is made anew, in ms: many adapters make their table when they are made and
 * never again, and some lose a connection for good. Those that find back by themselves do so before.
 */
const RENEW_AFTER_MS = 5_000;
/**
 * Longest that a client which is given up may take to say goodbye, in ms: what it holds may be what another one needs.
 */
const GOODBYE_LIMIT_MS = 1_000;
/** What a new client is asked for. Nobody has ever put it. */
const PROBE_KEY = 'probe';

/** What Keyv takes as a store. */
export type Store = ConstructorParameters<typeof Keyv>[0];

/** One client of a store. */
export interface KeyvClient {
  readonly keyv: Keyv;
  /** Whether those that are made later have the same connections, which find back by themselves. */
  readonly isSharing?: boolean;
  close(): unknown;
}

export function quietKeyv(store: Store, useKeyPrefix = true): Keyv {
  return new Keyv(store, {
    namespace: NAMESPACE,
    useKeyPrefix,
    throwOnErrors: true,
    emitErrors: false,
  });
}

/** A store that Keyv reaches. A client that does not get through to it is replaced. */
export class KeyvStore implements SharedStore {
  private client: KeyvClient;
  private madeOrAnsweredAt: number;
  private isClosed = false;
  private isRenewing = false;

  constructor(
    private readonly make: () => KeyvClient,
    readonly maxBytes: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.client = this.newClient();
    this.madeOrAnsweredAt = nowMs();
  }

  async get(key: string): Promise<unknown> {
    const value = await this.client.keyv.get<unknown>(key);
    this.madeOrAnsweredAt = this.nowMs();
    return value;
  }

  /** Puts no renewal off: some clients lose a write without a word. */
  set(key: string, value: string, ttlMs: number): Promise<unknown> {
    return this.client.keyv.set(key, value, ttlMs);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.client.close();
  }

  /**
   * To be called where it did not answer. Never rejects: where no other client can be made, which some adapters refuse
   * while their store is away, the next call tries again with the one that is there.
   */
  async renew(): Promise<void> {
    if (this.isRenewing || this.nowMs() - this.madeOrAnsweredAt < RENEW_AFTER_MS) return;
    this.isRenewing = true;
    try {
      if (!this.client.isSharing) await goodbye(this.client);
      if (!this.isClosed) this.client = this.newClient();
    } catch {
      // Whoever asks hears of it from the client that is there.
    } finally {
      this.madeOrAnsweredAt = this.nowMs();
      this.isRenewing = false;
    }
  }

  /** Some adapters connect when they are made; that it fails would end the process if nobody were asking. */
  private newClient(): KeyvClient {
    const client = this.make();
    client.keyv.get(PROBE_KEY).catch(() => undefined);
    return client;
  }
}

function goodbye(client: KeyvClient): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GOODBYE_LIMIT_MS);
    const gone = () => resolve();
    Promise.resolve()
      .then(() => client.close())
      .then(gone, gone)
      .finally(() => clearTimeout(timer));
  });
}

import type { Transaction } from './database/sql';

/**
 * Wakes readers: “there may be something new about this topic”. It carries nothing else; what is new is read from
 * the database, after the reader's cursor. So a lost or doubled wake-up costs a moment, never an event.
 */
export interface Bus {
  /** Wakes the topic's readers, in every process, once `tx` has committed. */
  wake(tx: Transaction, topic: string): Promise<void>;
  /**
   * For a statement that is a transaction by itself: an expression that wakes the topic's readers when it commits, as
   * far as the database can reach them. Call `woke` then, for the others.
   *
   * @param topicSql an expression that gives the topic, as text
   */
  wakeSql(topicSql: string): string;
  woke(topic: string): void;
  /** Returns the way to stop listening. The listener must not throw. */
  listen(topic: string, listener: () => void): () => void;
  stop(): Promise<void>;
}

/** The listeners of this process, by topic. */
export class Listeners {
  private readonly byTopic = new Map<string, Set<() => void>>();

  add(topic: string, listener: () => void): () => void {
    const listeners = this.byTopic.get(topic) ?? new Set();
    this.byTopic.set(topic, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.byTopic.get(topic) === listeners) this.byTopic.delete(topic);
    };
  }

  call(topic: string): void {
    for (const listener of [...(this.byTopic.get(topic) ?? [])]) listener();
  }

  callAll(): void {
    for (const topic of [...this.byTopic.keys()]) this.call(topic);
  }
}

/** For the embedded database, which one process owns. */
export class InProcessBus implements Bus {
  private readonly listeners = new Listeners();

  wake(tx: Transaction, topic: string): Promise<void> {
    tx.afterCommit(() => this.listeners.call(topic));
    return Promise.resolve();
  }

  wakeSql(): string {
    return 'NULL';
  }

  woke(topic: string): void {
    this.listeners.call(topic);
  }

  listen(topic: string, listener: () => void): () => void {
    return this.listeners.add(topic, listener);
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

/** How often a reader looks without being woken: a wake-up lost with a connection is made good within this time. */
const RECHECK_MS = 5_000;

/**
 * Yields at once, and then whenever there may be something new. Wake-ups that arrive while the reader is busy
 * become one, so a slow reader never owes more than one look.
 */
export async function* wakeUps(bus: Bus, topic: string, signal: AbortSignal): AsyncGenerator<void> {
  let isAwake = true;
  let wakeReader = () => {};
  const wake = () => {
    isAwake = true;
    wakeReader();
  };
  const stopListening = bus.listen(topic, wake);
  const recheck = setInterval(wake, RECHECK_MS).unref();
  signal.addEventListener('abort', wake, { once: true });
  try {
    while (!signal.aborted) {
      if (!isAwake) await new Promise<void>((resolve) => (wakeReader = resolve));
      if (signal.aborted) return;
      isAwake = false;
      yield;
    }
  } finally {
    stopListening();
    clearInterval(recheck);
    signal.removeEventListener('abort', wake);
  }
}

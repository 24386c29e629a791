import { Client } from 'pg';
import { Listeners, type Bus } from '../bus';
import type { Logger } from '../logger';
import type { Transaction } from './sql';

const CHANNEL = 'modelgraph';
/** Pause before the listening connection is made again; doubles up to the longest. */
const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 5_000;
/** Longest wait for the connection, and then for LISTEN: a server that takes longer is tried again. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Longest wait for a goodbye: one that lives answers at once, and one that is frozen never does. */
const GOODBYE_TIMEOUT_MS = 1_000;

/** LISTEN/NOTIFY: PostgreSQL delivers a notice to every process when the transaction that sent it commits. */
export class PostgresBus implements Bus {
  private readonly listeners = new Listeners();
  private client: Client | undefined;
  private retry: NodeJS.Timeout | undefined;
  private stopping: Promise<void> | undefined;

  constructor(
    private readonly url: string,
    private readonly logger: Logger,
  ) {}

  async start(): Promise<void> {
    await this.connect();
  }

  async wake(tx: Transaction, topic: string): Promise<void> {
    await tx.query('/* bus.wake */ SELECT pg_notify($1, $2)', [CHANNEL, topic]);
  }

  wakeSql(topicSql: string): string {
    return `pg_notify('${CHANNEL}', ${topicSql})`;
  }

  woke(): void {
    // The notice reaches this process too.
  }

  listen(topic: string, listener: () => void): () => void {
    return this.listeners.add(topic, listener);
  }

  /** Idempotent; over within the time for a goodbye, also where nobody is there to say it. */
  stop(): Promise<void> {
    clearTimeout(this.retry);
    this.stopping ??= this.client ? sayGoodbye(this.client) : Promise.resolve();
    return this.stopping;
  }

  private async connect(): Promise<void> {
    const client = new Client({
      connectionString: this.url,
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: CONNECT_TIMEOUT_MS,
      application_name: 'modelgraph-bus',
    });
    client.on('notification', ({ payload }) => this.listeners.call(payload ?? ''));
    client.on('error', (error) => this.logger.debug({ err: error }, 'the bus lost its connection'));
    this.client = client; // already now: whoever stops while it connects must find it
    try {
      await client.connect();
      await client.query(`/* bus.listen */ LISTEN ${CHANNEL}`);
    } catch (error) {
      client.connection.stream.destroy();
      throw error;
    }
    client.on('end', () => this.reconnect(FIRST_RETRY_MS));
  }

  private reconnect(delayMs: number): void {
    if (this.stopping) return;
    this.retry = setTimeout(() => {
      this.connect().then(
        // Notices sent meanwhile are lost, so everyone looks once.
        () => this.listeners.callAll(),
        () => this.reconnect(Math.min(2 * delayMs, LONGEST_RETRY_MS)),
      );
    }, delayMs).unref();
  }
}

/** Ends the connection, and without an answer closes the socket itself. */
async function sayGoodbye(client: Client): Promise<void> {
  const impatience = setTimeout(() => client.connection.stream.destroy(), GOODBYE_TIMEOUT_MS);
  await client.end().catch(() => undefined); // a connection that is already gone has ended
  clearTimeout(impatience);
}

import { Client } from 'pg';
import { Listeners, type Bus } from './bus';
import type { Logger } from './logger';
import type { Transaction } from './sql';

const CHANNEL = 'modelgraph';
/** Pause before the listening connection is made again; doubles up to the longest. */
const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 5_000;

/** LISTEN/NOTIFY: PostgreSQL delivers a notice to every process when the transaction that sent it commits. */
export class PostgresBus implements Bus {
  private readonly listeners = new Listeners();
  private client: Client | undefined;
  private retry: NodeJS.Timeout | undefined;
  private isStopped = false;

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

  listen(topic: string, listener: () => void): () => void {
    return this.listeners.add(topic, listener);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.retry);
    await this.client?.end().catch(() => undefined); // a connection that is already gone has ended
  }

  private async connect(): Promise<void> {
    const client = new Client({
      connectionString: this.url,
      keepAlive: true,
      connectionTimeoutMillis: LONGEST_RETRY_MS,
      application_name: 'modelgraph-bus',
    });
    client.on('notification', ({ payload }) => this.listeners.call(payload ?? ''));
    client.on('error', (error) => this.logger.debug({ err: error }, 'the bus lost its connection'));
    client.on('end', () => this.reconnect(FIRST_RETRY_MS));
    await client.connect();
    await client.query(`/* bus.listen */ LISTEN ${CHANNEL}`);
    this.client = client;
  }

  private reconnect(delayMs: number): void {
    if (this.isStopped) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => {
      this.connect().then(
        // Notices sent meanwhile are lost, so everyone looks once.
        () => this.listeners.callAll(),
        () => this.reconnect(Math.min(2 * delayMs, LONGEST_RETRY_MS)),
      );
    }, delayMs).unref();
  }
}

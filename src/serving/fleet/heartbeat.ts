import type { Database } from '../../kernel/database/database';
import type { Logger } from '../../kernel/logger';
import { Periodic } from '../../kernel/periodic';
import type { Backend } from '../execution/backend';
import { HEARTBEAT_MS, WorkerNodeStore } from './worker-node.store';
import type { WorkerNode } from './worker-node';

/** Beats between two looks for rows of workers that are long gone. */
const BEATS_PER_CLEANING = 600;

/** A worker's row: `api` processes find it as long as it is fresh. */
export class Heartbeat {
  private readonly store: WorkerNodeStore;
  private readonly beats = new Periodic(() => this.beat(), HEARTBEAT_MS);
  private count = 0;
  private isFailing = false;

  constructor(
    private readonly needs: {
      readonly node: WorkerNode;
      readonly backend: Backend;
      readonly database: Database;
      /** `host:port` under which it is called. */
      readonly address: string;
      readonly logger: Logger;
    },
  ) {
    this.store = new WorkerNodeStore(needs.database);
  }

  /** Resolves with the first beat. */
  async start(): Promise<void> {
    await this.beat();
    this.beats.start();
  }

  /** Removes the row: from now on nobody finds it who has not found it yet. Idempotent. */
  async stop(): Promise<void> {
    await this.beats.stop();
    await this.quietly(() => this.store.remove(this.needs.node.id));
  }

  private async beat(): Promise<void> {
    const { node, backend, address } = this.needs;
    const workers = backend.status();
    await this.quietly(async () => {
      await this.store.beat({
        id: node.id,
        address,
        provider: workers.find(({ provider }) => provider !== null)?.provider ?? null,
        workers: workers.length,
        budgetBytes: workers.reduce((sum, { budgetBytes }) => sum + budgetBytes, 0),
        usedBytes: workers.reduce((sum, { rssBytes }) => sum + (rssBytes ?? 0), 0),
        models: node.held(),
      });
      if (this.count++ % BEATS_PER_CLEANING === 0) await this.store.removeForgotten();
    });
  }

  /** Whoever has found this worker goes on asking it, with or without a database. */
  private async quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing)
        this.needs.logger.warn({ err: error }, 'this worker’s row cannot be written; tried every second');
      this.isFailing = true;
    }
  }
}

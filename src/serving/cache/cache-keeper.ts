import type { Database } from '../../kernel/database/database';
import type { Logger } from '../../kernel/logger';
import { Periodic } from '../../kernel/periodic';
import { PopularStore } from './cache-popular.store';
import type { EndpointId } from '../endpoints/endpoint';
import type { PredictionCache } from './prediction-cache';

/** How much of the popular questions a process that is killed may lose, in ms. */
const PASS_INTERVAL_MS = 60_000;

export interface CacheKeeperInput {
  readonly cache: PredictionCache;
  readonly database: Database;
  readonly logger: Logger;
}

/** Once a minute, off the predict path: writes which questions came again, and drops what is too old. */
export class CacheKeeper {
  private readonly store = new PopularStore();
  private readonly passes = new Periodic(() => this.pass(), PASS_INTERVAL_MS);
  private isFailing = false;

  constructor(private readonly input: CacheKeeperInput) {}

  start(): void {
    this.passes.start();
  }

  /** Writes what is left. Idempotent. */
  async stop(): Promise<void> {
    await this.passes.stop();
    await this.write();
  }

  /** The questions that came again on the last day, most hits first; those of this process up to now among them. */
  async mostPopular(endpointId: EndpointId, limit: number): Promise<Buffer[]> {
    await this.write();
    return this.store.mostPopular(this.input.database, endpointId, limit);
  }

  private async pass(): Promise<void> {
    this.input.cache.forgetExpired();
    await this.write();
    await this.quietly(() => this.store.removeOld(this.input.database));
  }

  /** What cannot be written is lost: it is a help, and memory has an end. */
  private async write(): Promise<void> {
    for (const [endpointId, questions] of this.input.cache.takePopular())
      await this.quietly(() => this.store.add(this.input.database, endpointId, questions));
  }

  private async quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing)
        this.input.logger.warn({ err: error }, 'popular questions cannot be written; tried every minute');
      this.isFailing = true;
    }
  }
}

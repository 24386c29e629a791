import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '../../kernel/bus';
import type { Database } from '../../kernel/database/database';
import type { Logger } from '../../kernel/logger';
import type { Outbox } from '../../kernel/outbox';
import { Periodic } from '../../kernel/periodic';
import type { Transaction } from '../../kernel/database/sql';
import { PurgeStore } from './purge.store';
import { RunTaking } from './run-taking';

const PASS_INTERVAL_MS = 1_000;
/** Experiments of one pass: what stays is looked at a second later. */
const EXPERIMENTS_PER_PASS = 20;
/** Steps of one kind of work in one pass: then it is the others' turn. */
const MAX_STEPS = 200;
/**
 * After a step the worker rests for as long as it took, where somebody waits for a connection, as for the embedded one.
 */
const LONGEST_REST_MS = 200;

export interface PurgeWorkerInput {
  readonly database: Database;
  readonly bus: Bus;
  readonly outbox: Outbox;
  readonly logger: Logger;
}

/**
 * Deletes what has been taken out of everybody's sight, in the background and in steps, each a transaction: a server
 * that is killed leaves the rest to the next one, since a run's own row goes last. Several servers pass over what
 * another holds.
 */
export class PurgeWorker {
  private readonly store = new PurgeStore();
  private readonly taking: RunTaking;
  private readonly passes = new Periodic(() => this.pass(), PASS_INTERVAL_MS);
  private isFailing = false;

  constructor(private readonly input: PurgeWorkerInput) {
    this.taking = new RunTaking(input);
  }

  start(): void {
    this.passes.start();
  }

  /** Idempotent; waits for the step in flight. */
  stop(): Promise<void> {
    return this.passes.stop();
  }

  /** Never throws: what could not be deleted now is out of sight already, and is deleted later. */
  async pass(): Promise<void> {
    const { database, logger } = this.input;
    try {
      for (const { id, projectId } of await this.store.askedExperiments(database, EXPERIMENTS_PER_PASS))
        await this.untilDone(async (tx) => {
          const experiment = await this.store.holdExperiment(tx, projectId, id);
          return !experiment || (await this.taking.takeSome(tx, experiment)).isTaken;
        });
      await this.untilDone(async (tx) => {
        const ids = await this.store.holdGoingRuns(tx);
        if (ids.length > 0) await this.store.deleteSome(tx, ids);
        return ids.length === 0;
      });
      for (const id of await this.store.goingExperiments(database, EXPERIMENTS_PER_PASS))
        await this.untilDone((tx) => this.store.deleteSomeOfExperiment(tx, id));
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) logger.warn({ err: error }, 'purged runs cannot be deleted; tried every second');
      this.isFailing = true;
    }
  }

  /** @param step a part of the work: true where nothing of it is left */
  private async untilDone(step: (tx: Transaction) => Promise<boolean>): Promise<void> {
    for (let steps = 0; steps < MAX_STEPS && !this.passes.hasStopped; steps += 1) {
      const startedAt = performance.now();
      if (await this.input.database.transaction(step)) return;
      const isWaitedFor = this.input.database.connections().waiting > 0;
      if (isWaitedFor) await sleep(Math.min(LONGEST_REST_MS, performance.now() - startedAt));
    }
  }
}

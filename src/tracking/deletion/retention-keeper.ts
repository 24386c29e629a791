import type { Logger } from '../../kernel/logger';
import { Periodic } from '../../kernel/periodic';
import type { Transaction } from '../../kernel/database/sql';
import { RetentionWork, type Progress } from './retention-work';
import { RetentionStore, type RuledPlace } from './retention.store';
import type { ExperimentId, RunId } from '../run';
import type { RunDeletionNeeds } from './deletion-needs';
import { deletedBy } from './run-retention';

/** Rules count in days; a server that is often started anew must come to it too. */
const PASS_INTERVAL_MS = 600_000;
/** Rules of one statement. */
const RULES_PER_PAGE = 100;
/** Experiments of one rule: there is one. */
const EXPERIMENTS_PER_RULE = 1;

/**
 * Obeys the rules of how long runs are kept, in the background, some runs in each transaction. One server does so at a
 * time: who finds another one at it leaves it the whole pass.
 */
export class RetentionKeeper {
  private readonly store = new RetentionStore();
  private readonly work: RetentionWork;
  private readonly passes = new Periodic(() => this.pass(), PASS_INTERVAL_MS);

  constructor(private readonly input: RunDeletionNeeds & { readonly logger: Logger }) {
    this.work = new RetentionWork(input);
  }

  start(): void {
    this.passes.start();
  }

  /** Idempotent; waits for the transaction in flight. */
  stop(): Promise<void> {
    return this.passes.stop();
  }

  /** Never throws: whose time is over now, is later too. */
  async pass(): Promise<void> {
    try {
      let after: ExperimentId | null = null;
      do {
        const ruled: readonly RuledPlace[] = await this.store.ruled(
          this.input.database,
          after,
          RULES_PER_PAGE,
        );
        for (const place of ruled) if (!(await this.obey(place))) return;
        after = ruled.length === RULES_PER_PAGE ? (ruled.at(-1)?.experimentId ?? null) : null;
      } while (after !== null);
    } catch (error) {
      this.input.logger.warn(
        { err: error },
        'rules of retention cannot be obeyed; tried again in ten minutes',
      );
    }
  }

  /** False where another server is at it, or this one is to stop. */
  private async obey({ projectId, experimentId }: RuledPlace): Promise<boolean> {
    // As it is now: who keeps everything from now on should not lose it to a list that was read before.
    const [rule] = await this.store.rules(this.input.database, projectId, [experimentId]);
    if (!rule) return true;
    const ruled = { ...rule, projectId, experimentId, experiments: [experimentId] };
    const deleted = await this.through((tx, after) => this.work.deleteSome(tx, ruled, after));
    if (!deleted) return false;
    const which = deletedBy(ruled, this.input.clock.now());
    if (!which) return true;
    const purged = await this.through((tx, after) => this.work.purgeSome(tx, which, { after }));
    if (!purged) return false;
    const emptied = await this.store.emptied(this.input.database, which, purged.inUse, EXPERIMENTS_PER_RULE);
    for (const id of emptied)
      await this.input.database.transaction((tx) => this.work.purgeExperiment(tx, which, id));
    return true;
  }

  /** All parts, each a transaction of its own. Null where it did not come to the end. */
  private async through(
    part: (tx: Transaction, after: RunId | null) => Promise<Progress>,
  ): Promise<{ readonly inUse: readonly RunId[] } | null> {
    const inUse: RunId[] = [];
    let after: RunId | null = null;
    do {
      if (this.passes.hasStopped) return null;
      const from: RunId | null = after;
      const progress: Progress | null = await this.input.database.transaction(async (tx) =>
        (await this.store.isAlone(tx)) ? part(tx, from) : null,
      );
      if (!progress) return null;
      inUse.push(...progress.inUse);
      after = progress.after;
    } while (after !== null);
    return { inUse };
  }
}

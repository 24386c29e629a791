import { wakeUps, type Bus } from '../../kernel/bus';
import type { Database } from '../../kernel/database/database';
import type { Logger } from '../../kernel/logger';
import { NO_REWARDS } from './bandit';
import { FEEDBACK_TOPIC } from '../feedback/feedback';
import { RewardQueries } from './reward.queries';
import type { VariantKnowledge } from './variant-knowledge';

/** Shortest time between two reads: processes follow feedback within about a second, whatever there is of it. */
const READ_INTERVAL_MS = 1_000;
/** Variants of one statement. */
const ARMS_PER_READ = 200;

/**
 * Tells running variants of endpoints that learn what they have earned: read from the database when there is feedback,
 * at most once a second. While the database is away, what was known last stays.
 */
export class BanditFeed {
  private readonly queries: RewardQueries;
  private readonly stopped = new AbortController();
  private following: Promise<void> = Promise.resolve();
  private readonly prepared = new WeakSet<VariantKnowledge>();
  private isFailing = false;

  constructor(
    private readonly needs: {
      readonly database: Database;
      readonly bus: Bus;
      readonly logger: Logger;
      /** Of all endpoints that learn, as they run now. */
      readonly arms: () => readonly VariantKnowledge[];
    },
  ) {
    this.queries = new RewardQueries(needs.database);
  }

  start(): void {
    this.following = this.follow();
  }

  /** Idempotent; waits for the read in flight. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.following;
  }

  /**
   * What variants have earned that are about to get traffic: a process that has just begun must not try everything
   * anew.
   */
  prepare(arms: readonly VariantKnowledge[]): Promise<void> {
    return this.read(arms.filter((arm) => !this.prepared.has(arm)));
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopped;
    const looks = wakeUps(this.needs.bus, FEEDBACK_TOPIC, signal);
    while (!(await looks.next()).done) {
      await this.read(this.needs.arms());
      await pause(READ_INTERVAL_MS, signal);
    }
  }

  private async read(arms: readonly VariantKnowledge[]): Promise<void> {
    try {
      for (let from = 0; from < arms.length; from += ARMS_PER_READ) {
        const some = arms.slice(from, from + ARMS_PER_READ);
        const rewards = await this.queries.recentRewards(some.map(({ source }) => source));
        for (const [place, arm] of some.entries()) {
          arm.rewards = rewards[place] ?? NO_REWARDS;
          this.prepared.add(arm);
        }
      }
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing)
        this.needs.logger.warn(
          { err: error },
          'rewards cannot be read; endpoints that learn go by the last ones',
        );
      this.isFailing = true;
    }
  }
}

/** Over early where the signal is given. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(end, ms);
    function end() {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    }
    signal.addEventListener('abort', end, { once: true });
  });
}

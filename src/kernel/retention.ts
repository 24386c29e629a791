import type { Database } from './database/database';
import type { Logger } from './logger';
import { Periodic } from './periodic';

const HOUR_MS = 3_600_000;

/**
 * Rows that have served, and how long they are kept. A retry comes within minutes, from a job that a person starts
 * again within a day. Events have done their work when their transaction commits, and no cursor is a place among them:
 * a week is for whoever must find out what happened. Deliveries of webhooks are given up within a day, and kept a month
 * for whoever asks why nothing came. Feedback outlives the predictions that may still get some (see
 * `serving/feedback/feedback-check.ts`), or the same one would count twice.
 */
const KEPT = [
  { table: 'idempotency_key', forMs: 24 * HOUR_MS },
  { table: 'event', forMs: 7 * 24 * HOUR_MS },
  { table: 'webhook_delivery', forMs: 30 * 24 * HOUR_MS },
  { table: 'prediction_feedback', forMs: 90 * 24 * HOUR_MS },
] as const;

const PASS_INTERVAL_MS = 60_000;
/** Rows of one statement: some milliseconds, so that nobody waits for it. */
const ROWS_PER_DELETE = 1_000;
/** Statements of one pass for a table: a backlog of millions goes over hours, and others have their turn. */
const DELETES_PER_PASS = 100;

/** Deletes old rows in the background. Several servers may do so at once: each passes over what another one holds. */
export class Retention {
  private readonly passes = new Periodic(() => this.pass(), PASS_INTERVAL_MS);
  private isFailing = false;

  constructor(
    private readonly database: Database,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.passes.start();
  }

  /** Idempotent; waits for the statement in flight. */
  stop(): Promise<void> {
    return this.passes.stop();
  }

  /** Never throws: what could not be deleted now is old at the next pass too. */
  async pass(): Promise<void> {
    try {
      for (const { table, forMs } of KEPT) await this.removeOld(table, forMs);
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) this.logger.warn({ err: error }, 'old rows cannot be deleted; tried every minute');
      this.isFailing = true;
    }
  }

  private async removeOld(table: (typeof KEPT)[number]['table'], keptMs: number): Promise<void> {
    for (let statements = 0; statements < DELETES_PER_PASS && !this.passes.hasStopped; statements += 1) {
      const [row] = await this.database.query<{ removed: number }>(
        `/* retention.remove */ WITH old AS (
           SELECT ctid FROM ${table} WHERE created_at < now() - make_interval(secs => $1)
           ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
         ), removed AS (DELETE FROM ${table} USING old WHERE ${table}.ctid = old.ctid RETURNING 1)
         SELECT count(*)::integer AS removed FROM removed`,
        [keptMs / 1_000, ROWS_PER_DELETE],
      );
      if ((row?.removed ?? 0) < ROWS_PER_DELETE) return;
    }
  }
}

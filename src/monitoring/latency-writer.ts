import type { Bus } from '../kernel/bus';
import type { Database } from '../kernel/database/database';
import type { Logger } from '../kernel/logger';
import type { LatencyRecorder } from './latency-recorder';
import { isByReference, MINUTE, SECOND, type AskedId, type LatencyRow } from './latency-row';
import { MonitoringStore } from './monitoring.store';
import type { ShadowDifferences } from './shadow-differences';
import { MINUTES_KEPT_MS, SECONDS_KEPT_MS } from './window-grid';

/** Delay after a second has ended: timers may be a few milliseconds early, and a window is closed by the clock. */
const TICK_DELAY_MS = 15;
/** Rows in one statement; the rest follows in the next. */
const MAX_ROWS_PER_WRITE = 1_000;
const CLEANING_INTERVAL_MS = 3_600_000;
/** Rows deleted by one statement: some milliseconds, so that nobody waits for it. */
const ROWS_PER_CLEANING = 1_000;

/** Woken when new windows of the endpoint were written, in every process. */
export const latencyTopic = (askedId: AskedId) => `latency:${askedId}`;

export interface WriterInput {
  readonly recorder: LatencyRecorder;
  readonly differences: ShadowDifferences;
  readonly database: Database;
  readonly bus: Bus;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** Writes windows soon after they have closed, keeps them while the database is away, and deletes the old ones. */
export class LatencyWriter {
  private readonly store = new MonitoringStore();
  private timer: NodeJS.Timeout | undefined;
  private isRunning = false;
  private isFailing = false;
  private cleanedAtMs = -Infinity;
  /** In flight; a database that hangs is waited for once, not once a second. */
  private writing: Promise<void> | undefined;
  private cleaning: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;

  constructor(private readonly input: WriterInput) {}

  start(): void {
    if (this.isRunning || this.stopping) return;
    this.isRunning = true;
    this.schedule();
  }

  /** Writes what is left. Idempotent. */
  stop(): Promise<void> {
    return (this.stopping ??= this.end());
  }

  private async end(): Promise<void> {
    this.isRunning = false;
    clearTimeout(this.timer);
    await Promise.all([this.writing, this.cleaning]);
    this.input.recorder.closeAll();
    this.input.differences.closeAll();
    await this.write();
  }

  private schedule(): void {
    const sinceSecondMs = this.input.nowMs() % 1_000;
    this.timer = setTimeout(() => this.tick(), 1_000 - sinceSecondMs + TICK_DELAY_MS).unref();
  }

  private tick(): void {
    this.schedule();
    const { recorder, differences } = this.input;
    recorder.closeWindows();
    differences.closeWindows();
    if (recorder.unwritten.size + differences.unwritten.size > 0) {
      this.writing ??= this.write().finally(() => (this.writing = undefined));
    }
    const nowMs = this.input.nowMs();
    // Either way: the clock may be set back.
    if (Math.abs(nowMs - this.cleanedAtMs) >= CLEANING_INTERVAL_MS) {
      this.cleanedAtMs = nowMs;
      this.cleaning ??= this.clean().finally(() => (this.cleaning = undefined));
    }
  }

  private async write(): Promise<void> {
    try {
      await this.writeLatencies();
      await this.writeDifferences();
      this.told(null);
    } catch (error) {
      this.told(error);
    }
  }

  private async writeLatencies(): Promise<void> {
    const { unwritten } = this.input.recorder;
    while (unwritten.size > 0) {
      const rows = unwritten.oldest(MAX_ROWS_PER_WRITE);
      await this.input.database.transaction(async (tx) => {
        await this.store.addRows(tx, rows);
        for (const askedId of endpointsOf(rows)) await this.input.bus.wake(tx, latencyTopic(askedId));
      });
      unwritten.remove(rows);
    }
  }

  private async writeDifferences(): Promise<void> {
    const { unwritten } = this.input.differences;
    while (unwritten.size > 0) {
      const rows = unwritten.oldest(MAX_ROWS_PER_WRITE);
      await this.store.addDifferences(this.input.database, rows);
      unwritten.remove(rows);
    }
  }

  /** One line when writing begins to fail, one when it works again: not one a second. */
  private told(error: unknown): void {
    const { recorder, differences } = this.input;
    if (error !== null && !this.isFailing) {
      this.input.logger.warn(
        { err: error },
        'latencies cannot be written; the newest are kept until they can',
      );
    }
    if (error === null && this.isFailing) {
      const dropped = recorder.unwritten.takeDropped() + differences.unwritten.takeDropped();
      this.input.logger.info({ dropped }, 'latencies are written again');
    }
    this.isFailing = error !== null;
  }

  private async clean(): Promise<void> {
    const { database, logger, nowMs } = this.input;
    const before = (keptMs: number) => (nowMs() - keptMs) / 1_000;
    const removals = [
      () => this.store.removeRows(database, SECOND, before(SECONDS_KEPT_MS), ROWS_PER_CLEANING),
      () => this.store.removeRows(database, MINUTE, before(MINUTES_KEPT_MS), ROWS_PER_CLEANING),
      () => this.store.removeDifferences(database, before(MINUTES_KEPT_MS), ROWS_PER_CLEANING),
    ];
    try {
      for (const remove of removals) {
        while (this.isRunning && (await remove()) === ROWS_PER_CLEANING);
      }
    } catch (error) {
      logger.warn({ err: error }, 'old latencies could not be deleted; tried again in an hour');
    }
  }
}

/** Nobody follows what is asked by reference. */
const endpointsOf = (rows: readonly LatencyRow[]): ReadonlySet<AskedId> =>
  new Set(rows.flatMap(({ askedId, versionId }) => (isByReference(askedId, versionId) ? [] : [askedId])));

import type { Bus } from '../kernel/bus';
import type { Database } from '../kernel/database';
import type { Logger } from '../kernel/logger';
import type { EndpointId } from '../serving/serving';
import type { LatencyRecorder } from './latency-recorder';
import { MINUTE, SECOND, type LatencyRow } from './latency-row';
import { MonitoringStore } from './monitoring.store';
import { MINUTES_KEPT_MS, SECONDS_KEPT_MS } from './window-grid';

/** Delay after a second has ended: timers may be a few milliseconds early, and a window is closed by the clock. */
const TICK_DELAY_MS = 15;
/** Rows in one statement; the rest follows in the next. */
const MAX_ROWS_PER_WRITE = 1_000;
const CLEANING_INTERVAL_MS = 3_600_000;
/** Rows deleted by one statement: some milliseconds, so that nobody waits for it. */
const ROWS_PER_CLEANING = 1_000;

/** Woken when new windows of the endpoint were written, in every process. */
export const latencyTopic = (endpointId: EndpointId) => `latency:${endpointId}`;

export interface WriterInput {
  readonly recorder: LatencyRecorder;
  readonly database: Database;
  readonly bus: Bus;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** Writes closed windows once a second, keeps them while the database is away, and deletes the old ones. */
export class LatencyWriter {
  private readonly store = new MonitoringStore();
  private timer: NodeJS.Timeout | undefined;
  private isRunning = false;
  private isFailing = false;
  private nextCleaningMs = 0;
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
    await this.write();
  }

  private schedule(): void {
    const sinceSecondMs = this.input.nowMs() % 1_000;
    this.timer = setTimeout(() => this.tick(), 1_000 - sinceSecondMs + TICK_DELAY_MS).unref();
  }

  private tick(): void {
    this.schedule();
    this.input.recorder.closeWindows();
    if (this.input.recorder.unwritten.size > 0) {
      this.writing ??= this.write().finally(() => (this.writing = undefined));
    }
    if (this.input.nowMs() >= this.nextCleaningMs) {
      this.nextCleaningMs = this.input.nowMs() + CLEANING_INTERVAL_MS;
      this.cleaning ??= this.clean().finally(() => (this.cleaning = undefined));
    }
  }

  private async write(): Promise<void> {
    const { unwritten } = this.input.recorder;
    try {
      while (unwritten.size > 0) {
        const rows = unwritten.oldest(MAX_ROWS_PER_WRITE);
        await this.input.database.transaction(async (tx) => {
          await this.store.addRows(tx, rows);
          for (const endpointId of endpointsOf(rows)) await this.input.bus.wake(tx, latencyTopic(endpointId));
        });
        unwritten.remove(rows);
      }
      this.told(null);
    } catch (error) {
      this.told(error);
    }
  }

  /** One line when writing begins to fail, one when it works again: not one a second. */
  private told(error: unknown): void {
    const { unwritten } = this.input.recorder;
    if (error !== null && !this.isFailing) {
      this.input.logger.warn(
        { err: error },
        'latencies cannot be written; the newest are kept until they can',
      );
    }
    if (error === null && this.isFailing) {
      this.input.logger.info({ dropped: unwritten.takeDropped() }, 'latencies are written again');
    }
    this.isFailing = error !== null;
  }

  private async clean(): Promise<void> {
    const { database, logger, nowMs } = this.input;
    const limits = [
      { widthS: SECOND, keptMs: SECONDS_KEPT_MS },
      { widthS: MINUTE, keptMs: MINUTES_KEPT_MS },
    ] as const;
    try {
      for (const { widthS, keptMs } of limits) {
        const beforeS = (nowMs() - keptMs) / 1_000;
        while (this.isRunning) {
          const removed = await this.store.removeRows(database, widthS, beforeS, ROWS_PER_CLEANING);
          if (removed < ROWS_PER_CLEANING) break;
        }
      }
    } catch (error) {
      logger.warn({ err: error }, 'old latencies could not be deleted; tried again in an hour');
    }
  }
}

const endpointsOf = (rows: readonly LatencyRow[]): ReadonlySet<EndpointId> =>
  new Set(rows.map(({ endpointId }) => endpointId));

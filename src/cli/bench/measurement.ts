import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** Three figures of each value from 1 µs on: a fixed size in memory, however many there are. */
const FIGURES = 3;
/** Longest that is told apart, in µs: more than any time-out. */
const HIGHEST_US = 3_600_000_000;
/** Kinds of errors that are told apart; the rest is counted together. */
const MAX_CODES = 20;
const OTHER_ERRORS = 'OTHER';

/** Planned, but the server was so slow that it could not be sent in the time there was. */
export const NOT_SENT = 'NOT_SENT';
/** No answer within the time that the caller waits. */
export const TIMED_OUT = 'TIMEOUT';

/** What became of one request. */
export interface Outcome {
  /** Null: it was answered. */
  readonly code: string | null;
  /** What the server said of it. */
  readonly message?: string;
}

export interface ErrorCount {
  count: number;
  /** What the first of them said. */
  readonly message: string;
}

/** Latencies and errors of one stage, in bounded memory. */
export class Measurement {
  /** Of answers, and of those that ran into the time-out and so have waited at least as long; in µs. */
  readonly latencies: RecordableHistogram = histogram();
  /** How much later than planned requests were sent; in µs. It is part of their latencies. */
  readonly delays: RecordableHistogram = histogram();
  readonly errors = new Map<string, ErrorCount>();
  answered = 0;
  elapsedMs = 0;

  /** @param plannedAt when it should have been sent; @param sentAt when it was */
  record({ code, message = '' }: Outcome, plannedAt: number, sentAt: number, endedAt: number): void {
    this.delays.record(microseconds(sentAt - plannedAt));
    if (code === null) this.answered += 1;
    else this.recordErrors(code, 1, message);
    if (code === null || code === TIMED_OUT) this.latencies.record(microseconds(endedAt - plannedAt));
  }

  recordErrors(code: string, count: number, message: string): void {
    const known = this.errors.get(code);
    if (known) known.count += count;
    else if (this.errors.size < MAX_CODES) this.errors.set(code, { count, message });
    else if (code !== OTHER_ERRORS) this.recordOther(count, message);
  }

  private recordOther(count: number, message: string): void {
    const known = this.errors.get(OTHER_ERRORS);
    if (known) known.count += count;
    else this.errors.set(OTHER_ERRORS, { count, message });
  }

  get failed(): number {
    let sum = 0;
    for (const { count } of this.errors.values()) sum += count;
    return sum;
  }

  get answeredPerSecond(): number {
    return this.elapsedMs === 0 ? 0 : (this.answered / this.elapsedMs) * 1000;
  }
}

const histogram = (): RecordableHistogram =>
  createHistogram({ lowest: 1, highest: HIGHEST_US, figures: FIGURES });

const microseconds = (ms: number): number => Math.min(HIGHEST_US, Math.max(1, Math.round(ms * 1000)));

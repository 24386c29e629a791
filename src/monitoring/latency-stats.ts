import {
  CLOSE_REASONS,
  countFailure,
  noneClosed,
  type CloseCounts,
  type FailureCounts,
  type FailureReason,
  type Observation,
} from '../serving/serving';
import { Histogram } from './histogram';
import { addSpent, deviceOf, DEVICES, nothingSpent, type Device, type Spent } from './spent-time';

/** What the time of a prediction is told apart into; the total is without the door's parsing and encoding. */
export const STAGES = ['total', 'parse', 'queue', 'compute', 'encode'] as const;
export type Stage = (typeof STAGES)[number];

/** Counts and durations as they are stored: histograms in their encoded form. */
export interface StoredStats {
  readonly requests: number;
  readonly errors: number;
  /** Predictions that a batch has answered (a cached answer has no batch), and the sum of their batch sizes. */
  readonly batched: number;
  readonly batchSizes: number;
  readonly total: Buffer;
  readonly queue: Buffer;
  readonly compute: Buffer;
  /** Null in rows of earlier servers, as all that follow. */
  readonly spent: Spent | null;
  readonly parse: Buffer | null;
  readonly encode: Buffer | null;
  /** A histogram of rows, not of durations. */
  readonly batchRows: Buffer | null;
  readonly failures: Readonly<FailureCounts> | null;
  readonly closed: Readonly<CloseCounts> | null;
}

/** What is known of a variant's predictions in some span of time. Mergeable: across seconds, versions, processes. */
export class LatencyStats {
  requests = 0;
  errors = 0;
  batched = 0;
  batchSizes = 0;
  failures: FailureCounts = {};
  /** Batches by why they were closed, each counted with one of its predictions. */
  readonly closed = noneClosed();
  readonly spent = nothingSpent();
  /** Answered predictions whose time is in `spent`: all but those of rows that kept none. */
  accounted = 0;
  readonly total = new Histogram();
  readonly queue = new Histogram();
  readonly compute = new Histogram();
  readonly parse = new Histogram();
  readonly encode = new Histogram();
  /** Of each prediction, the rows that its batch had. */
  readonly batchRows = new Histogram();

  /** Refused predictions count as errors only: how long a refusal takes says nothing of the model. */
  record({ error, cached, batchSize, closed, busyMs, ranOn, parseMs, timing }: Observation): void {
    this.requests += 1;
    if (error !== null) {
      this.errors += 1;
      countFailure(this.failures, error);
      return;
    }
    this.accounted += 1;
    this.total.record(timing.totalMs);
    if (parseMs !== null) this.parse.record(parseMs);
    if (cached) return;
    this.batched += 1;
    this.batchSizes += batchSize;
    if (closed !== null) this.closed[closed] += 1;
    this.spend(deviceOf(ranOn), busyMs);
    this.batchRows.record(batchSize);
    this.queue.record(timing.queueMs);
    this.compute.record(timing.computeMs);
  }

  merge(other: LatencyStats): void {
    this.addCounts(other);
    this.account(other.spent, other.accounted);
    this.total.merge(other.total);
    this.queue.merge(other.queue);
    this.compute.merge(other.compute);
    this.parse.merge(other.parse);
    this.encode.merge(other.encode);
    this.batchRows.merge(other.batchRows);
  }

  mergeStored(stored: StoredStats): void {
    this.addCounts(stored);
    if (stored.spent) this.account(stored.spent, stored.requests - stored.errors);
    this.total.mergeEncoded(stored.total);
    this.queue.mergeEncoded(stored.queue);
    this.compute.mergeEncoded(stored.compute);
    if (stored.parse) this.parse.mergeEncoded(stored.parse);
    if (stored.encode) this.encode.mergeEncoded(stored.encode);
    if (stored.batchRows) this.batchRows.mergeEncoded(stored.batchRows);
  }

  toStored(): StoredStats & { readonly spent: Spent } {
    const { requests, errors, batched, batchSizes } = this;
    const spent = nothingSpent();
    addSpent(spent, this.spent);
    return {
      ...{ requests, errors, batched, batchSizes, spent },
      ...{ failures: { ...this.failures }, closed: { ...this.closed } },
      total: this.total.encode(),
      queue: this.queue.encode(),
      compute: this.compute.encode(),
      parse: this.parse.encode(),
      encode: this.encode.encode(),
      batchRows: this.batchRows.encode(),
    };
  }

  clear(): void {
    this.requests = this.errors = this.batched = this.batchSizes = this.accounted = 0;
    for (const device of DEVICES) this.spent[device].busyMs = this.spent[device].paidMs = 0;
    this.failures = {};
    for (const reason of CLOSE_REASONS) this.closed[reason] = 0;
    for (const stage of STAGES) this[stage].clear();
    this.batchRows.clear();
  }

  /** Nobody knows how long other servers stand idle for us: no more than the calls took is charged for them. */
  private spend(device: Device, busyMs: number): void {
    const spent = this.spent[device];
    spent.busyMs += busyMs;
    if (device === 'remote') spent.paidMs += busyMs;
  }

  private account(spent: Spent, answered: number): void {
    addSpent(this.spent, spent);
    this.accounted += answered;
  }

  private addCounts(other: Omit<StoredStats, Stage | 'batchRows' | 'spent'>): void {
    this.requests += other.requests;
    this.errors += other.errors;
    this.batched += other.batched;
    this.batchSizes += other.batchSizes;
    for (const [reason, count] of Object.entries(other.failures ?? {}))
      countFailure(this.failures, reason as FailureReason, count);
    for (const reason of CLOSE_REASONS) this.closed[reason] += other.closed?.[reason] ?? 0;
  }
}

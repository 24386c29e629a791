import type { Observation } from '../serving/serving';
import { Histogram } from './histogram';

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
}

/** What is known of a variant's predictions in some span of time. Mergeable: across seconds, versions, processes. */
export class LatencyStats {
  requests = 0;
  errors = 0;
  batched = 0;
  batchSizes = 0;
  readonly total = new Histogram();
  readonly queue = new Histogram();
  readonly compute = new Histogram();

  /** Refused predictions count as errors only: how long a refusal takes says nothing of the model. */
  record({ error, cached, batchSize, timing }: Observation): void {
    this.requests += 1;
    if (error !== null) {
      this.errors += 1;
      return;
    }
    this.total.record(timing.totalMs);
    if (cached) return;
    this.batched += 1;
    this.batchSizes += batchSize;
    this.queue.record(timing.queueMs);
    this.compute.record(timing.computeMs);
  }

  merge(other: LatencyStats): void {
    this.addCounts(other);
    this.total.merge(other.total);
    this.queue.merge(other.queue);
    this.compute.merge(other.compute);
  }

  mergeStored(stored: StoredStats): void {
    this.addCounts(stored);
    this.total.mergeEncoded(stored.total);
    this.queue.mergeEncoded(stored.queue);
    this.compute.mergeEncoded(stored.compute);
  }

  toStored(): StoredStats {
    const { requests, errors, batched, batchSizes } = this;
    const [total, queue, compute] = [this.total.encode(), this.queue.encode(), this.compute.encode()];
    return { requests, errors, batched, batchSizes, total, queue, compute };
  }

  clear(): void {
    this.requests = this.errors = this.batched = this.batchSizes = 0;
    this.total.clear();
    this.queue.clear();
    this.compute.clear();
  }

  private addCounts(other: Pick<StoredStats, 'requests' | 'errors' | 'batched' | 'batchSizes'>): void {
    this.requests += other.requests;
    this.errors += other.errors;
    this.batched += other.batched;
    this.batchSizes += other.batchSizes;
  }
}

import { CLOSE_REASONS, type CloseReason, type FailureReason } from '../serving/serving';
import type { Histogram } from './histogram';
import type { LatencyStats } from './latency-stats';
import type { Spent } from './spent-time';

/** Of the predictions that were answered, in milliseconds; null where there was none. */
export interface LatencyQuantiles {
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly p999Ms: number | null;
  /** What they are read from, encoded: the histograms of all windows would take a thousand times as much. */
  readonly histogram: Uint8Array;
}

/** Of the predictions that a batch has answered, the rows that it had; null where there was none. */
export interface BatchSizeQuantiles {
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
}

export interface FailureCount {
  readonly reason: FailureReason;
  readonly count: number;
}

export interface BatchesClosed {
  readonly reason: CloseReason;
  readonly count: number;
}

/** What some predictions have in common, over a span of time. */
export interface Measurements {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Refused predictions of all, 0 to 1. */
  readonly errorRate: number;
  /** The most frequent first. */
  readonly failures: readonly FailureCount[];
  /** Mean number of rows computed together with a prediction; null where no batch was run. */
  readonly meanBatchSize: number | null;
  readonly batchSizes: BatchSizeQuantiles;
  /** By why they went off, each counted with one of its predictions; the most frequent first. */
  readonly batchesClosed: readonly BatchesClosed[];
  /** Remembered answers of all answers, 0 to 1; null where there was none. */
  readonly cachedShare: number | null;
  /** Predictions that waited at a time, on average: their waits by the width of the window (Little's law). */
  readonly meanQueueDepth: number;
  readonly parse: LatencyQuantiles;
  readonly queue: LatencyQuantiles;
  readonly compute: LatencyQuantiles;
  readonly encode: LatencyQuantiles;
  readonly total: LatencyQuantiles;
  readonly spent: Spent;
  /** Answered predictions whose time is in `spent`. */
  readonly accounted: number;
}

export function measurementsOf(stats: LatencyStats, widthMs: number): Measurements {
  const { requests, errors, batched, batchSizes, spent, accounted } = stats;
  const answered = requests - errors;
  const failures = Object.entries(stats.failures).map(([reason, count]): FailureCount => ({
    reason: reason as FailureReason,
    count,
  }));
  return {
    requests,
    requestsPerSecond: (requests * 1_000) / widthMs,
    errorRate: requests === 0 ? 0 : errors / requests,
    failures: failures.toSorted((a, b) => b.count - a.count),
    meanBatchSize: batched === 0 ? null : batchSizes / batched,
    batchSizes: batchSizesOf(stats.batchRows),
    batchesClosed: CLOSE_REASONS.map((reason) => ({ reason, count: stats.closed[reason] }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count),
    cachedShare: answered === 0 ? null : 1 - batched / answered,
    meanQueueDepth: stats.queue.sumMs / widthMs,
    parse: quantilesOf(stats.parse),
    queue: quantilesOf(stats.queue),
    compute: quantilesOf(stats.compute),
    encode: quantilesOf(stats.encode),
    total: quantilesOf(stats.total),
    spent,
    accounted,
  };
}

const quantilesOf = (histogram: Histogram): LatencyQuantiles => ({
  p50Ms: histogram.quantile(0.5),
  p90Ms: histogram.quantile(0.9),
  p95Ms: histogram.quantile(0.95),
  p99Ms: histogram.quantile(0.99),
  p999Ms: histogram.quantile(0.999),
  histogram: histogram.encode(),
});

/** Rows are whole: up to two dozen of them the histogram's buckets hold one size each. */
function batchSizesOf(histogram: Histogram): BatchSizeQuantiles {
  const rows = (q: number) => {
    const size = histogram.quantile(q);
    return size === null ? null : Math.round(size);
  };
  return { p50: rows(0.5), p90: rows(0.9), p99: rows(0.99) };
}

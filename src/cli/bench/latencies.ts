import type { Measurement } from './measurement';

export const PERCENTILES = [50, 90, 95, 99, 99.9] as const;

/** In ms; null where nothing was answered. */
export interface Latencies {
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly 'p99.9': number;
  readonly max: number;
  readonly mean: number;
}

type Histogram = Measurement['latencies'];

export function latenciesOf(histogram: Histogram): Latencies | null {
  if (histogram.count === 0) return null;
  const [p50, p90, p95, p99, p999] = PERCENTILES.map((percentile) => histogram.percentile(percentile) / 1000);
  return {
    ...{ p50: p50 ?? 0, p90: p90 ?? 0, p95: p95 ?? 0, p99: p99 ?? 0, 'p99.9': p999 ?? 0 },
    max: histogram.max / 1000,
    mean: Math.round(histogram.mean) / 1000,
  };
}

/**
 * Latencies in ms from the median to the slowest, at even steps of “nines”: half, nine of ten, 99 of 100, … as far as
 * there are enough of them to tell.
 */
export function curveOf(histogram: Histogram, columns: number): readonly number[] {
  const nines = ninesOf(histogram.count);
  return Array.from({ length: columns }, (_, column) => {
    const share = 1 - 10 ** -((nines * column) / Math.max(1, columns - 1));
    return histogram.percentile(Math.max(0.001, share * 100)) / 1000;
  });
}

/** Nines that so many values can tell: 3 for a thousand. */
export const ninesOf = (count: number): number => Math.max(1, Math.floor(Math.log10(Math.max(10, count))));

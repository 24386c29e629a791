import type { ModelVersionId } from '../registry/registry';
import type { Histogram } from './histogram';
import type { LatencyKey } from './latency-row';
import { LatencyStats, type StoredStats } from './latency-stats';
import type { WindowGrid } from './window-grid';

/** Of the predictions that were answered, in milliseconds; null where there was none. */
export interface LatencyQuantiles {
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

/** How one version did behind one variant. */
export interface VariantLatency {
  readonly variant: string;
  readonly versionId: ModelVersionId;
  /** The last one that the variant had in the window. */
  readonly weight: number;
  readonly shadow: boolean;
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Refused predictions of all, 0 to 1. */
  readonly errorRate: number;
  /** Mean number of rows computed together with a prediction; null where no batch was run. */
  readonly meanBatchSize: number | null;
  readonly total: LatencyQuantiles;
  readonly queue: LatencyQuantiles;
  readonly compute: LatencyQuantiles;
}

export interface LatencyWindow {
  readonly from: Date;
  readonly to: Date;
  /** All variants that answer callers, as one: the name is “total”, the version the newest variant's. */
  readonly total: VariantLatency;
  readonly variants: readonly VariantLatency[];
}

/** One stored row: of one process, one variant and one version. */
export interface MeasuredRow extends Omit<LatencyKey, 'projectId' | 'endpointId'>, StoredStats {
  readonly startMs: number;
  readonly weight: number;
  readonly shadow: boolean;
}

interface Merged extends Pick<MeasuredRow, 'variant' | 'versionId' | 'weight' | 'shadow'> {
  readonly stats: LatencyStats;
}

/**
 * Merges rows into the grid's windows. Windows without traffic are left out, but for the one in which it stopped: a
 * chart that joins its points must come down to zero.
 *
 * @param rows in order of time
 * @param previous the window before the grid, where there was one
 */
export function mergeWindows(
  rows: Iterable<MeasuredRow>,
  grid: WindowGrid,
  previous: LatencyWindow | null = null,
): LatencyWindow[] {
  const windows: LatencyWindow[] = [];
  const close = (startMs: number, merged: readonly Merged[]) => {
    const last = windows.at(-1) ?? previous;
    const gap = last && hasTraffic(last) && last.to.getTime() < startMs ? emptyAfter(last, grid) : null;
    if (gap) windows.push(gap);
    if (merged.length > 0) windows.push(windowOf(merged, startMs, endOf(startMs, grid)));
  };
  let startMs: number | null = null;
  let merged: Merged[] = [];
  for (const row of rows) {
    const rowStartMs = grid.fromMs + floorTo(row.startMs - grid.fromMs, grid.widthMs);
    if (startMs !== null && rowStartMs !== startMs) {
      close(startMs, merged);
      merged = [];
    }
    startMs = rowStartMs;
    merged = mergeRow(merged, row);
  }
  if (startMs !== null) close(startMs, merged);
  close(grid.untilMs, []);
  return windows;
}

export const hasTraffic = ({ variants }: LatencyWindow): boolean =>
  variants.some(({ requests }) => requests > 0);

/** A variant whose alias moved has two versions in one window: each is told by itself, never mixed. */
function mergeRow(merged: Merged[], row: MeasuredRow): Merged[] {
  const { variant, versionId, weight, shadow } = row;
  const known = merged.findIndex((one) => one.variant === variant && one.versionId === versionId);
  const stats = merged[known]?.stats ?? new LatencyStats();
  stats.mergeStored(row);
  const others = known === -1 ? merged : merged.toSpliced(known, 1);
  return [...others, { variant, versionId, weight, shadow, stats }]; // the newest last
}

function windowOf(merged: readonly Merged[], startMs: number, endMs: number): LatencyWindow {
  const seconds = (endMs - startMs) / 1000;
  const byName = merged.toSorted((a, b) => (a.variant < b.variant ? -1 : a.variant > b.variant ? 1 : 0));
  return {
    from: new Date(startMs),
    to: new Date(endMs),
    total: latencyOf(totalOf(merged), seconds),
    variants: byName.map((one) => latencyOf(one, seconds)),
  };
}

function totalOf(merged: readonly Merged[]): Merged {
  const answering = merged.filter(({ shadow }) => !shadow);
  const newest = answering.at(-1) ?? merged.at(-1);
  if (!newest) throw new Error('A window is made of at least one row.');
  const stats = new LatencyStats();
  for (const one of answering) stats.merge(one.stats);
  const weights = new Map(answering.map(({ variant, weight }) => [variant, weight]));
  const weight = [...weights.values()].reduce((sum, each) => sum + each, 0);
  return { variant: 'total', versionId: newest.versionId, weight, shadow: false, stats };
}

function latencyOf({ stats, ...variant }: Merged, seconds: number): VariantLatency {
  const { requests, errors, batched, batchSizes } = stats;
  return {
    ...variant,
    requests,
    requestsPerSecond: requests / seconds,
    errorRate: requests === 0 ? 0 : errors / requests,
    meanBatchSize: batched === 0 ? null : batchSizes / batched,
    total: quantilesOf(stats.total),
    queue: quantilesOf(stats.queue),
    compute: quantilesOf(stats.compute),
  };
}

const quantilesOf = (histogram: Histogram): LatencyQuantiles => ({
  p50Ms: histogram.quantile(0.5),
  p95Ms: histogram.quantile(0.95),
  p99Ms: histogram.quantile(0.99),
});

/** One without traffic. */
export const silentVariant = ({
  variant,
  versionId,
  weight,
  shadow,
}: Pick<VariantLatency, 'variant' | 'versionId' | 'weight' | 'shadow'>): VariantLatency =>
  latencyOf({ variant, versionId, weight, shadow, stats: new LatencyStats() }, 1);

function emptyAfter({ to, total, variants }: LatencyWindow, grid: WindowGrid): LatencyWindow {
  return {
    from: to,
    to: new Date(endOf(to.getTime(), grid)),
    total: silentVariant(total),
    variants: variants.map(silentVariant),
  };
}

/** The last window of a grid may be shorter. */
const endOf = (startMs: number, { widthMs, untilMs }: WindowGrid) => Math.min(startMs + widthMs, untilMs);
const floorTo = (value: number, step: number) => Math.floor(value / step) * step;

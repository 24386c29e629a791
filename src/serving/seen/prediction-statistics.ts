import type { ModelVersion, ModelVersionId } from '../../registry/registry';
import { countFailure, reasonOf, type FailureCounts } from './failure-reason';
import type { PredictResult } from '../predictions/prediction';

/** Versions that are counted; the one that was asked the longest ago is forgotten first. */
const MAX_VERSIONS = 1_000;
/** Batch sizes of one version that are told apart; larger variety is counted with the nearest smaller one known. */
const MAX_BATCH_SIZES = 256;

/** How often, and how long in all. */
export interface Duration {
  readonly count: number;
  readonly totalMs: number;
}

/** What this process has answered with one version since it began. */
export interface VersionStatistics {
  readonly version: ModelVersion;
  /** Null: never asked. */
  readonly lastAt: Date | null;
  /** Rows that were computed, and runs of the model that computed them. */
  readonly rows: number;
  readonly runs: number;
  readonly success: Duration;
  readonly fail: Duration;
  /** Of those that failed, by why. */
  readonly failures: Readonly<FailureCounts>;
  readonly queue: Duration;
  readonly compute: Duration;
  readonly cacheHit: Duration;
  readonly cacheMiss: Duration;
  /** Runs by the rows in them. */
  readonly batches: readonly (Duration & { readonly size: number })[];
}

/** What one prediction says of itself. */
export interface Counted {
  readonly version: ModelVersion;
  /** Rows that it asked for. */
  readonly rows: number;
  /** Whether the answer was looked for in the cache. */
  readonly cacheable: boolean;
  readonly result: PredictResult;
  readonly totalMs: number;
}

class Sum implements Duration {
  count = 0;
  totalMs = 0;

  add(ms: number, count = 1): void {
    this.count += count;
    this.totalMs += ms;
  }
}

class VersionCounts {
  lastAtMs = 0;
  /** Which prediction of all the last one was: a clock would not tell those of one millisecond apart. */
  lastUse = 0;
  rows = 0;
  readonly success = new Sum();
  readonly fail = new Sum();
  readonly failures: FailureCounts = {};
  readonly queue = new Sum();
  readonly compute = new Sum();
  readonly cacheHit = new Sum();
  readonly cacheMiss = new Sum();
  readonly batches = new Map<number, Sum>();

  constructor(readonly version: ModelVersion) {}
}

/** Counts predictions by version, on the predict path: what is known already costs no memory. */
export class PredictionStatistics {
  private readonly byVersion = new Map<ModelVersionId, VersionCounts>();
  private uses = 0;

  constructor(private readonly nowMs: () => number) {}

  record({ version, rows, cacheable, result, totalMs }: Counted): void {
    const counts = this.countsOf(version);
    counts.lastAtMs = this.nowMs();
    counts.lastUse = this.uses += 1;
    if (!result.ok) {
      countFailure(counts.failures, reasonOf(result.error));
      return counts.fail.add(totalMs);
    }
    counts.success.add(totalMs);
    if (result.cached) return counts.cacheHit.add(totalMs);
    if (cacheable) counts.cacheMiss.add(totalMs);
    if (result.coalesced) return; // the run is counted with the caller it was made for
    const { queueMs, computeMs } = result.timing;
    counts.queue.add(queueMs);
    counts.compute.add(computeMs);
    counts.rows += rows;
    // Each caller of a shared run adds its share of it: together they make the one run that it was.
    const share = result.batchSize > 0 ? rows / result.batchSize : 1;
    sumOf(counts.batches, result.batchSize).add(computeMs * share, share);
  }

  of(version: ModelVersion): VersionStatistics {
    const counts = this.byVersion.get(version.id) ?? new VersionCounts(version);
    const { rows, success, fail, failures, queue, compute, cacheHit, cacheMiss, lastAtMs, batches } = counts;
    const bySize = [...batches]
      .sort(([one], [other]) => one - other)
      .map(([size, { count, totalMs }]) => ({ size, count: runsOf(count), totalMs }));
    return {
      ...{ version: counts.version, rows, success, fail, failures, queue, compute, cacheHit, cacheMiss },
      lastAt: lastAtMs === 0 ? null : new Date(lastAtMs),
      runs: bySize.reduce((sum, { count }) => sum + count, 0),
      batches: bySize,
    };
  }

  /** All versions that were asked, of all projects. */
  all(): readonly VersionStatistics[] {
    return [...this.byVersion.values()].map(({ version }) => this.of(version));
  }

  /** The versions that were asked since this process began, of all projects. */
  versionIds(): readonly ModelVersionId[] {
    return [...this.byVersion.keys()];
  }

  private countsOf(version: ModelVersion): VersionCounts {
    const known = this.byVersion.get(version.id);
    if (known) return known;
    if (this.byVersion.size >= MAX_VERSIONS) this.forgetLongestUnused();
    const counts = new VersionCounts(version);
    this.byVersion.set(version.id, counts);
    return counts;
  }

  /** Looks through all of them for one that is new, some microseconds: an order would cost each prediction. */
  private forgetLongestUnused(): void {
    let longestUnused: VersionCounts | undefined;
    for (const counts of this.byVersion.values())
      if (!longestUnused || counts.lastUse < longestUnused.lastUse) longestUnused = counts;
    if (longestUnused) this.byVersion.delete(longestUnused.version.id);
  }
}

/**
 * Shares make no whole where others of the run are not counted with them: who left before the answer, or asked another
 * version with the same bytes. What was computed took a run all the same.
 */
const runsOf = (shares: number): number => Math.max(1, Math.round(shares));

function sumOf(batches: Map<number, Sum>, size: number): Sum {
  const known = batches.get(size);
  if (known) return known;
  if (batches.size >= MAX_BATCH_SIZES) return sumOf(batches, nearestBelow(batches, size));
  const sum = new Sum();
  batches.set(size, sum);
  return sum;
}

/** The smallest where all are larger. */
function nearestBelow(batches: ReadonlyMap<number, Sum>, size: number): number {
  const known = [...batches.keys()];
  const smaller = known.filter((other) => other < size);
  return smaller.length > 0 ? Math.max(...smaller) : Math.min(...known);
}

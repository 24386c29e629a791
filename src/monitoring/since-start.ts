import type { ProjectId } from '../kernel/ids';
import type { ModelVersion } from '../registry/registry';
import type { Door, RanOn } from '../serving/serving';
import { isByReference, type AskedId } from './latency-row';
import { LatencyStats } from './latency-stats';

/**
 * Series that are told apart: each takes 25 kB here, and 140 lines of an answer to Prometheus, half a millisecond's
 * work.
 */
export const MAX_SERIES = 100;
/** Of them, those that may be of versions asked by reference: whoever names many takes no endpoint's place. */
export const MAX_REFERENCE_SERIES = 30;
/** Projects whose series without a place count by project; those of all others count together. */
export const MAX_RESTS = 50;
/**
 * How long a series must have been silent, in seconds, to give its place to a new one: longer than any scrape's
 * interval.
 */
export const FORGOTTEN_AFTER_S = 3_600;

interface SeriesKey {
  /** Null: of several projects. */
  readonly projectId: ProjectId | null;
  /** Null: all that found no place of their own. */
  readonly source: {
    readonly askedId: AskedId;
    /** Empty where a version was asked by reference. */
    readonly endpointName: string;
    readonly variant: string;
    readonly version: ModelVersion;
    readonly door: Door;
    readonly shadow: boolean;
    readonly ranOn: RanOn | null;
  } | null;
}

/** What has happened since this process began: counts that only grow. */
export interface Series extends SeriesKey {
  readonly stats: LatencyStats;
}

/** One second of a variant with a version, asked by a door. */
interface Measured extends NonNullable<SeriesKey['source']> {
  readonly projectId: ProjectId;
  readonly second: LatencyStats;
}

interface Kept extends Series {
  lastS: number;
}

/** Where what found no place of its own counts, nor one of its project's: no key is empty. */
const REST_OF_ALL = '';

/** Adds up closed seconds; bounded: no number of endpoints or projects makes the process or its scrape too large. */
export class SinceStart {
  private readonly kept = new Map<string, Kept>();

  /** @param nowS seconds since 1970 */
  add(measured: Measured, nowS: number): void {
    const kept = this.seriesOf(measured, nowS);
    kept.stats.merge(measured.second);
    kept.lastS = nowS;
  }

  /** All series, with what seconds that are still open have to add. */
  with(open: readonly Measured[]): readonly Series[] {
    const all = new Map<string, Series>(this.kept);
    for (const measured of open) {
      const key = placeOf(measured, all);
      const stats = new LatencyStats();
      const before = all.get(key);
      if (before) stats.merge(before.stats);
      stats.merge(measured.second);
      all.set(key, { ...(before ?? seriesFor(measured, key)), stats });
    }
    return [...all.values()];
  }

  private seriesOf(measured: Measured, nowS: number): Kept {
    const key = keyOf(measured);
    const known = this.kept.get(key);
    if (known) {
      const series = { ...known, source: sourceOf(measured) };
      this.kept.set(key, series);
      return series;
    }
    if (!hasPlace(measured, this.kept)) this.forgetSilent(nowS);
    const place = placeOf(measured, this.kept);
    const kept = this.kept.get(place) ?? {
      ...seriesFor(measured, place),
      stats: new LatencyStats(),
      lastS: nowS,
    };
    this.kept.set(place, kept);
    return kept;
  }

  private forgetSilent(nowS: number): void {
    for (const [key, { lastS }] of this.kept) if (nowS - lastS > FORGOTTEN_AFTER_S) this.kept.delete(key);
  }
}

/** What is to be known of a series to rank it. */
interface Ranked extends Pick<Series, 'source'> {
  readonly stats: Pick<LatencyStats, 'requests'>;
}

/** Those with most requests that have a place among the series. */
export function busiest<One extends Ranked>(series: readonly One[]): readonly One[] {
  let references = 0;
  const isTold = ({ source }: One) =>
    source === null || !isReference(source) || (references += 1) <= MAX_REFERENCE_SERIES;
  const byRequests = series.toSorted((a, b) => b.stats.requests - a.stats.requests);
  return byRequests.filter(isTold).slice(0, MAX_SERIES);
}

function placeOf(measured: Measured, all: ReadonlyMap<string, Series>): string {
  const { projectId } = measured;
  if (hasPlace(measured, all)) return keyOf(measured);
  return all.has(projectId) || countOf(all, isRestOfProject) < MAX_RESTS ? projectId : REST_OF_ALL;
}

function hasPlace(measured: Measured, all: ReadonlyMap<string, Series>): boolean {
  if (all.has(keyOf(measured))) return true;
  if (countOf(all, ({ source }) => source !== null) >= MAX_SERIES) return false;
  return (
    !isReference(measured) ||
    countOf(all, ({ source }) => source !== null && isReference(source)) < MAX_REFERENCE_SERIES
  );
}

function countOf(all: ReadonlyMap<string, Series>, isOne: (series: Series) => boolean): number {
  let count = 0;
  for (const series of all.values()) if (isOne(series)) count += 1;
  return count;
}

const isRestOfProject = ({ projectId, source }: Series) => source === null && projectId !== null;

const isReference = ({ askedId, version }: NonNullable<SeriesKey['source']>) =>
  isByReference(askedId, version.id);

const keyOf = ({ askedId, variant, version, door }: Measured) =>
  `${askedId} ${version.id} ${door} ${variant}`;

const seriesFor = (measured: Measured, place: string): SeriesKey => ({
  projectId: place === REST_OF_ALL ? null : measured.projectId,
  source: place === keyOf(measured) ? sourceOf(measured) : null,
});

const sourceOf = (measured: Measured): SeriesKey['source'] => {
  const { askedId, endpointName, variant, version, door, shadow, ranOn } = measured;
  return { askedId, endpointName, variant, version, door, shadow, ranOn };
};

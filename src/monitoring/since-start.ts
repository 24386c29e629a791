import type { ProjectId } from '../kernel/ids';
import type { ModelVersion } from '../registry/registry';
import type { Door, EndpointId, RanOn } from '../serving/serving';
import { LatencyStats } from './latency-stats';

/** Series that are told apart: each takes 25 kB here, and 140 lines of an answer to Prometheus, half a millisecond's work. */
export const MAX_SERIES = 100;
/** How long a series must have been silent, in seconds, to give its place to a new one: longer than any scrape's interval. */
export const FORGOTTEN_AFTER_S = 3_600;

interface SeriesKey {
  readonly projectId: ProjectId;
  /** Null: all that found no place of their own, of one project. */
  readonly source: {
    readonly endpointId: EndpointId;
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

/** Adds up closed seconds; bounded, so that no number of endpoints makes the process or its scrape too large. */
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
      const key = this.hasPlace(measured) ? keyOf(measured) : measured.projectId;
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
    if (this.kept.size >= MAX_SERIES) this.forgetSilent(nowS);
    const place = this.hasPlace(measured) ? key : measured.projectId;
    const kept = this.kept.get(place) ?? {
      ...seriesFor(measured, place),
      stats: new LatencyStats(),
      lastS: nowS,
    };
    this.kept.set(place, kept);
    return kept;
  }

  private hasPlace(measured: Measured): boolean {
    return this.kept.has(keyOf(measured)) || this.kept.size < MAX_SERIES;
  }

  private forgetSilent(nowS: number): void {
    for (const [key, { source, lastS }] of this.kept)
      if (source && nowS - lastS > FORGOTTEN_AFTER_S) this.kept.delete(key);
  }
}

const keyOf = ({ endpointId, variant, version, door }: Measured) =>
  `${endpointId} ${version.id} ${door} ${variant}`;

const seriesFor = (measured: Measured, place: string): SeriesKey => ({
  projectId: measured.projectId,
  source: place === measured.projectId ? null : sourceOf(measured),
});

const sourceOf = (measured: Measured): SeriesKey['source'] => {
  const { endpointId, endpointName, variant, version, door, shadow, ranOn } = measured;
  return { endpointId, endpointName, variant, version, door, shadow, ranOn };
};

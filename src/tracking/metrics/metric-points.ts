import { eachOnce, emptyColumns, putColumns, sliceColumns, type PointColumns } from './metric-columns';
import { seriesParts } from './metric-history';
import type { MetricQueries, PageLimits, SeriesExtent } from './metric.queries';
import { PointsWindow } from './points-window';
import { SeriesStretches } from './series-stretches';
import {
  compareMoments,
  comparePlaces,
  inOrderOfTime,
  placeOf,
  rowAfter,
  type TimePlace,
} from './time-order';

/** A page of a series' points, in order of time, then step, then value; the same point twice is told once. */
export interface PointsPage {
  readonly points: PointColumns;
  /** Where the next page begins; null at the end. Good for as long as the run is there. */
  readonly next: PointsPlace | null;
}

/** A place in a series as it was after a call: what is logged later moves nothing. */
export interface PointsPlace {
  readonly upTo: bigint;
  /** The last point that was read. */
  readonly after: TimePlace;
}

/** How much of a series is in memory, 24 bytes a point. */
export interface PointsLimits {
  /** Points of a series that is sorted as a whole, and of all that is kept between two pages. */
  readonly maxSorted: number;
  /** Points of a longer one that are sorted at a time, while up to twice as many are looked at. */
  readonly window: number;
  /** What is known of when a longer one was measured: some 150 bytes each. */
  readonly maxStretches: number;
  /** What is read at a time, and makes a stretch. */
  readonly read: PageLimits;
}

const LIMITS: PointsLimits = {
  maxSorted: 2_000_000,
  window: 300_000, // three of the largest pages
  maxStretches: 2_048, // of 100 million points, before they become longer
  read: { maxPoints: 50_000, maxChunks: 5_000 },
};
/** How long points that are read page by page are kept between two pages, in ms. */
const KEPT_MS = 60_000;

/** Points of a series that follow each other. */
interface Window {
  /** They come after this place; null: from the beginning. */
  readonly after: TimePlace | null;
  readonly points: PointColumns;
  /** Whether others follow them. */
  readonly hasLeft: boolean;
}

interface Kept extends Window {
  readonly name: string;
  usedAtMs: number;
}

/**
 * Reads whole series page by page: pages are cut from memory for as long as somebody reads on. A series of usual length
 * is sorted there as a whole; of a longer one the next few pages, out of those of its stretches that reach into them.
 */
export class MetricPoints {
  private kept: Kept[] = [];
  private readonly stretches: SeriesStretches;

  constructor(
    private readonly metrics: Pick<MetricQueries, 'chunkPage'>,
    private readonly nowMs: () => number,
    private readonly limits: PointsLimits = LIMITS,
  ) {
    this.stretches = new SeriesStretches(metrics, limits.maxStretches, limits.read);
  }

  /**
   * A page may have fewer points than `first` though others follow it.
   *
   * @param after null: from the beginning
   */
  async page(extent: SeriesExtent, after: TimePlace | null, first: number): Promise<PointsPage> {
    const { points, hasLeft } = await this.windowAt(extent, after);
    const start = after === null ? 0 : rowAfter(points, after);
    const end = Math.min(points.values.length, start + first);
    const isEnd = end === start || (end === points.values.length && !hasLeft);
    return {
      points: sliceColumns(points, start, end),
      next: isEnd ? null : { upTo: extent.upTo, after: placeOf(points, end - 1) },
    };
  }

  private async windowAt(extent: SeriesExtent, after: TimePlace | null): Promise<Window> {
    const { runId, key, subject, upTo } = extent;
    const name = `${runId}\0${subject}\0${key}\0${upTo}`;
    const nowMs = this.nowMs();
    this.kept = this.kept.filter(({ usedAtMs }) => nowMs - usedAtMs < KEPT_MS);
    const known = this.kept.find((one) => one.name === name && hasNext(one, after));
    if (known) {
      known.usedAtMs = nowMs;
      return known;
    }
    const isShort = extent.pointCount <= this.limits.maxSorted;
    const window = isShort ? await this.readAll(extent) : await this.readNext(extent, after);
    this.keep({ name, ...window, usedAtMs: nowMs });
    return window;
  }

  private async readAll(extent: SeriesExtent): Promise<Window> {
    const all = emptyColumns(extent.pointCount);
    let count = 0;
    for await (const { points } of seriesParts(this.metrics, { extent, after: 0n })) {
      putColumns(all, count, points);
      count += points.values.length;
    }
    const points = eachOnce(inOrderOfTime(sliceColumns(all, 0, count)));
    return { after: null, points, hasLeft: false };
  }

  /** Of stretches that overlap all are read that may have one of these points, one after the other. */
  private async readNext(extent: SeriesExtent, after: TimePlace | null): Promise<Window> {
    const stretches = (await this.stretches.of(extent))
      .filter(({ last }) => after === null || compareMoments(last, after) >= 0)
      .sort((one, other) => compareMoments(one.first, other.first));
    const window = new PointsWindow(after, this.limits.window);
    for (const { first, ...calls } of stretches) {
      if (window.endsBefore(first)) return { after, ...window.points(), hasLeft: true };
      const upTo = calls.upTo < extent.upTo ? calls.upTo : extent.upTo;
      const rest = { extent: { ...extent, upTo }, after: calls.after };
      for await (const { points } of seriesParts(this.metrics, rest, this.limits.read)) window.add(points);
    }
    return { after, ...window.points() };
  }

  /** What was used longest ago goes, until the others fit. */
  private keep(kept: Kept): void {
    const byUse = [kept, ...this.kept.sort((a, b) => b.usedAtMs - a.usedAtMs)];
    let points = 0;
    this.kept = byUse.filter((one) => (points += one.points.values.length) <= this.limits.maxSorted);
  }
}

/** Whether the point that follows this place, or the end of the series, is in it. */
function hasNext({ after, points, hasLeft }: Window, place: TimePlace | null): boolean {
  if (place === null) return after === null;
  if (after !== null && comparePlaces(after, place) > 0) return false;
  return !hasLeft || rowAfter(points, place) < points.values.length;
}

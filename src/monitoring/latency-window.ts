import type { ModelVersionId } from '../registry/registry';
import type { Door, RanOn } from '../serving/serving';
import type { LatencyKey } from './latency-row';
import { LatencyStats, type StoredStats } from './latency-stats';
import { measurementsOf, type Measurements } from './measurements';
import type { WindowGrid } from './window-grid';

/** What came by one door. */
export interface DoorLatency extends Measurements {
  readonly door: Door;
}

/** How one version did behind one variant. */
export interface VariantLatency extends Measurements {
  readonly variant: string;
  readonly versionId: ModelVersionId;
  /** The last one that the variant had in the window. */
  readonly weight: number;
  readonly shadow: boolean;
  /** What has computed its answers; empty where none was computed, or nobody knows. */
  readonly ranOn: readonly RanOn[];
  /** The doors it was asked by, by name; rows of earlier servers tell of none. */
  readonly doors: readonly DoorLatency[];
}

export interface LatencyWindow {
  readonly from: Date;
  readonly to: Date;
  /** All variants that answer callers, as one: the name is “total”, the version the newest variant's. */
  readonly total: VariantLatency;
  readonly variants: readonly VariantLatency[];
}

/** One stored row: of one process, one variant and one version. */
export interface MeasuredRow extends Omit<LatencyKey, 'projectId' | 'askedId'>, StoredStats {
  readonly startMs: number;
  readonly weight: number;
  readonly shadow: boolean;
  readonly ranOn: RanOn | null;
}

interface Merged extends Pick<MeasuredRow, 'variant' | 'versionId' | 'weight' | 'shadow'> {
  readonly ranOn: readonly RanOn[];
  /** By door, empty where a row did not tell. */
  readonly doors: ReadonlyMap<Door | '', LatencyStats>;
}

/** The windows of a grid that all rows are merged into. */
export function mergeWindows(rows: Iterable<MeasuredRow>, grid: WindowGrid): readonly LatencyWindow[] {
  const merging = new WindowMerging(grid);
  merging.add(rows);
  return merging.finish();
}

/**
 * Merges rows into a grid's windows. Windows without traffic are left out, but for the one in which it stopped: a chart
 * that joins its points must come down to zero.
 */
export class WindowMerging {
  private readonly windows: LatencyWindow[] = [];
  private startMs: number | null = null;
  private merged: Merged[] = [];

  constructor(private readonly grid: WindowGrid) {}

  /** @param rows in order of time, and after those that were added before */
  add(rows: Iterable<MeasuredRow>): void {
    const { fromMs, widthMs } = this.grid;
    for (const row of rows) {
      const rowStartMs = fromMs + floorTo(row.startMs - fromMs, widthMs);
      if (this.startMs !== null && rowStartMs !== this.startMs) this.close(this.startMs);
      this.startMs = rowStartMs;
      this.merged = mergeRow(this.merged, row);
    }
  }

  finish(): readonly LatencyWindow[] {
    if (this.startMs !== null) this.close(this.startMs);
    this.close(this.grid.untilMs);
    return this.windows;
  }

  private close(startMs: number): void {
    const { grid, windows, merged } = this;
    const last = windows.at(-1);
    const gap = last && hasTraffic(last) && last.to.getTime() < startMs ? emptyAfter(last, grid) : null;
    if (gap) windows.push(gap);
    if (merged.length > 0) windows.push(windowOf(merged, startMs, endOf(startMs, grid)));
    this.merged = [];
  }
}

export const hasTraffic = ({ variants }: LatencyWindow): boolean =>
  variants.some(({ requests }) => requests > 0);

/** A variant whose alias moved has two versions in one window: each is told by itself, never mixed. */
function mergeRow(merged: Merged[], row: MeasuredRow): Merged[] {
  const { variant, versionId, weight, shadow, door } = row;
  const known = merged.findIndex((one) => one.variant === variant && one.versionId === versionId);
  const before = merged[known];
  const doors = new Map(before?.doors);
  const stats = doors.get(door) ?? new LatencyStats();
  stats.mergeStored(row);
  doors.set(door, stats);
  const others = known === -1 ? merged : merged.toSpliced(known, 1);
  const ranOn = withRanOn(before?.ranOn ?? [], row.ranOn);
  return [...others, { variant, versionId, weight, shadow, ranOn, doors }]; // the newest last
}

function windowOf(merged: readonly Merged[], startMs: number, endMs: number): LatencyWindow {
  const byName = merged.toSorted((a, b) => compareText(a.variant, b.variant));
  return {
    from: new Date(startMs),
    to: new Date(endMs),
    total: latencyOf(totalOf(merged), endMs - startMs),
    variants: byName.map((one) => latencyOf(one, endMs - startMs)),
  };
}

function totalOf(merged: readonly Merged[]): Merged {
  const answering = merged.filter(({ shadow }) => !shadow);
  const newest = answering.at(-1) ?? merged.at(-1);
  if (!newest) throw new Error('A window is made of at least one row.');
  const doors = new Map<Door | '', LatencyStats>();
  for (const [door, stats] of answering.flatMap((one) => [...one.doors])) {
    const sum = doors.get(door) ?? new LatencyStats();
    sum.merge(stats);
    doors.set(door, sum);
  }
  const weights = new Map(answering.map(({ variant, weight }) => [variant, weight]));
  const weight = [...weights.values()].reduce((sum, each) => sum + each, 0);
  const ranOn = answering.flatMap((one) => one.ranOn).reduce<readonly RanOn[]>(withRanOn, []);
  return { variant: 'total', versionId: newest.versionId, weight, shadow: false, ranOn, doors };
}

function latencyOf({ doors, ...variant }: Merged, widthMs: number): VariantLatency {
  const all = new LatencyStats();
  for (const stats of doors.values()) all.merge(stats);
  const byName = [...doors].toSorted(([a], [b]) => compareText(a, b));
  return {
    ...variant,
    ...measurementsOf(all, widthMs),
    doors: byName.flatMap(([door, stats]) =>
      door === '' ? [] : [{ door, ...measurementsOf(stats, widthMs) }],
    ),
  };
}

const withRanOn = (known: readonly RanOn[], ranOn: RanOn | null): readonly RanOn[] =>
  ranOn === null ||
  known.some(({ backend, provider }) => backend === ranOn.backend && provider === ranOn.provider)
    ? known
    : [...known, ranOn];

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** One without traffic. */
export const silentVariant = ({
  variant,
  versionId,
  weight,
  shadow,
}: Pick<VariantLatency, 'variant' | 'versionId' | 'weight' | 'shadow'>): VariantLatency =>
  latencyOf({ variant, versionId, weight, shadow, ranOn: [], doors: new Map() }, 1_000);

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

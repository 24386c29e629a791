import { randomUUID } from 'node:crypto';
import type { ModelVersion, ModelVersionId } from '../registry/registry';
import type { Door, Observation, PredictionObserver, PredictSuccess, RanOn } from '../serving/serving';
import {
  isByReference,
  MINUTE,
  SECOND,
  type AskedId,
  type LatencyKey,
  type LatencyRow,
  type WidthS,
} from './latency-row';
import { LatencyStats } from './latency-stats';
import { PaidTime } from './paid-time';
import { busiest, SinceStart, type Series } from './since-start';
import { WORKER_DEVICES, type WorkerDevice } from './spent-time';
import { UnwrittenRows } from './unwritten-rows';

/**
 * Versions asked by reference, each door apart, that are measured in one minute: 7 MB, and as many rows a second.
 * Endpoints are as many as somebody deploys; a reference is any version that a caller names. More of them are in what
 * `serving` counts by model, and nowhere else.
 */
export const MAX_REFERENCES = 100;

/** One variant with one version, asked by one door, in the second and the minute that are still open. */
interface Cell extends LatencyKey {
  readonly endpointName: string;
  readonly version: ModelVersion;
  readonly door: Door;
  weight: number;
  shadow: boolean;
  ranOn: RanOn | null;
  readonly second: LatencyStats;
  readonly minute: LatencyStats;
  /** The minute before, for quantiles of what is recent: a minute that has just begun would have none. */
  readonly minuteBefore: LatencyStats;
}

/**
 * Counts predictions in memory, in windows aligned to the wall clock. A prediction belongs to the second in which it
 * was answered. `observe` is on the predict path: where the second has not changed it allocates nothing.
 */
export class LatencyRecorder implements PredictionObserver {
  readonly unwritten = new UnwrittenRows<LatencyRow>();
  /** An endpoint has a handful of variants: looking through them costs less than making a key. */
  private readonly cells = new Map<AskedId, Cell[]>();
  private references = 0;
  private readonly totals = new SinceStart();
  private readonly paid: Readonly<Record<WorkerDevice, PaidTime>>;
  private writerId = randomUUID();
  private startS = 0;

  /**
   * @param nowMs milliseconds since 1970, as `Date.now`: a number, since a `Date` would be an allocation each time
   * @param workersOn how many of each kind are paid for at the moment
   */
  constructor(
    private readonly nowMs: () => number,
    workersOn: (device: WorkerDevice) => number = () => 0,
  ) {
    this.paid = {
      processor: new PaidTime(() => workersOn('processor')),
      accelerator: new PaidTime(() => workersOn('accelerator')),
    };
  }

  observe(observation: Observation): void {
    this.closeWindows();
    const cell = this.cellOf(observation);
    if (cell === undefined) return;
    cell.weight = observation.weight;
    cell.shadow = observation.shadow;
    if (observation.ranOn !== null) cell.ranOn = observation.ranOn;
    cell.second.record(observation);
  }

  /** Counted in the second in which the answer was sent; the window is the prediction's or the next one. */
  encoded({ endpointId, variant, version }: PredictSuccess, door: Door, encodeMs: number): void {
    const cells = this.cells.get(endpointId ?? version.id);
    this.known(cells, version.id, variant ?? version.ref, door)?.second.encode.record(encodeMs);
  }

  /** Everything since this process began, the open second too. */
  sinceStart(): readonly Series[] {
    this.closeWindows();
    return this.totals.with(this.open().filter(({ second }) => second.requests > 0));
  }

  /** The last one to two minutes of what had traffic in them, without the open second; of too many, the busiest. */
  recent(): readonly Series[] {
    this.closeWindows();
    const measured = this.open().map((cell) => {
      const requests = cell.minute.requests + cell.minuteBefore.requests;
      return { cell, source: cell, stats: { requests } };
    });
    const asked = measured.filter(({ stats }) => stats.requests > 0);
    // Of thousands only those are added up that are told.
    return busiest(asked).map(({ cell: { projectId, minute, minuteBefore, ...source } }) => {
      const stats = new LatencyStats();
      for (const part of [minuteBefore, minute]) stats.merge(part);
      return { projectId, source, stats };
    });
  }

  /** Moves what belongs to past windows to `unwritten`. */
  closeWindows(): void {
    const nowS = Math.floor(this.nowMs() / 1000);
    if (nowS === this.startS) return;
    this.closeSecond();
    if (floorTo(nowS, MINUTE) !== floorTo(this.startS, MINUTE)) this.closeMinute();
    if (nowS < this.startS) this.becomeAnotherWriter(); // the clock was set back: these windows come a second time
    this.startS = nowS;
  }

  /** Moves everything to `unwritten`, the open windows too: the process ends. */
  closeAll(): void {
    this.closeSecond();
    this.closeMinute();
    this.becomeAnotherWriter();
  }

  private open(): readonly Cell[] {
    return [...this.cells.values()].flat();
  }

  /** Undefined where there is no room for one more reference. */
  private cellOf(observation: Observation): Cell | undefined {
    const { projectId, endpointId, variant, version, door, weight, shadow } = observation;
    const askedId = endpointId ?? version.id;
    let cells = this.cells.get(askedId);
    const known = this.known(cells, version.id, variant, door);
    if (known) return known;
    if (endpointId === null && (this.references += 1) > MAX_REFERENCES) return undefined;
    if (!cells) this.cells.set(askedId, (cells = []));
    const key = { projectId, askedId, variant, versionId: version.id, door };
    const stats = {
      ...{ second: new LatencyStats(), minute: new LatencyStats(), minuteBefore: new LatencyStats() },
    };
    const { endpointName } = observation;
    const cell: Cell = { ...key, endpointName, version, weight, shadow, ranOn: null, ...stats };
    cells.push(cell);
    return cell;
  }

  private known(
    cells: readonly Cell[] | undefined,
    versionId: ModelVersionId,
    variant: string,
    door: Door,
  ): Cell | undefined {
    if (cells === undefined) return undefined;
    for (const cell of cells) {
      if (cell.versionId === versionId && cell.variant === variant && cell.door === door) return cell;
    }
    return undefined;
  }

  private closeSecond(): void {
    const busy = this.open().filter(({ second }) => second.requests > 0);
    for (const device of WORKER_DEVICES)
      this.paid[device].share(
        this.startS,
        busy.map(({ second }) => second.spent[device]),
      );
    for (const cell of busy) {
      this.close(cell, SECOND, cell.second);
      this.totals.add(cell, this.startS);
      cell.minute.merge(cell.second);
      cell.second.clear();
    }
  }

  /** Who had no traffic for a minute is forgotten. */
  private closeMinute(): void {
    for (const [askedId, cells] of this.cells) {
      const busy = cells.filter(({ minute }) => minute.requests > 0);
      for (const cell of busy) {
        this.close(cell, MINUTE, cell.minute);
        cell.minuteBefore.clear();
        cell.minuteBefore.merge(cell.minute);
        cell.minute.clear();
      }
      if (busy.length === 0) this.cells.delete(askedId);
      else this.cells.set(askedId, busy);
    }
    this.references = this.open().filter(({ askedId, versionId }) =>
      isByReference(askedId, versionId),
    ).length;
  }

  private close(cell: Cell, widthS: WidthS, stats: LatencyStats): void {
    const { projectId, askedId, variant, versionId, door, weight, shadow, ranOn } = cell;
    const key = { projectId, askedId, variant, versionId, door, weight, shadow, ranOn };
    const startS = floorTo(this.startS, widthS);
    this.unwritten.push({ ...key, writerId: this.writerId, widthS, startS, ...stats.toStored() });
  }

  private becomeAnotherWriter(): void {
    this.writerId = randomUUID();
  }
}

const floorTo = (seconds: number, widthS: WidthS) => seconds - (seconds % widthS);

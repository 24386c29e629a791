import { randomUUID } from 'node:crypto';
import type { EndpointId, Observation, PredictionObserver } from '../serving/serving';
import { MINUTE, SECOND, type LatencyKey, type LatencyRow, type WidthS } from './latency-row';
import { LatencyStats } from './latency-stats';
import { UnwrittenRows } from './unwritten-rows';

/** One variant with one version, in the second and the minute that are still open. */
interface Cell extends LatencyKey {
  weight: number;
  shadow: boolean;
  readonly second: LatencyStats;
  readonly minute: LatencyStats;
}

/**
 * Counts predictions in memory, in windows aligned to the wall clock. A prediction belongs to the second in which it
 * was answered. `observe` is on the predict path: where the second has not changed it allocates nothing.
 */
export class LatencyRecorder implements PredictionObserver {
  readonly unwritten = new UnwrittenRows<LatencyRow>();
  /** An endpoint has a handful of variants: looking through them costs less than making a key. */
  private readonly cells = new Map<EndpointId, Cell[]>();
  private writerId = randomUUID();
  private startS = 0;

  /** @param nowMs milliseconds since 1970, as `Date.now`: a number, since a `Date` would be an allocation each time */
  constructor(private readonly nowMs: () => number) {}

  observe(observation: Observation): void {
    this.closeWindows();
    const cell = this.cellOf(observation);
    cell.weight = observation.weight;
    cell.shadow = observation.shadow;
    cell.second.record(observation);
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

  private cellOf({ projectId, endpointId, variant, version, weight, shadow }: Observation): Cell {
    let cells = this.cells.get(endpointId);
    if (!cells) this.cells.set(endpointId, (cells = []));
    for (const cell of cells) {
      if (cell.versionId === version.id && cell.variant === variant) return cell;
    }
    const key = { projectId, endpointId, variant, versionId: version.id };
    const cell = { ...key, weight, shadow, second: new LatencyStats(), minute: new LatencyStats() };
    cells.push(cell);
    return cell;
  }

  private closeSecond(): void {
    for (const cells of this.cells.values()) {
      for (const cell of cells) {
        if (cell.second.requests === 0) continue;
        this.close(cell, SECOND, cell.second);
        cell.minute.merge(cell.second);
        cell.second.clear();
      }
    }
  }

  /** Who had no traffic for a minute is forgotten. */
  private closeMinute(): void {
    for (const [endpointId, cells] of this.cells) {
      const busy = cells.filter(({ minute }) => minute.requests > 0);
      for (const cell of busy) {
        this.close(cell, MINUTE, cell.minute);
        cell.minute.clear();
      }
      if (busy.length === 0) this.cells.delete(endpointId);
      else this.cells.set(endpointId, busy);
    }
  }

  private close(cell: Cell, widthS: WidthS, stats: LatencyStats): void {
    const { projectId, endpointId, variant, versionId, weight, shadow } = cell;
    const key = { projectId, endpointId, variant, versionId, weight, shadow };
    const startS = floorTo(this.startS, widthS);
    this.unwritten.push({ ...key, writerId: this.writerId, widthS, startS, ...stats.toStored() });
  }

  private becomeAnotherWriter(): void {
    this.writerId = randomUUID();
  }
}

const floorTo = (seconds: number, widthS: WidthS) => seconds - (seconds % widthS);

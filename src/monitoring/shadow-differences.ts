import { randomUUID } from 'node:crypto';
import type { ShadowObserver, ShadowOutcome } from '../serving/serving';
import { MINUTE } from './latency-row';
import { UnwrittenRows } from './unwritten-rows';

/** How one shadow's answers differed from those of one variant that answered callers; counts and sums, which add up. */
export interface DifferenceCounts {
  /** Rows whose answers were held against each other, and those of them that were another answer. */
  readonly compared: number;
  readonly disagreed: number;
  /** Copies that the shadow did not get. */
  readonly dropped: number;
  /** Numbers that were compared, and the sum of their absolute differences. */
  readonly values: number;
  readonly absDifference: number;
}

type Pair = Omit<ShadowOutcome, 'difference'>;

/** One pair of variants in one closed minute of one process. */
export interface DifferenceRow extends Pair, DifferenceCounts {
  /** Of the process; another one after the clock went back, so that no two rows are ever the same one. */
  readonly writerId: string;
  /** Seconds since 1970, a multiple of a minute. */
  readonly startS: number;
}

/** A pair in the minute that is still open. */
type Cell = Pair & { -readonly [Key in keyof DifferenceCounts]: DifferenceCounts[Key] };

/**
 * Counts in memory how shadows' answers differ, by minute. Beside the predict path: the caller has its answer by then.
 */
export class ShadowDifferences implements ShadowObserver {
  readonly unwritten = new UnwrittenRows<DifferenceRow>();
  private readonly cells = new Map<string, Cell>();
  private writerId = randomUUID();
  private startS = 0;

  /** @param nowMs milliseconds since 1970, as `Date.now` */
  constructor(private readonly nowMs: () => number) {}

  compare({ difference, ...pair }: ShadowOutcome): void {
    this.closeWindows();
    const cell = this.cellOf(pair);
    if (!difference) {
      cell.dropped += 1;
      return;
    }
    cell.compared += difference.compared;
    cell.disagreed += difference.disagreed;
    cell.values += difference.values;
    cell.absDifference += difference.absDifference;
  }

  /** Moves what belongs to a past minute to `unwritten`. */
  closeWindows(): void {
    const nowS = Math.floor(this.nowMs() / 1000 / MINUTE) * MINUTE;
    if (nowS === this.startS) return;
    this.close();
    if (nowS < this.startS) this.writerId = randomUUID(); // the clock was set back: these minutes come a second time
    this.startS = nowS;
  }

  /** Moves everything to `unwritten`, the open minute too: the process ends. */
  closeAll(): void {
    this.close();
    this.writerId = randomUUID();
  }

  private close(): void {
    const { writerId, startS } = this;
    for (const cell of this.cells.values()) this.unwritten.push({ ...cell, writerId, startS });
    this.cells.clear();
  }

  private cellOf(pair: Pair): Cell {
    const { endpointId, variant, versionId, liveVariant, liveVersionId } = pair;
    const key = JSON.stringify([endpointId, variant, versionId, liveVariant, liveVersionId]);
    const known = this.cells.get(key);
    if (known) return known;
    const cell = { ...pair, compared: 0, disagreed: 0, dropped: 0, values: 0, absDifference: 0 };
    this.cells.set(key, cell);
    return cell;
  }
}

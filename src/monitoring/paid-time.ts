import type { SpentTime } from './spent-time';

/**
 * Idle time of the workers that the next runs are charged for, in seconds: one after a quiet night does not pay for it.
 */
export const MAX_IDLE_CHARGED_S = 3_600;

/**
 * Worker time costs whether it is used or not. What passed since workers last ran is charged to those who run now, each
 * by its share of the time that the workers were busy: so that the shares of a span make up all worker hours in it. Of
 * several processes that share workers, one that uses more than its part of them pays for what it uses, and the others
 * for their parts all the same, so that together they may pay for more than there was.
 *
 * Workers on processors and those on accelerators are charged apart: their hours have two prices, and a model that runs
 * on the ones keeps none of the others waiting.
 */
export class PaidTime {
  /** Seconds since 1970 until which all time was charged; undefined until the first run. */
  private chargedUntilS: number | undefined;

  /** @param workers how many of the kind are paid for at the moment */
  constructor(private readonly workers: () => number) {}

  /**
   * @param startS of the second that has ended, since 1970
   * @param second what each of its variants has taken of this kind of workers
   */
  share(startS: number, second: readonly SpentTime[]): void {
    const busyMs = second.reduce((sum, charged) => sum + charged.busyMs, 0);
    if (busyMs === 0) return;
    const chargedMs = chargedTime(startS + 1 - (this.chargedUntilS ?? startS), this.workers(), busyMs);
    for (const charged of second) charged.paidMs += (chargedMs * charged.busyMs) / busyMs;
    this.chargedUntilS = startS + 1;
  }
}

/**
 * Worker time of a span, in ms: never less than a second, nor less than the runs took, since they may have begun
 * before.
 */
export function chargedTime(spanS: number, workers: number, busyMs: number): number {
  const seconds = Math.min(Math.max(spanS, 1), MAX_IDLE_CHARGED_S);
  return Math.max(busyMs, seconds * 1_000 * workers);
}

/** Longest time that Node's timers can count, in ms; longer ones would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * One timer for all requests. It is only ever moved to an earlier time: answers are usually long before their
 * deadlines, so that one timer in a while that finds nothing over costs less than one to set and clear for each.
 */
export class BatchAlarm {
  private timer: NodeJS.Timeout | undefined;
  private at = Infinity;

  /** @param ring says when to ring again, by `wakeBy` */
  constructor(private readonly ring: (now: number) => void) {}

  /** @param at on performance.now()'s clock, in ms */
  wakeBy(at: number, now: number): void {
    if (at >= this.at) return;
    clearTimeout(this.timer);
    this.at = at;
    this.timer = setTimeout(
      () => {
        this.at = Infinity;
        this.ring(performance.now());
      },
      Math.min(MAX_TIMER_MS, Math.ceil(at - now)),
    );
    // It may have nothing left to wait for, and must not keep a process that has nothing else to do.
    this.timer.unref();
  }

  clear(): void {
    clearTimeout(this.timer);
    this.at = Infinity;
  }
}

/**
 * What happens for every call while something is away, and is told now and then: the first time, and how often since.
 */
export class Seldom {
  private lastToldMs = -Infinity;
  private untold = 0;

  constructor(
    private readonly everyMs: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /**
   * To be called each time that it happens: how often it has happened since it was told; null where it is not to be
   * told now.
   */
  told(): number | null {
    this.untold += 1;
    if (this.nowMs() - this.lastToldMs < this.everyMs) return null;
    const times = this.untold;
    this.lastToldMs = this.nowMs();
    this.untold = 0;
    return times;
  }
}

/** Something that may take only so long. */
export interface Wait {
  /** On performance.now()'s clock. */
  readonly endsAt: number;
  readonly late: () => void;
}

/**
 * Waits that may all take equally long. One timer is for all of them: nearly all end long before, and a timer to set
 * and to clear for each costs more than to look at those that are left once in a while.
 */
export class Deadlines {
  /** In the order of their ends. */
  private readonly waiting = new Set<Wait>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly waitMs: number) {}

  /** @param late called once, no sooner than after the time there is, unless `end` comes before */
  begin(late: () => void): Wait {
    const wait = { endsAt: performance.now() + this.waitMs, late };
    this.waiting.add(wait);
    this.timer ??= this.lookIn(this.waitMs);
    return wait;
  }

  end(wait: Wait): void {
    this.waiting.delete(wait);
  }

  private lookIn(ms: number): NodeJS.Timeout {
    const timer = setTimeout(() => this.look(), ms);
    timer.unref(); // nothing may be left to wait for: it must not keep a process that has nothing else to do
    return timer;
  }

  private look(): void {
    this.timer = undefined;
    const now = performance.now();
    for (const wait of this.waiting) {
      if (wait.endsAt > now) {
        clearTimeout(this.timer); // of one that has begun meanwhile, and ends later
        this.timer = this.lookIn(Math.ceil(wait.endsAt - now));
        return;
      }
      this.waiting.delete(wait);
      wait.late();
    }
  }
}

import { NODE_LOOP, stayAwake, type Loop } from '../../kernel/stay-awake';

/**
 * Longest that is waited for the next work without sleeping, in ms. A lonely caller who asks again at once is back
 * after about a third of a millisecond.
 */
const AWAKE_MS = 0.5;

/**
 * How a worker waits for its next work. Sleeping costs nothing, but to be woken costs a lonely caller more than a small
 * model does. So where the last work came within AWAKE_MS, and took no longer, the worker stays awake for as long. Work
 * that comes more seldom finds it asleep, and so does work that takes its time or that several callers have asked for:
 * others may need the processor more.
 */
export class Patience {
  private wake: (() => void) | undefined;
  private waitingSince = 0;
  private cameAt = 0;
  private cameSoon = false;

  /** @param mayStayAwake whether there is a processor to spare */
  constructor(
    private readonly mayStayAwake: boolean,
    private readonly loop: Loop = NODE_LOOP,
  ) {}

  /** Work has come. */
  reward(): void {
    const { wake } = this;
    if (wake === undefined) return;
    this.wake = undefined;
    this.cameAt = this.loop.nowMs();
    this.cameSoon = this.cameAt - this.waitingSince <= AWAKE_MS;
    wake();
  }

  /**
   * Resolves when `reward` is called, unless there is work already.
   *
   * @param wasShared whether several callers waited for the last work
   */
  wait(hasWork: () => boolean, wasShared = false): Promise<void> {
    if (hasWork()) return Promise.resolve();
    return new Promise((resolve) => {
      this.wake = resolve;
      this.waitingSince = this.loop.nowMs();
      const wasShort = this.waitingSince - this.cameAt <= AWAKE_MS;
      if (this.mayStayAwake && this.cameSoon && wasShort && !wasShared)
        stayAwake(() => this.wake !== resolve, AWAKE_MS, this.loop);
    });
  }
}

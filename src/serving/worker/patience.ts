/**
 * Longest that is waited for the next work without sleeping, in ms. A lonely caller who asks again at once is back after
 * about a third of a millisecond, and waking a process takes a third of that.
 */
const POLL_MS = 0.5;

/**
 * How a worker waits for its next work. Sleeping costs nothing, but to be woken costs a lonely caller a tenth of a
 * millisecond, more than a small model does. So where the last work came within POLL_MS, the worker looks for the next
 * one for as long, before it sleeps: work that comes more seldom finds it asleep, and costs nothing beside.
 */
export class Patience {
  private wake: (() => void) | undefined;
  private waitingSince = 0;
  private cameSoon = false;

  /** @param mayPoll whether there is a processor to spare */
  constructor(
    private readonly mayPoll: boolean,
    private readonly nowMs: () => number = () => performance.now(),
    private readonly nextTurn: (task: () => void) => void = setImmediate,
  ) {}

  /** Work has come. */
  reward(): void {
    const { wake } = this;
    if (wake === undefined) return;
    this.wake = undefined;
    this.cameSoon = this.nowMs() - this.waitingSince <= POLL_MS;
    wake();
  }

  /** Resolves when `reward` is called, unless there is work already. */
  wait(hasWork: () => boolean): Promise<void> {
    if (hasWork()) return Promise.resolve();
    return new Promise((resolve) => {
      this.wake = resolve;
      this.waitingSince = this.nowMs();
      // As long as a turn of the event loop is wanted, it does not sleep.
      const poll = (): void => {
        if (this.wake === resolve && this.nowMs() - this.waitingSince <= POLL_MS) this.nextTurn(poll);
      };
      if (this.mayPoll && this.cameSoon) poll();
    });
  }
}

import { timerMs } from './timer-ms';

/**
 * Waits that something may end before their time. A pause keeps no process alive; one for which somebody waits does.
 */
export class Waiting {
  private readonly wakers = new Set<() => void>();
  private paused: NodeJS.Timeout | null = null;
  private isAwaited = 0;

  /** Something has changed. */
  notify(): void {
    for (const wake of [...this.wakers]) wake();
  }

  /** Resolves to true at the next change, to false when the time is over. */
  async changed(timeoutMs: number, keepsAlive: boolean): Promise<boolean> {
    if (keepsAlive) this.hold(1);
    try {
      return await new Promise<boolean>((resolve) => {
        const ended = (isChange: boolean) => {
          clearTimeout(timer);
          this.wakers.delete(wake);
          resolve(isChange);
        };
        const wake = () => ended(true);
        const timer = setTimeout(() => ended(false), timerMs(timeoutMs));
        if (!keepsAlive) timer.unref();
        this.wakers.add(wake);
      });
    } finally {
      if (keepsAlive) this.hold(-1);
    }
  }

  /** Resolves when the time is over, or at the abort. */
  pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const ended = () => {
        if (this.paused) clearTimeout(this.paused);
        this.paused = null;
        signal.removeEventListener('abort', ended);
        resolve();
      };
      this.paused = setTimeout(ended, ms);
      if (this.isAwaited === 0) this.paused.unref();
      signal.addEventListener('abort', ended);
      if (signal.aborted) ended();
    });
  }

  private hold(by: number): void {
    this.isAwaited += by;
    if (this.isAwaited > 0) this.paused?.ref();
    else this.paused?.unref();
  }
}

import type { Bus } from '../kernel/bus';

/** How often a reader looks without being woken: a wake-up that was lost is made good within this time. */
const RECHECK_MS = 5_000;

/**
 * What may be new of an endpoint: traffic, or the endpoint itself. Wake-ups that arrive while nobody waits are
 * remembered as one.
 */
export class EndpointWakes {
  private traffic = true;
  private change = true;
  private resume = () => {};
  private readonly undo: readonly (() => void)[];

  constructor(
    bus: Bus,
    topics: { readonly traffic: string; readonly change: string },
    private readonly signal: AbortSignal,
  ) {
    const onTraffic = () => {
      this.traffic = true;
      this.resume();
    };
    const onChange = () => {
      this.change = true;
      this.resume();
    };
    const recheck = setInterval(() => {
      this.traffic = true;
      onChange();
    }, RECHECK_MS).unref();
    const onAbort = () => this.resume();
    signal.addEventListener('abort', onAbort, { once: true });
    this.undo = [
      bus.listen(topics.traffic, onTraffic),
      bus.listen(topics.change, onChange),
      () => clearInterval(recheck),
      () => signal.removeEventListener('abort', onAbort),
    ];
  }

  /** Whether there may be traffic that the caller has not seen; asking forgets it. */
  takeTraffic(): boolean {
    const traffic = this.traffic;
    this.traffic = false;
    return traffic;
  }

  takeChange(): boolean {
    const change = this.change;
    this.change = false;
    return change;
  }

  /** Resolves when there may be something new, when `limitMs` are over (null: no limit), or when it is over. */
  async wait(limitMs: number | null): Promise<void> {
    if (this.traffic || this.change || this.signal.aborted) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.resume = resolve;
      if (limitMs !== null) timer = setTimeout(resolve, limitMs);
    });
    clearTimeout(timer);
  }

  stop(): void {
    for (const undo of this.undo) undo();
  }
}

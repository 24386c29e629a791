/** When a model that cannot be loaded is tried again, in ms: each try takes a worker away from those who answer. */
export const LOAD_AGAIN_AFTER_MS = 30_000;

/** What could not be loaded where, and is not tried again for a while. */
export class FailedLoads {
  private readonly retryAt = new Map<string, number>();

  /** @param nowMs in ms; never put back */
  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  failed(worker: string, sha256: string): void {
    const now = this.nowMs();
    for (const [key, at] of this.retryAt) if (at <= now) this.retryAt.delete(key);
    this.retryAt.set(keyOf(worker, sha256), now + LOAD_AGAIN_AFTER_MS);
  }

  mustWait(worker: string, sha256: string): boolean {
    return (this.retryAt.get(keyOf(worker, sha256)) ?? 0) > this.nowMs();
  }
}

const keyOf = (worker: string, sha256: string) => `${worker} ${sha256}`;

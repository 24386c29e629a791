/** When a model that cannot be loaded is tried again, in ms: each try takes a worker away from those who answer. */
export const LOAD_AGAIN_AFTER_MS = 30_000;

/** What could not be loaded where, and is not tried again for a while. */
export class FailedLoads {
  private readonly retryAt = new Map<string, number>();

  /** @param nowMs in ms; never put back */
  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  failed(worker: string, sha256: string): void {
    this.retryAt.set(keyOf(worker, sha256), this.nowMs() + LOAD_AGAIN_AFTER_MS);
  }

  mustWait(worker: string, sha256: string): boolean {
    const key = keyOf(worker, sha256);
    const isOver = (this.retryAt.get(key) ?? 0) <= this.nowMs();
    if (isOver) this.retryAt.delete(key);
    return !isOver;
  }
}

const keyOf = (worker: string, sha256: string) => `${worker} ${sha256}`;

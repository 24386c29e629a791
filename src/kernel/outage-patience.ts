import { Failure } from './errors';

/** Stands for what could not be read since the database is away. */
export const AWAY = Symbol('away');

/** Longest outage in ms: a fail-over or an update takes less, and nobody watches what stands still for longer. */
const MAX_OUTAGE_MS = 30 * 60_000;
/** Pause in ms before somebody who has nothing else to wait for tries again. */
const RETRY_MS = 2_000;

/** Who watches stays while the database is away: what could not be read is read later. A fault of ours is thrown. */
export class OutagePatience {
  private awaySinceMs: number | null = null;

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** Throws UNAVAILABLE where nothing could be read for too long. */
  async unlessAway<Result>(read: () => Promise<Result>): Promise<Result | typeof AWAY> {
    try {
      const result = await read();
      this.awaySinceMs = null;
      return result;
    } catch (error) {
      if (!(error instanceof Failure && error.code === 'UNAVAILABLE')) throw error;
      this.awaySinceMs ??= this.nowMs();
      if (this.nowMs() - this.awaySinceMs > MAX_OUTAGE_MS) throw error;
      return AWAY;
    }
  }

  /** Tries again and again, with pauses, until nobody wants it any more: then it is away. */
  async insist<Result>(read: () => Promise<Result>, isWanted: () => boolean): Promise<Result | typeof AWAY> {
    for (;;) {
      const result = await this.unlessAway(read);
      if (result !== AWAY || !isWanted()) return result;
      await new Promise<void>((resolve) => setTimeout(resolve, RETRY_MS).unref());
      if (!isWanted()) return AWAY;
    }
  }
}

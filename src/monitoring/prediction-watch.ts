import { notNow } from '../kernel/errors';
import type { EndpointId, Observation } from '../serving/serving';

/**
 * Streams of one endpoint that differ in what they show: each prediction passes all of them. Those that show the same
 * are one stream, however many read it.
 */
export const MAX_WATCHERS = 20;

export type Watcher = (observation: Observation) => void;

/** Who watches single predictions in this process. While nobody does, a prediction pays for one comparison. */
export class PredictionWatch {
  isWatched = false;
  private readonly watchers = new Map<EndpointId, Set<Watcher>>();

  observe(observation: Observation): void {
    const watchers = observation.endpointId && this.watchers.get(observation.endpointId);
    if (watchers) for (const watcher of watchers) watcher(observation);
  }

  /** Throws UNAVAILABLE where nobody may watch the endpoint beside those who do. */
  checkRoom(endpointId: EndpointId): void {
    if ((this.watchers.get(endpointId)?.size ?? 0) < MAX_WATCHERS) return;
    throw notNow(
      `The endpoint is watched in ${MAX_WATCHERS} different ways already. Watch it in one of these: equal documents and variables are one.`,
    );
  }

  /**
   * Returns the way to stop; throws as `checkRoom`. The watcher is on the predict path: it must return at once, never
   * throw, and keep nothing.
   */
  watch(endpointId: EndpointId, watcher: Watcher): () => void {
    this.checkRoom(endpointId);
    const watchers = this.watchers.get(endpointId) ?? new Set();
    this.watchers.set(endpointId, watchers.add(watcher));
    this.isWatched = true;
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.watchers.get(endpointId) === watchers) this.watchers.delete(endpointId);
      this.isWatched = this.watchers.size > 0;
    };
  }
}

import type { EndpointId, Observation } from '../serving/serving';

export type Watcher = (observation: Observation) => void;

/** Who watches single predictions in this process. While nobody does, a prediction pays for one comparison. */
export class PredictionWatch {
  isWatched = false;
  private readonly watchers = new Map<EndpointId, Set<Watcher>>();

  observe(observation: Observation): void {
    const watchers = this.watchers.get(observation.endpointId);
    if (watchers) for (const watcher of watchers) watcher(observation);
  }

  /** Returns the way to stop. The watcher is on the predict path: it must return at once, never throw, and keep nothing. */
  watch(endpointId: EndpointId, watcher: Watcher): () => void {
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

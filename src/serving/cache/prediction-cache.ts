import { EndpointCache, type CacheStatistics } from './cache-endpoint';
import type { PopularQuestion } from './cache-popular';
import type { SharedAnswers, SharedAnswersState } from './cache-shared';
import type { Endpoint, EndpointId } from '../endpoints/endpoint';

const NOTHING: CacheStatistics = {
  ...{ hits: 0, misses: 0, coalesced: 0, entries: 0, sizeBytes: 0 },
  oldestAgeMs: null,
};
/** Answers of one endpoint that one pass drops: some milliseconds. */
const EXPIRED_PER_PASS = 10_000;

/** Answers of the same question to the same version, for the endpoints that want it. */
export class PredictionCache {
  private readonly endpoints = new Map<EndpointId, EndpointCache>();

  /**
   * @param shared null: answers are kept in this process only
   * @param nowMs milliseconds since 1970
   */
  constructor(
    private readonly shared: SharedAnswers | null,
    private readonly nowMs: () => number,
  ) {}

  /**
   * Null where the endpoint wants no cache: then nothing is spent on one. That is as `keepOnly` has heard it last, and
   * not as the route has it, which may be of a warming that began half a minute ago.
   */
  of(endpoint: Pick<Endpoint, 'id'> | null): EndpointCache | null {
    return (endpoint && this.endpoints.get(endpoint.id)) ?? null;
  }

  remembersFor(endpointId: EndpointId): boolean {
    return this.endpoints.has(endpointId);
  }

  statisticsOf(endpointId: EndpointId): CacheStatistics {
    return this.endpoints.get(endpointId)?.statistics() ?? NOTHING;
  }

  /** Null where there is no store that processes share. */
  sharedState(): SharedAnswersState | null {
    return this.shared?.state() ?? null;
  }

  /** All endpoints that run, with what they want from now on. Answers of all others, or that they do not want, go. */
  keepOnly(running: Iterable<Pick<Endpoint, 'id' | 'settings'>>): void {
    const wanted = new Set<EndpointId>();
    for (const { id, settings } of running) {
      if (settings.cacheTtlMs === 0) continue;
      wanted.add(id);
      const known = this.endpoints.get(id);
      if (known) known.configure(settings);
      else this.endpoints.set(id, new EndpointCache(settings, this.shared, this.nowMs));
    }
    for (const id of this.endpoints.keys()) if (!wanted.has(id)) this.endpoints.delete(id);
  }

  /** Drops what nobody will be answered with any more. */
  forgetExpired(): void {
    for (const cache of this.endpoints.values()) cache.forgetExpired(EXPIRED_PER_PASS);
  }

  /** Questions that came again since the last call, by endpoint: they are counted anew from here. */
  takePopular(): ReadonlyMap<EndpointId, readonly PopularQuestion[]> {
    const taken = new Map<EndpointId, readonly PopularQuestion[]>();
    for (const [id, { popular }] of this.endpoints) if (popular.size > 0) taken.set(id, popular.take());
    return taken;
  }
}

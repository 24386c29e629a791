import { EndpointCache, type CacheStatistics } from './cache-endpoint';
import type { PopularQuestion } from './cache-popular';
import type { SharedAnswers, SharedAnswersState } from './cache-shared';
import type { EndpointId } from '../endpoint';
import type { Route } from '../routing/route';
import type { RunningEndpoint } from '../routing/running-endpoint';

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

  /** Null where the endpoint wants no cache: then nothing is spent on one. */
  of({ endpoint, settings }: Route): EndpointCache | null {
    if (settings.cacheTtlMs === 0 || endpoint === null) return null;
    let cache = this.endpoints.get(endpoint.id);
    if (!cache)
      this.endpoints.set(endpoint.id, (cache = new EndpointCache(settings, this.shared, this.nowMs)));
    cache.configure(settings);
    return cache;
  }

  statisticsOf(endpointId: EndpointId): CacheStatistics {
    return this.endpoints.get(endpointId)?.statistics() ?? NOTHING;
  }

  /** Null where there is no store that processes share. */
  sharedState(): SharedAnswersState | null {
    return this.shared?.state() ?? null;
  }

  /** Forgets the answers of endpoints that are gone, or want no cache any more. */
  keepOnly(running: Iterable<RunningEndpoint>): void {
    const wanted = new Set<EndpointId>();
    for (const { id, settings } of running) if (settings.cacheTtlMs > 0) wanted.add(id);
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

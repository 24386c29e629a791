import type { Actor } from '../kernel/actor';
import type { PredictInput } from './predict';
import type { Observation, PredictResult } from './prediction';
import type { Route } from './route';

/** Tells everybody who learns from predictions: the counts of versions, the variant's health, those who measure. */
export function observed(
  parts: Pick<PredictInput, 'statistics' | 'observer'>,
  actor: Actor,
  route: Route,
  result: PredictResult,
  rows: number,
  startedAt: number,
): PredictResult {
  const { version } = route.model;
  const totalMs = performance.now() - startedAt;
  parts.statistics.record({ version, rows, cacheable: route.settings.cacheTtlMs > 0, result, totalMs });
  if (!route.endpoint) return result;
  const { variant, era } = route.endpoint;
  if (era !== undefined) variant.known.health.learn(era, result, startedAt + totalMs);
  const observation: Observation = {
    projectId: actor.projectId,
    endpointId: route.endpoint.id,
    variant: variant.name,
    weight: variant.weight,
    shadow: variant.shadow,
    version,
    error: result.ok ? null : result.error.code,
    cached: result.ok && result.cached,
    batchSize: result.ok ? result.batchSize : 0,
    timing: result.ok ? result.timing : { queueMs: 0, computeMs: 0, totalMs },
  };
  parts.observer.observe(observation);
  return result;
}

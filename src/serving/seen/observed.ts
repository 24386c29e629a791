import type { PredictRequest, PredictResult } from '../predictions/prediction';
import type { Attempt } from '../routing/attempt';
import { wasCancelled } from '../routing/variant-health';
import { reasonOf } from './failure-reason';
import type { Observation, PredictionObserver } from './observation';
import type { PredictionStatistics } from './prediction-statistics';

/** Who learns from predictions, beside the health of the variant that was asked. */
export interface Learners {
  readonly observer: PredictionObserver;
  readonly statistics: PredictionStatistics;
}

/**
 * Tells everybody who learns from predictions: the counts of versions, the variant's health, those who measure.
 *
 * @param rows that the model was asked; 0 where nobody was
 */
export function observed(
  learners: Learners,
  { actor, route, startedAt }: Pick<Attempt, 'actor' | 'route' | 'startedAt'>,
  question: Pick<PredictRequest, 'door' | 'receivedAt' | 'rows' | 'inputs' | 'sequence'>,
  rows: number,
  result: PredictResult,
): PredictResult {
  const { door = 'graphql', receivedAt, sequence } = question;
  const { version } = route.model;
  const totalMs = performance.now() - startedAt;
  const cacheable = route.settings.cacheTtlMs > 0 && !sequence; // nobody looks for what a sequence asks
  learners.statistics.record({ version, rows, cacheable, result, totalMs });
  const { endpoint } = route;
  if (endpoint?.era !== undefined)
    endpoint.variant.known.health.learn(endpoint.era, result, startedAt + totalMs);
  if (wasCancelled(result)) return result;
  const observation: Observation = {
    projectId: actor.projectId,
    endpointId: endpoint?.id ?? null,
    endpointName: endpoint?.name ?? '',
    variant: endpoint?.variant.name ?? version.ref,
    weight: endpoint?.variant.weight ?? 1,
    shadow: endpoint?.variant.shadow ?? false,
    version,
    door,
    error: result.ok ? null : reasonOf(result.error),
    cached: result.ok && result.cached,
    batchSize: result.ok ? result.batchSize : 0,
    closed: result.ok ? result.closed : null,
    busyMs: busyMsOf(result, rows),
    ranOn: result.ok ? result.ranOn : null,
    parseMs: receivedAt === undefined ? null : startedAt - receivedAt,
    question,
    rows,
    result,
    timing: result.ok ? result.timing : { queueMs: 0, computeMs: 0, totalMs },
  };
  learners.observer.observe(observation);
  return result;
}

/** Nothing where it took no run, or one that is another caller's. */
function busyMsOf(result: PredictResult, rows: number): number {
  if (!result.ok || result.cached || result.coalesced || result.batchSize === 0) return 0;
  return (result.timing.computeMs * rows) / result.batchSize;
}

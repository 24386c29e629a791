import {
  isInScope,
  sample,
  type MetricFamily,
  type MetricLabels,
  type MetricSample,
  type MetricScope,
} from '../../kernel/metrics/metric-family';
import type { WorkerState, WorkerStatus } from '../execution/backend';
import type { BatcherStats } from '../batching/batcher';
import type { CacheStatistics } from '../cache/cache-endpoint';
import type { SharedAnswersState } from '../cache/cache-shared';
import type { RunningEndpoint } from '../routing/running-endpoint';

const WORKER_STATES: readonly WorkerState[] = ['starting', 'idle', 'busy', 'down', 'stopped'];

/** The workers of this process, of whichever project's models. */
export function workerMetrics(workers: readonly WorkerStatus[]): readonly MetricFamily[] {
  const each = (of: (worker: WorkerStatus) => number | null): readonly MetricSample[] =>
    workers.flatMap((worker) => {
      const value = of(worker);
      return value === null ? [] : [sample(labelsOf(worker), value)];
    });
  const states = workers.flatMap((worker) =>
    WORKER_STATES.map((one) => sample({ ...labelsOf(worker), state: one }, one === worker.state ? 1 : 0)),
  );
  const providers = workers.flatMap((worker) =>
    worker.provider === null ? [] : [sample({ ...labelsOf(worker), provider: worker.provider }, 1)],
  );
  return [
    family('worker_state', 'gauge', 'What a worker does: 1 for its state, 0 for the others.', states),
    family('worker_provider', 'gauge', 'The execution provider in use: 1.', providers),
    family(
      'worker_restarts_total',
      'counter',
      'Times that it was started again.',
      each(({ restarts }) => restarts),
    ),
    family(
      'worker_resident_memory_bytes',
      'gauge',
      'Memory of its process.',
      each(({ rssBytes }) => rssBytes),
    ),
    family(
      'worker_memory_budget_bytes',
      'gauge',
      'Memory that it may take.',
      each(({ budgetBytes }) => budgetBytes),
    ),
    family(
      'worker_models',
      'gauge',
      'Models that it holds.',
      each(({ models }) => models.length),
    ),
  ];
}

const labelsOf = ({ id, node }: WorkerStatus): MetricLabels => ({
  worker: String(id),
  ...(node !== undefined && { node }),
});

/** All batches of this process, of whichever project. */
export function batchMetrics({
  batches,
  rows,
  queuedRows,
  queuedBytes,
  closed,
}: BatcherStats): readonly MetricFamily[] {
  const reasons = Object.entries(closed).map(([reason, count]) => sample({ reason }, count));
  return [
    family('batches_total', 'counter', 'Batches that were run.', [sample({}, batches)]),
    family(
      'batches_closed_total',
      'counter',
      'Batches by why they went off with the rows that they had.',
      reasons,
    ),
    family('batch_rows_total', 'counter', 'Rows of all batches.', [sample({}, rows)]),
    family('queue_rows', 'gauge', 'Rows that wait for a run.', [sample({}, queuedRows)]),
    family('queue_bytes', 'gauge', 'Bytes of the inputs that wait.', [sample({}, queuedBytes)]),
  ];
}

/** What endpoints remember that want to. */
export function cacheMetrics(
  endpoints: readonly RunningEndpoint[],
  cacheOf: (endpoint: RunningEndpoint) => CacheStatistics,
  scope: MetricScope,
): readonly MetricFamily[] {
  const caches = endpoints
    .filter(({ projectId, settings }) => settings.cacheTtlMs > 0 && isInScope(scope, projectId))
    .map((endpoint) => ({
      labels: { project: endpoint.projectId, endpoint: endpoint.name },
      cache: cacheOf(endpoint),
    }));
  const each = (of: (cache: CacheStatistics) => number) =>
    caches.map(({ labels, cache }) => sample(labels, of(cache)));
  return [
    family(
      'cache_hits_total',
      'counter',
      'Questions answered from memory.',
      each(({ hits }) => hits),
    ),
    family(
      'cache_misses_total',
      'counter',
      'Questions that the model was asked.',
      each(({ misses }) => misses),
    ),
    family(
      'cache_coalesced_total',
      'counter',
      'Questions answered with what was computed for an equal one at the same time.',
      each(({ coalesced }) => coalesced),
    ),
    family(
      'cache_entries',
      'gauge',
      'Answers in memory.',
      each(({ entries }) => entries),
    ),
    family(
      'cache_size_bytes',
      'gauge',
      'Memory that they take.',
      each(({ sizeBytes }) => sizeBytes),
    ),
    family(
      'cache_oldest_age_seconds',
      'gauge',
      'Age of the oldest of them.',
      each(({ oldestAgeMs }) => (oldestAgeMs ?? 0) / 1_000),
    ),
  ];
}

/** The store that processes share their answers by, where there is one. */
export function sharedCacheMetrics(state: SharedAnswersState | null): readonly MetricFamily[] {
  if (state === null) return [];
  return [
    family('shared_cache_up', 'gauge', 'Whether the shared store answered the last look-up.', [
      sample({}, state.isUp ? 1 : 0),
    ]),
    family(
      'shared_cache_failures_total',
      'counter',
      'Look-ups that the shared store did not answer in time: misses.',
      [sample({}, state.failures)],
    ),
  ];
}

const family = (
  name: string,
  type: MetricFamily['type'],
  help: string,
  samples: readonly MetricSample[],
): MetricFamily => ({ name: `modelgraph_${name}`, type, help, samples });

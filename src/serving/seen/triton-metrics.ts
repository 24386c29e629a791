import {
  isInScope,
  sample,
  type MetricFamily,
  type MetricLabels,
  type MetricScope,
} from '../../kernel/metrics/metric-family';
import type { ModelVersion } from '../../registry/registry';
import { TRITON_REASONS, type FailureReason, type TritonReason } from './failure-reason';
import type { PredictionStatistics, VersionStatistics } from './prediction-statistics';

const US_PER_MS = 1_000;

/**
 * What Triton tells of each model, under its names and in its units, so that dashboards and scalers made for it work.
 */
export function tritonMetrics(
  statistics: PredictionStatistics,
  waitingOf: (version: ModelVersion) => number,
  scope: MetricScope,
): readonly MetricFamily[] {
  const all = statistics.all().filter(({ version }) => isInScope(scope, version.projectId));
  const each = (of: (one: VersionStatistics) => number) => all.map((one) => sample(labelsOf(one), of(one)));
  const us = (of: (one: VersionStatistics) => { readonly totalMs: number }) =>
    each((one) => Math.round(of(one).totalMs * US_PER_MS));
  return [
    counter(
      'inference_request_success',
      'Answered requests.',
      each(({ success }) => success.count),
    ),
    counter(
      'inference_request_failure',
      'Failed requests, by why: turned away, left by the caller, failed where they ran, others.',
      all.flatMap((one) =>
        Object.entries(failuresOf(one)).map(([reason, count]) => sample({ ...labelsOf(one), reason }, count)),
      ),
    ),
    counter(
      'inference_count',
      'Rows that were computed.',
      each(({ rows }) => rows),
    ),
    counter(
      'inference_exec_count',
      'Runs that computed them.',
      each(({ runs }) => runs),
    ),
    counter(
      'inference_request_duration_us',
      'Time of answered requests.',
      us(({ success }) => success),
    ),
    counter(
      'inference_queue_duration_us',
      'Time that they waited.',
      us(({ queue }) => queue),
    ),
    counter(
      'inference_compute_input_duration_us',
      'Always 0: it is in infer.',
      each(() => 0),
    ),
    counter(
      'inference_compute_infer_duration_us',
      'Time in the model.',
      us(({ compute }) => compute),
    ),
    counter(
      'inference_compute_output_duration_us',
      'Always 0: it is in infer.',
      each(() => 0),
    ),
    {
      ...{ name: 'nv_inference_pending_request_count', type: 'gauge', help: 'Requests that wait for a run.' },
      samples: each(({ version }) => waitingOf(version)),
    },
    counter(
      'cache_num_hits_per_model',
      'Answers from memory.',
      each(({ cacheHit }) => cacheHit.count),
    ),
    counter(
      'cache_num_misses_per_model',
      'Answers that memory did not have.',
      each(({ cacheMiss }) => cacheMiss.count),
    ),
    counter(
      'cache_hit_duration_per_model',
      'Time of answers from memory, in us.',
      us(({ cacheHit }) => cacheHit),
    ),
    counter(
      'cache_miss_duration_per_model',
      'Time of the others, in us.',
      us(({ cacheMiss }) => cacheMiss),
    ),
  ];
}

/** The version as the Open Inference door says it: its ordinal. */
const labelsOf = ({ version }: VersionStatistics): MetricLabels => ({
  ...{ project: version.projectId, model: version.modelName, version: String(version.ordinal) },
});

/** All four are told from the start: a rate needs a zero before its first failure. */
function failuresOf({ failures }: VersionStatistics): Record<TritonReason, number> {
  const counts = { REJECTED: 0, CANCELED: 0, BACKEND: 0, OTHER: 0 };
  for (const [reason, count] of Object.entries(failures))
    counts[TRITON_REASONS[reason as FailureReason]] += count;
  return counts;
}

const counter = (name: string, help: string, samples: MetricFamily['samples']): MetricFamily => ({
  ...{ name: `nv_${name}`, type: 'counter', help, samples },
});

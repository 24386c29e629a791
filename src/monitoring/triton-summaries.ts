import {
  sample,
  type MetricFamily,
  type MetricLabels,
  type MetricSample,
} from '../kernel/metrics/metric-family';
import { LatencyStats } from './latency-stats';
import type { Series } from './since-start';

const QUANTILES = [0.5, 0.9, 0.95, 0.99, 0.999];
const US_PER_MS = 1_000;

/** Triton's summaries, by its names for our stages. */
const SUMMARIES = [
  { name: 'nv_inference_request_summary_us', stage: 'total', help: 'Time of answered requests.' },
  { name: 'nv_inference_queue_summary_us', stage: 'queue', help: 'Time that they waited.' },
  { name: 'nv_inference_compute_infer_summary_us', stage: 'compute', help: 'Time in the model.' },
] as const;

/**
 * Of each version behind endpoints: count and sum since the start, quantiles of what is recent.
 *
 * @param all since the process began
 * @param recent of the last one to two minutes
 */
export function tritonSummaries(all: readonly Series[], recent: readonly Series[]): readonly MetricFamily[] {
  const since = byVersion(all);
  const latest = byVersion(recent);
  return SUMMARIES.map(({ name, stage, help }) => ({
    ...{ name, help, type: 'summary' },
    samples: [...since].flatMap(([id, { labels, stats }]): readonly MetricSample[] => {
      const { count, sumMs } = stats[stage];
      const quantiles = QUANTILES.flatMap((q) => {
        const durationMs = latest.get(id)?.stats[stage].quantile(q) ?? null;
        return durationMs === null
          ? []
          : [sample({ ...labels, quantile: String(q) }, durationMs * US_PER_MS)];
      });
      return [
        ...quantiles,
        { suffix: '_sum', labels, value: sumMs * US_PER_MS },
        { suffix: '_count', labels, value: count },
      ];
    }),
  }));
}

interface OfVersion {
  readonly labels: MetricLabels;
  readonly stats: LatencyStats;
}

/** All endpoints, variants and doors of a version as one; what found no place of its own belongs to none. */
function byVersion(series: readonly Series[]): ReadonlyMap<string, OfVersion> {
  const versions = new Map<string, OfVersion>();
  for (const { source, stats } of series) {
    if (!source) continue;
    const { id, projectId, modelName, ordinal } = source.version;
    const labels = { project: projectId, model: modelName, version: String(ordinal) };
    const known = versions.get(id) ?? { labels, stats: new LatencyStats() };
    known.stats.merge(stats);
    versions.set(id, known);
  }
  return versions;
}

import {
  histogramSamples,
  isInScope,
  sample,
  type MetricFamily,
  type MetricLabels,
  type MetricSample,
  type MetricScope,
} from '../kernel/metrics/metric-family';
import type { Prices } from '../kernel/prices';
import type { RanOn } from '../serving/serving';
import type { Histogram } from './histogram';
import type { LatencyRecorder } from './latency-recorder';
import { STAGES, type LatencyStats } from './latency-stats';
import { costOf, hasPrice, predictionCost } from './prediction-cost';
import type { Series } from './since-start';
import { WORKER_DEVICES, type SpentTime } from './spent-time';
import { tritonSummaries } from './triton-summaries';

/** Upper limits of the buckets of durations, in seconds: from a remembered answer to a caller's longest patience. */
const DURATION_LIMITS_S = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30,
];
const DURATION_LIMITS_MS = DURATION_LIMITS_S.map((limit) => limit * 1_000);
const BATCH_LIMITS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024];
const QUANTILES = [0.5, 0.9, 0.95, 0.99, 0.999];
const MS_PER_S = 1_000;

/** What callers have seen of this process: of endpoints, and of versions that they asked by reference. */
export function predictionMetrics(
  recorder: LatencyRecorder,
  prices: Prices | null,
  scope: MetricScope,
): readonly MetricFamily[] {
  const inScope = ({ projectId }: Series) => isInScope(scope, projectId);
  const all = recorder.sinceStart().filter(inScope);
  const latest = recorder.recent().filter(inScope);
  return [
    ...counters(all),
    ...histograms(all),
    ...costs(all, prices),
    ...recent(latest, prices),
    ...tritonSummaries(all, latest),
  ];
}

function counters(all: readonly Series[]): readonly MetricFamily[] {
  const count = (of: (stats: LatencyStats) => number) =>
    all.map((series) => sample(labelsOf(series), of(series.stats)));
  const failures = all.flatMap((series) =>
    Object.entries(series.stats.failures).map(([reason, failed]) =>
      sample({ ...labelsOf(series), reason }, failed),
    ),
  );
  const closed = all.flatMap((series) =>
    Object.entries(series.stats.closed).map(([reason, batches]) =>
      sample({ ...labelsOf(series), reason }, batches),
    ),
  );
  return [
    family(
      'predictions_total',
      'counter',
      'Predictions, refused ones included.',
      count(({ requests }) => requests),
    ),
    family('prediction_failures_total', 'counter', 'Refused predictions, by why.', failures),
    family(
      'predictions_cached_total',
      'counter',
      'Predictions that were answered from memory.',
      count(({ requests, errors, batched }) => requests - errors - batched),
    ),
    family(
      'prediction_batches_closed_total',
      'counter',
      'Batches by why they went off with the rows that they had; shared ones count with one of their predictions.',
      closed,
    ),
    family(
      'prediction_info',
      'gauge',
      'What computes the answers: 1, with the backend and its provider.',
      all.flatMap((series) =>
        ranOnOf(series).map(({ backend, provider }) =>
          sample({ ...labelsOf(series), backend, provider: provider ?? '' }, 1),
        ),
      ),
    ),
    family(
      'prediction_busy_seconds_total',
      'counter',
      'Worker time that runs took; callers of one run share it by their rows.',
      count((stats) => workerTimeS(stats, 'busyMs')),
    ),
    family(
      'prediction_paid_seconds_total',
      'counter',
      'The same with the idle time of the workers before, at most an hour.',
      count((stats) => workerTimeS(stats, 'paidMs')),
    ),
    family(
      'prediction_remote_seconds_total',
      'counter',
      'Time of calls to other servers that have models; callers of one call share it by their rows.',
      count(({ spent }) => spent.remote.busyMs / MS_PER_S),
    ),
  ];
}

function histograms(all: readonly Series[]): readonly MetricFamily[] {
  const durations = all.flatMap((series) =>
    STAGES.flatMap((stage) => {
      const histogram = series.stats[stage];
      if (histogram.count === 0) return [];
      const counts = histogram.countsUpTo(DURATION_LIMITS_MS);
      const labels = { ...labelsOf(series), stage };
      return histogramSamples(labels, DURATION_LIMITS_S, counts, inSeconds(histogram));
    }),
  );
  const batches = all.flatMap((series) => {
    const { batchRows, batched, batchSizes } = series.stats;
    const counts = batchRows.countsUpTo(BATCH_LIMITS);
    return histogramSamples(labelsOf(series), BATCH_LIMITS, counts, { count: batched, sum: batchSizes });
  });
  return [
    family(
      'prediction_duration_seconds',
      'histogram',
      'Durations of answered predictions by stage, limits within 2 %. The total is without parse and encode.',
      durations,
    ),
    family('prediction_batch_rows', 'histogram', 'Rows that ran together with a prediction.', batches),
  ];
}

function costs(all: readonly Series[], prices: Prices | null): readonly MetricFamily[] {
  if (prices === null) return [];
  const samples = all
    .filter((series) => hasPrice(series.stats.spent, prices))
    .flatMap((series) => [
      sample({ ...costLabels(series, prices), kind: 'busy' }, costOf(series.stats.spent, 'busyMs', prices)),
      sample({ ...costLabels(series, prices), kind: 'full' }, costOf(series.stats.spent, 'paidMs', prices)),
    ]);
  const help = 'What predictions have cost: the time of their runs, and the full time of the workers.';
  return [family('prediction_cost_total', 'counter', help, samples)];
}

/** Of the last one to two minutes: quantiles since the start would say nothing of now. */
function recent(all: readonly Series[], prices: Prices | null): readonly MetricFamily[] {
  const quantiles = all.flatMap((series) =>
    STAGES.flatMap((stage) => quantilesOf({ ...labelsOf(series), stage }, series.stats[stage])),
  );
  const perThousand = all.flatMap((series) => {
    const cost = predictionCost(series.stats, prices);
    if (prices === null || cost === null) return [];
    return [
      sample({ ...costLabels(series, prices), kind: 'busy' }, cost.busyPerThousand),
      sample({ ...costLabels(series, prices), kind: 'full' }, cost.fullPerThousand),
    ];
  });
  return [
    family(
      'prediction_duration_recent_seconds',
      'gauge',
      'Quantiles of the last one to two minutes, by stage, within 2 %.',
      quantiles,
    ),
    family(
      'prediction_cost_per_thousand',
      'gauge',
      'What 1,000 answered predictions cost, in the last one to two minutes.',
      perThousand,
    ),
  ];
}

function quantilesOf(labels: MetricLabels, histogram: Histogram): readonly MetricSample[] {
  return QUANTILES.flatMap((q) => {
    const durationMs = histogram.quantile(q);
    return durationMs === null ? [] : [sample({ ...labels, quantile: String(q) }, durationMs / MS_PER_S)];
  });
}

/**
 * Those that found no place of their own are told as one, without names, and without a project where they are of
 * several; what was asked by reference has no endpoint.
 */
function labelsOf({ projectId, source }: Series): MetricLabels {
  const { endpointName = '', variant = '', version, door = '', shadow = false } = source ?? {};
  const names = { endpoint: endpointName, variant, version: version?.ref ?? '', door };
  const project: MetricLabels = projectId === null ? {} : { project: projectId };
  return { ...project, ...names, shadow: String(shadow) };
}

const ranOnOf = ({ source }: Series): readonly RanOn[] => (source?.ranOn ? [source.ranOn] : []);

const costLabels = (series: Series, { currency }: Prices): MetricLabels => ({
  ...labelsOf(series),
  currency: currency ?? '',
});

const workerTimeS = ({ spent }: LatencyStats, kind: keyof SpentTime): number =>
  WORKER_DEVICES.reduce((sum, device) => sum + spent[device][kind], 0) / MS_PER_S;

const inSeconds = ({ count, sumMs }: Histogram) => ({ count, sum: sumMs / MS_PER_S });

const family = (
  name: string,
  type: MetricFamily['type'],
  help: string,
  samples: readonly MetricSample[],
): MetricFamily => ({ name: `modelgraph_${name}`, type, help, samples });

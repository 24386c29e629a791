import type { ProjectId } from '../../../src/kernel/ids';
import type { MetricScope } from '../../../src/kernel/metrics/metric-family';
import type { LatencyRecorder } from '../../../src/monitoring/latency-recorder';
import { LatencyStats } from '../../../src/monitoring/latency-stats';
import { predictionMetrics } from '../../../src/monitoring/prediction-metrics';
import {
  busiest,
  FORGOTTEN_AFTER_S,
  MAX_REFERENCE_SERIES,
  MAX_RESTS,
  MAX_SERIES,
  SinceStart,
  type Series,
} from '../../../src/monitoring/since-start';
import type { ModelVersion } from '../../../src/registry/registry';
import type { EndpointId, Observation } from '../../../src/serving/serving';

const PROJECT = 'project' as ProjectId;
function measured(endpoint: string, requests = 1, projectId = PROJECT) {
  const second = new LatencyStats();
  const timing = { queueMs: 1, computeMs: 1, totalMs: 1 };
  for (let count = 0; count < requests; count += 1)
    second.record({
      error: null,
      cached: false,
      batchSize: 1,
      closed: null,
      ...{ busyMs: 1, ranOn: null },
      parseMs: null,
      timing,
    } as Observation);
  const askedId = endpoint as EndpointId;
  const version = { id: 'v1' } as ModelVersion;
  const key = {
    projectId,
    askedId,
    endpointName: endpoint,
    variant: 'main',
    version,
    door: 'graphql',
  } as const;
  return { ...key, shadow: false, ranOn: null, second };
}
const requests = (series: readonly Series[]) => series.reduce((sum, { stats }) => sum + stats.requests, 0);

test('counts grow by closed seconds, and are told with the open one', () => {
  const since = new SinceStart();
  since.add(measured('a', 2), 1);
  since.add(measured('a', 3), 2);
  const [series, ...others] = since.with([measured('a', 5)]);
  expect(others).toEqual([]);
  expect(series?.stats).toMatchObject({ requests: 10, spent: { processor: { busyMs: 10 } } });
  expect(requests(since.with([]))).toBe(5); // reading changes nothing
});

test('who finds no place is counted with the others of its project, and nothing is lost', () => {
  const since = new SinceStart();
  for (let made = 0; made < MAX_SERIES + 7; made += 1) since.add(measured(`e${made}`), 1);
  const all = since.with([measured('late', 4), measured('later', 2)]);
  expect(all).toHaveLength(MAX_SERIES + 1);
  expect(requests(all)).toBe(MAX_SERIES + 7 + 6);
  expect(all.at(-1)).toMatchObject({ projectId: PROJECT, source: null, stats: { requests: 13 } });
});

describe('of many projects', () => {
  const ofProject = (at: number, requests = 1) => measured(`e${at}`, requests, `p${at}` as ProjectId);
  const MANY = 3_000;
  let since: SinceStart;
  beforeEach(() => {
    since = new SinceStart();
    for (let at = 0; at < MANY; at += 1) since.add(ofProject(at), 1);
  });

  test('so many have a series for what finds no place, and all others share one, so that nothing is lost', () => {
    const all = since.with([ofProject(MANY, 2), ofProject(MAX_SERIES, 3), ofProject(MANY + 1, 4)]);
    expect(all).toHaveLength(MAX_SERIES + MAX_RESTS + 1);
    expect(requests(all)).toBe(MANY + 9);
    expect(all.find(({ projectId }) => projectId === `p${MAX_SERIES}`)?.stats.requests).toBe(4);
    const others = MANY - MAX_SERIES - MAX_RESTS;
    expect(all.at(-1)).toMatchObject({ projectId: null, source: null, stats: { requests: others + 6 } });
  });

  test('a project is told of its own, and of several only who sees all', () => {
    const recorder = { sinceStart: () => since.with([]), recent: () => [] } as unknown as LatencyRecorder;
    const told = (scope: MetricScope) =>
      predictionMetrics(recorder, null, scope).find(({ name }) => name === 'modelgraph_predictions_total')
        ?.samples;
    expect(told({ only: `p${MAX_SERIES}` as ProjectId })).toMatchObject([
      { labels: { project: `p${MAX_SERIES}`, endpoint: '' }, value: 1 },
    ]);
    expect(told({ only: `p${MANY - 1}` as ProjectId })).toEqual([]);
    const withoutProject = told('everything')?.filter(({ labels }) => !('project' in labels));
    expect(withoutProject).toMatchObject([{ value: MANY - MAX_SERIES - MAX_RESTS }]);
  });

  test('what was silent for long gives all places back', () => {
    for (let at = 0; at < MAX_SERIES; at += 1) since.add(ofProject(MANY + at), FORGOTTEN_AFTER_S + 2);
    const all = since.with([]);
    expect(all).toHaveLength(MAX_SERIES);
    expect(all.every(({ source }) => source !== null)).toBe(true);
  });
});

describe('versions asked by reference', () => {
  const reference = (id: string, requests = 1) => {
    const version = { id } as ModelVersion;
    return { ...measured('', requests), askedId: version.id, version, variant: id };
  };

  test('take no more than their share of the places, and the rest is counted together', () => {
    const since = new SinceStart();
    for (let made = 0; made < MAX_REFERENCE_SERIES + 9; made += 1) since.add(reference(`v${made}`), 1);
    for (let made = 0; made < MAX_SERIES / 2; made += 1) since.add(measured(`e${made}`), 1);
    const all = since.with([]);
    expect(all.filter(({ source }) => source?.endpointName)).toHaveLength(MAX_SERIES / 2);
    expect(all.find(({ source }) => source === null)?.stats.requests).toBe(9);
    expect(requests(all)).toBe(MAX_REFERENCE_SERIES + 9 + MAX_SERIES / 2);
    since.add(reference('late'), FORGOTTEN_AFTER_S + 2);
    expect(since.with([]).map(({ source }) => source?.askedId)).toContain('late');
  });

  test('while their first second is open, too', () => {
    const since = new SinceStart();
    const open = Array.from({ length: MAX_REFERENCE_SERIES + 9 }, (_, at) => reference(`v${at}`));
    const all = since.with([...open, measured('e')]);
    expect(all).toHaveLength(MAX_REFERENCE_SERIES + 2);
    expect(all.find(({ source }) => source === null)?.stats.requests).toBe(9);
  });

  test('among what is recent, too', () => {
    const series = [
      ...Array.from({ length: MAX_REFERENCE_SERIES + 9 }, (_, at) => reference(`v${at}`, 2)),
      measured('e', 1),
    ].map(({ projectId, second: stats, ...source }) => ({ projectId, source, stats }));
    expect(busiest(series)).toHaveLength(MAX_REFERENCE_SERIES + 1);
    expect(busiest(series).at(-1)?.source).toMatchObject({ endpointName: 'e' });
  });
});

test('a series that was silent for long gives its place to a new one', () => {
  const since = new SinceStart();
  for (let made = 0; made < MAX_SERIES; made += 1) since.add(measured(`e${made}`), 1);
  since.add(measured('e0'), FORGOTTEN_AFTER_S);
  since.add(measured('new'), FORGOTTEN_AFTER_S + 2);
  const ids = since.with([]).map(({ source }) => source?.askedId);
  expect(ids).toEqual(['e0', 'new']);
});

import type { ProjectId } from '../../../src/kernel/ids';
import { LatencyStats } from '../../../src/monitoring/latency-stats';
import {
  busiest,
  FORGOTTEN_AFTER_S,
  MAX_REFERENCE_SERIES,
  MAX_SERIES,
  SinceStart,
  type Series,
} from '../../../src/monitoring/since-start';
import type { ModelVersion } from '../../../src/registry/registry';
import type { EndpointId, Observation } from '../../../src/serving/serving';

const PROJECT = 'project' as ProjectId;
function measured(endpoint: string, requests = 1) {
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
    projectId: PROJECT,
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

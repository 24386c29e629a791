import { histogramSamples, sample, type MetricFamily } from '../../../src/kernel/metric-family';
import { metricText } from '../../../src/kernel/metric-text';

const counter = (name: string, ...samples: MetricFamily['samples']): MetricFamily => ({
  ...{ name, help: 'What it is.', type: 'counter', samples },
});

test('a family is its help, its type and its lines', () => {
  const families = [counter('hits_total', sample({}, 3)), counter('silent_total')];
  expect(metricText(families, 'prometheus')).toBe(
    '# HELP hits_total What it is.\n# TYPE hits_total counter\nhits_total 3\n',
  );
});

test('no name of a client ends its line or its quotes', () => {
  const name = 'a"b\\c\nhits_total 999\r{}';
  const text = metricText([counter('hits_total', sample({ endpoint: name }, 1))], 'prometheus');
  expect(text.trimEnd().split('\n')).toHaveLength(3);
  expect(text).toContain(`hits_total{endpoint="a\\"b\\\\c\\nhits_total 999\r{}"} 1`);
});

test('a histogram ends with all that it counted, its sum and its count', () => {
  const samples = histogramSamples({ stage: 'queue' }, [0.001, 1], [2, 5], { count: 6, sum: 12.5 });
  const family: MetricFamily = { name: 'wait_seconds', help: 'Waits.', type: 'histogram', samples };
  expect(metricText([family], 'prometheus').split('\n').slice(2, -1)).toEqual([
    'wait_seconds_bucket{stage="queue",le="0.001"} 2',
    'wait_seconds_bucket{stage="queue",le="1"} 5',
    'wait_seconds_bucket{stage="queue",le="+Inf"} 6',
    'wait_seconds_sum{stage="queue"} 12.5',
    'wait_seconds_count{stage="queue"} 6',
  ]);
});

test.each([
  [NaN, 'NaN'],
  [Infinity, '+Inf'],
  [-Infinity, '-Inf'],
  [1e21, '1e+21'],
  [0.1, '0.1'],
])('%d is written %s', (value, written) => {
  expect(metricText([counter('x_total', sample({}, value))], 'prometheus')).toContain(`x_total ${written}\n`);
});

test('OpenMetrics names counters without _total, knows no counter of another name, and has an end', () => {
  const families = [counter('hits_total', sample({}, 1)), counter('nv_inference_count', sample({}, 2))];
  expect(metricText(families, 'openmetrics').split('\n')).toEqual([
    '# HELP hits What it is.',
    '# TYPE hits counter',
    'hits_total 1',
    '# HELP nv_inference_count What it is.',
    '# TYPE nv_inference_count unknown',
    'nv_inference_count 2',
    '# EOF',
    '',
  ]);
});

import { histogramSamples, sample, type MetricFamily } from '../../../../src/kernel/metrics/metric-family';
import { metricText as pieces, type MetricFormat } from '../../../../src/kernel/metrics/metric-text';

const metricText = (families: readonly MetricFamily[], format: MetricFormat) =>
  [...pieces(families, format, new Map())].join('');

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

test('projects are told by name, or by id where nobody knows it', () => {
  const samples = [sample({ project: 'one' }, 1), sample({ project: 'two' }, 2)];
  const text = [
    ...pieces([counter('hits_total', ...samples)], 'prometheus', new Map([['one', 'fraud "team"']])),
  ];
  expect(text.join('').split('\n').slice(2)).toEqual([
    'hits_total{project="fraud \\"team\\""} 1',
    'hits_total{project="two"} 2',
    '',
  ]);
});

test('much of it comes in pieces, which end where lines end and lack none', () => {
  const samples = Array.from({ length: 2_500 }, (_, index) => sample({ index: String(index) }, index));
  const all = [...pieces([counter('hits_total', ...samples)], 'prometheus', new Map())];
  expect(all).toHaveLength(3);
  for (const piece of all) expect(piece).toMatch(/\n$/);
  expect(all.join('').split('\n')).toHaveLength(2 + 2_500 + 1);
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

import { joinChunks, toBytes, toChunks, type MetricChunk } from '../../../src/tracking/metric-columns';
import type { MetricPoint } from '../../../src/tracking/run';

const NOW_MS = 1_700_000_000_000;
const point = (key: string, step: number | bigint, value: number, timestampMs?: number): MetricPoint => ({
  key,
  step: BigInt(step),
  value,
  timestamp: timestampMs === undefined ? null : new Date(timestampMs),
});
const stored = ({ steps, values, timestamps }: MetricChunk) => ({
  steps: toBytes(steps),
  values: toBytes(values),
  timestamps: toBytes(timestamps),
});

test('points are kept by series, in order of arrival', () => {
  const chunks = toChunks([point('a', 1, 10), point('b', 1, 20), point('a', 0, 30)], NOW_MS);
  expect(chunks.map(({ key, steps, values }) => [key, [...steps], [...values]])).toEqual([
    ['a', [1n, 0n], [10, 30]],
    ['b', [1n], [20]],
  ]);
});

test('last is the highest step, then the latest time, then the last to arrive', () => {
  const lastOf = (...points: MetricPoint[]) => toChunks(points, NOW_MS)[0]?.last.value;
  expect(lastOf(point('a', 5, 1), point('a', 9, 2), point('a', 7, 3))).toBe(2);
  expect(lastOf(point('a', 5, 1, 200), point('a', 5, 2, 100))).toBe(1);
  expect(lastOf(point('a', 5, 1, 100), point('a', 5, 2, 100))).toBe(2);
  expect(lastOf(point('a', -5, 1), point('a', -9, 2))).toBe(1);
});

test('NaN never becomes the smallest or largest', () => {
  expect(toChunks([point('a', 0, NaN)], NOW_MS)[0]).toMatchObject({ min: null, max: null });
  const chunks = toChunks([point('a', 0, NaN), point('a', 1, 2), point('a', 2, -Infinity)], NOW_MS);
  expect(chunks[0]).toMatchObject({ min: -Infinity, max: 2 });
});

test('every bit comes back', () => {
  const steps = [-(2n ** 63n), -1n, 0n, 2n ** 53n + 1n, 2n ** 63n - 1n];
  const values = [NaN, -0, Infinity, -Infinity, 5e-324];
  const points = steps.map((step, index) => point('a', step, values[index] as number, index));
  const series = joinChunks(toChunks(points, NOW_MS).map(stored));
  expect([...series.steps]).toEqual(steps);
  [...series.values].forEach((value, index) => expect(value).toBe(values[index]));
  expect([...series.timestamps]).toEqual([0n, 1n, 2n, 3n, 4n]);
});

test('a NaN keeps its payload', () => {
  const bytes = Buffer.from('010000000000f87f', 'hex');
  const zero = Buffer.alloc(8);
  const { values } = joinChunks([{ steps: zero, values: bytes, timestamps: zero }]);
  expect(toBytes(values).equals(bytes)).toBe(true);
});

test('a series is in order of step, then time, then arrival, whatever order its chunks have', () => {
  const calls = [
    [point('a', 3, 30), point('a', 1, 10, 2)],
    [point('a', 2, 20), point('a', 1, 11, 1)],
    [point('a', 3, 31)],
  ];
  const series = joinChunks(calls.flatMap((points) => toChunks(points, NOW_MS).map(stored)));
  expect([...series.values]).toEqual([11, 10, 20, 30, 31]);
});

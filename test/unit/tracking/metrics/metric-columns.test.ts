import { factsOf } from '../../../../src/tracking/metrics/chunk-facts';
import {
  joinColumns,
  toBytes,
  toColumns,
  type PointColumns,
} from '../../../../src/tracking/metrics/metric-columns';
import { packColumn } from '../../../../src/tracking/metrics/packed-column';
import type { MetricPoint } from '../../../../src/tracking/run';
import {
  PACKED,
  unpackCalls,
  unpackChunk,
  type StoredChunk,
} from '../../../../src/tracking/metrics/stored-chunk';

const NOW_MS = 1_700_000_000_000;
const point = (key: string, step: number | bigint, value: number, timestampMs?: number): MetricPoint => ({
  key,
  step: BigInt(step),
  value,
  timestamp: timestampMs === undefined ? null : new Date(timestampMs),
});
const columnsOf = (...points: MetricPoint[]) => toColumns(points, NOW_MS)[0] as PointColumns;
const factsOfPoints = (...points: MetricPoint[]) => factsOf(columnsOf(...points));
const stored = ({ steps, values, timestamps }: PointColumns): StoredChunk => ({
  ...{ format: PACKED, firstSeq: 1n, seq: 1n, seqs: null },
  steps: Buffer.from(packColumn(steps)),
  values: toBytes(values),
  timestamps: Buffer.from(packColumn(timestamps)),
});

test('points are kept by series, in order of arrival', () => {
  const columns = toColumns([point('a', 1, 10), point('b', 1, 20), point('a', 0, 30)], NOW_MS);
  expect(columns.map(({ key, steps, values }) => [key, [...steps], [...values]])).toEqual([
    ['a', [1n, 0n], [10, 30]],
    ['b', [1n], [20]],
  ]);
});

test('a point of a dataset is one of the metric as a whole, too', () => {
  const points = ['p@1', null, 'q@1', 'p@1'].map((dataset, step) => ({ ...point('a', step, step), dataset }));
  expect(toColumns(points, NOW_MS).map(({ key, dataset, steps }) => [key, dataset, [...steps]])).toEqual([
    ['a', null, [0n, 1n, 2n, 3n]],
    ['a', 'p@1', [0n, 3n]],
    ['a', 'q@1', [2n]],
  ]);
});

test('last is the highest step, then the latest time, then the last to arrive', () => {
  const lastOf = (...points: MetricPoint[]) => factsOfPoints(...points).last;
  expect(lastOf(point('a', 5, 1), point('a', 9, 2), point('a', 7, 3))).toBe(1);
  expect(lastOf(point('a', 5, 1, 200), point('a', 5, 2, 100))).toBe(0);
  expect(lastOf(point('a', 5, 1, 100), point('a', 5, 2, 100))).toBe(1);
  expect(lastOf(point('a', -5, 1), point('a', -9, 2))).toBe(0);
});

test('NaN never becomes the smallest or largest, and is not in the mean', () => {
  expect(factsOfPoints(point('a', 0, NaN))).toMatchObject({
    min: null,
    max: null,
    minStep: null,
    numberCount: 0,
  });
  expect(factsOfPoints(point('a', 0, NaN), point('a', 1, 2), point('a', 2, -Infinity))).toMatchObject({
    ...{ min: -Infinity, minStep: 2n, max: 2, maxStep: 1n, numberCount: 2 },
  });
});

test('an extreme was reached at the lowest step that has it, whenever that arrived', () => {
  const facts = factsOfPoints(point('a', 7, 1), point('a', 9, 5), point('a', 3, 1), point('a', 8, 5));
  expect(facts).toMatchObject({ min: 1, minStep: 3n, max: 5, maxStep: 8n });
});

test('every bit comes back', () => {
  const steps = [-(2n ** 63n), -1n, 0n, 2n ** 53n + 1n, 2n ** 63n - 1n];
  const values = [NaN, -0, Infinity, -Infinity, 5e-324];
  const points = steps.map((step, index) => point('a', step, values[index] as number, index));
  const series = unpackChunk(stored(columnsOf(...points)));
  expect([...series.steps]).toEqual(steps);
  [...series.values].forEach((value, index) => expect(value).toBe(values[index]));
  expect([...series.timestamps]).toEqual([0n, 1n, 2n, 3n, 4n]);
});

test('a NaN keeps its payload, and chunks from before they were packed are read', () => {
  const bytes = Buffer.from('010000000000f87f', 'hex');
  const steps = toBytes(BigInt64Array.of(-3n));
  const plain = { format: 0, firstSeq: 1n, seq: 1n, seqs: null, steps, values: bytes, timestamps: steps };
  const points = unpackChunk(plain);
  expect(toBytes(points.values).equals(bytes)).toBe(true);
  expect([...points.steps, ...points.timestamps]).toEqual([-3n, -3n]);
});

test('a series is in order of step, then time, then arrival, whatever order its chunks have', () => {
  const calls = [
    [point('a', 3, 30), point('a', 1, 10, 2)],
    [point('a', 2, 20), point('a', 1, 11, 1)],
    [point('a', 3, 31)],
  ];
  const series = joinColumns(calls.map((points) => columnsOf(...points)));
  expect([...series.values]).toEqual([11, 10, 20, 30, 31]);
});

test('a reader who stands in the middle of a chunk gets only the calls that it lacks', () => {
  const chunk: StoredChunk = {
    ...stored(columnsOf(point('a', 0, 0), point('a', 1, 1), point('a', 2, 2), point('a', 3, 3))),
    ...{ firstSeq: 4n, seq: 9n, seqs: Buffer.from(packColumn(BigInt64Array.of(9n, 4n, 6n, 6n))) },
  };
  const stepsOf = (after: bigint, upTo: bigint) => [...unpackCalls(chunk, { after, upTo }).steps];
  expect(stepsOf(0n, 9n)).toEqual([0n, 1n, 2n, 3n]);
  expect(stepsOf(4n, 9n)).toEqual([0n, 2n, 3n]);
  expect(stepsOf(0n, 8n)).toEqual([1n, 2n, 3n]);
  expect(stepsOf(6n, 8n)).toEqual([]);
});

import fc from 'fast-check';
import { downsample } from '../../../src/tracking/downsample';

const series = fc.array(fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, -0)), {
  maxLength: 500,
});
const numbers = (values: Float64Array) => [...values].filter((value) => !Number.isNaN(value));

test('a series that is short enough is kept whole', () => {
  expect([...downsample(Float64Array.of(3, 1, 2), 3)]).toEqual([0, 1, 2]);
  expect([...downsample(new Float64Array(0), 10)]).toEqual([]);
});

test('one spike among a million points is kept', () => {
  const values = new Float64Array(1_000_000).fill(1);
  values[777_777] = 50;
  values[333_333] = -50;
  const kept = [...downsample(values, 320)];
  expect(kept).toContain(777_777);
  expect(kept).toContain(333_333);
  expect(kept.length).toBeLessThanOrEqual(320);
});

test('indexes ascend, hold both ends and the extremes, and are never more than wanted', () => {
  fc.assert(
    fc.property(series, fc.integer({ min: 4, max: 100 }), (list, maxPoints) => {
      const values = Float64Array.from(list);
      const kept = [...downsample(values, maxPoints)];
      expect(kept.length).toBeLessThanOrEqual(maxPoints);
      expect(kept).toEqual([...new Set(kept)].sort((a, b) => a - b));
      if (values.length === 0) return;
      expect([kept[0], kept.at(-1)]).toEqual([0, values.length - 1]);
      const keptNumbers = numbers(Float64Array.from(kept, (index) => values[index] as number));
      if (numbers(values).length === 0) return;
      const smallest = (list: readonly number[]) => list.reduce((a, b) => Math.min(a, b));
      const largest = (list: readonly number[]) => list.reduce((a, b) => Math.max(a, b));
      expect(smallest(keptNumbers)).toBe(smallest(numbers(values)));
      expect(largest(keptNumbers)).toBe(largest(numbers(values)));
    }),
  );
});

test.each([
  [1, [3]],
  [2, [0, 3]],
  [3, [0, 1, 3]],
])('with at most %i points the ends come first', (maxPoints, expected) => {
  expect([...downsample(Float64Array.of(0, 9, -1, 0), maxPoints)]).toEqual(expected);
});

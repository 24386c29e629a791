import fc from 'fast-check';
import type { ColumnStatistics } from '../../../src/datasets/data-profile';
import {
  distributionDistance,
  jensenShannon,
  shareUpTo,
  stabilityIndex,
} from '../../../src/datasets/distribution-distance';

const NOTHING: ColumnStatistics = {
  ...{ name: 'x', datatype: 'BYTES', sourceType: null, missing: 0, distinct: 0, approximateDistinct: 0 },
  ...{ min: null, max: null, mean: null, stddev: null, quantiles: null, histogram: null, topValues: [] },
};
const numbers = (values: readonly number[]) => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (percent: number) => sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN;
  const quantiles = Array.from({ length: 101 }, (_, percent) => at(percent));
  return { column: { ...NOTHING, datatype: 'FP64', quantiles } as const, rowCount: values.length };
};
const words = (
  counts: Readonly<Record<string, number>>,
  more: { rows?: number; distinct?: number | null } = {},
) => {
  const topValues = Object.entries(counts).map(([value, count]) => ({ value, count }));
  const named = topValues.reduce((sum, { count }) => sum + count, 0);
  const { rows = named, distinct = topValues.length } = more;
  return { column: { ...NOTHING, distinct, topValues }, rowCount: rows };
};
const uniform = (count: number, from = 0, to = 1) =>
  Array.from({ length: count }, (_, index) => from + ((to - from) * index) / count);

/** The statistic by its definition, over all values. */
const exactKs = (a: readonly number[], b: readonly number[]) => {
  const share = (values: readonly number[], x: number) =>
    values.filter((value) => value <= x).length / values.length;
  return Math.max(...[...a, ...b].map((x) => Math.abs(share(a, x) - share(b, x))));
};

test('the same numbers are at no distance, and numbers far away at the greatest', () => {
  expect(distributionDistance(numbers(uniform(500)), numbers(uniform(500)))).toEqual({
    psi: 0,
    kolmogorovSmirnov: 0,
    jensenShannon: null,
  });
  const apart = distributionDistance(numbers(uniform(500)), numbers(uniform(500, 10, 11)));
  expect(apart.kolmogorovSmirnov).toBe(1);
  expect(apart.psi).toBeGreaterThan(5);
});

test('a shift by a fifth is a Kolmogorov–Smirnov distance of a fifth, and the index is that of the tenths by hand', () => {
  const { psi, kolmogorovSmirnov } = distributionDistance(
    numbers(uniform(1_000)),
    numbers(uniform(1_000, 0.2, 1.2)),
  );
  expect(kolmogorovSmirnov).toBeCloseTo(0.2, 2);
  const byHand = stabilityIndex(
    Array.from({ length: 10 }, () => 0.1),
    [0, 0, ...Array.from({ length: 7 }, () => 0.1), 0.3],
  );
  expect(Math.abs((psi ?? NaN) - byHand)).toBeLessThan(0.15);
});

test('from percentiles the statistic is as good as its definition to about 0.02, with repeated values too', () => {
  const values = fc.array(
    fc.oneof(fc.integer({ min: 0, max: 5 }), fc.double({ min: -10, max: 10, noNaN: true })),
    {
      minLength: 50,
      maxLength: 400,
    },
  );
  fc.assert(
    fc.property(values, values, (a, b) => {
      const { kolmogorovSmirnov, psi } = distributionDistance(numbers(a), numbers(b));
      // A percentile of fewer than a hundred values is one of them: their own steps come on top.
      const step = 0.02 + 1 / a.length + 1 / b.length;
      expect(Math.abs((kolmogorovSmirnov ?? NaN) - exactKs(a, b))).toBeLessThanOrEqual(step);
      expect(psi).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 200 },
  );
});

test('infinite numbers leave the distances finite', () => {
  const infinite = numbers([-Infinity, ...uniform(100), Infinity, Infinity]);
  const { psi, kolmogorovSmirnov } = distributionDistance(infinite, numbers(uniform(100)));
  expect(Number.isFinite(psi)).toBe(true);
  expect(kolmogorovSmirnov).toBeLessThan(0.1);
});

test('shares up to a number: none below the first, all from the last on, half of the way in between', () => {
  const quantiles = Array.from({ length: 101 }, (_, percent) => percent);
  expect([-1, 0, 50.5, 100, 101].map((x) => shareUpTo(quantiles, x))).toEqual([0, 0, 0.505, 1, 1]);
});

test('categories: nothing in common is the greatest divergence, the same shares are none', () => {
  expect(distributionDistance(words({ a: 5, b: 5 }), words({ c: 10 })).jensenShannon).toBeCloseTo(1, 10);
  expect(distributionDistance(words({ a: 5, b: 5 }), words({ a: 50, b: 50 }))).toEqual({
    psi: 0,
    kolmogorovSmirnov: null,
    jensenShannon: 0,
  });
});

test('the formulas are those of the books', () => {
  // Shares of 0.5 and 0.25: (0.25 - 0.5) ln(0.25 / 0.5) + (0.75 - 0.5) ln(0.75 / 0.5).
  expect(stabilityIndex([0.5, 0.5], [0.25, 0.75])).toBeCloseTo(0.25 * Math.log(2) + 0.25 * Math.log(1.5), 12);
  expect(jensenShannon([1, 0], [0.5, 0.5])).toBeCloseTo(0.311278, 6);
});

test('values that one side does not name are among the others, not new', () => {
  const many = words({ a: 10, b: 10 }, { rows: 100, distinct: 80 });
  const few = words({ a: 10, c: 10 }, { rows: 100, distinct: 80 });
  expect(distributionDistance(many, few)).toMatchObject({ psi: 0, jensenShannon: 0 });
});

test('columns of different types, and columns without values, have no distance', () => {
  const none = { psi: null, kolmogorovSmirnov: null, jensenShannon: null };
  expect(distributionDistance(numbers([1, 2]), words({ a: 2 }))).toEqual(none);
  expect(distributionDistance(words({}), words({ a: 2 }))).toEqual(none);
});

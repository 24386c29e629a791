import fc from 'fast-check';
import { pearson, ranks, spearman } from '../../../../src/tracking/comparison/correlation';

test('Pearson’s correlation is that of the textbooks', () => {
  expect(pearson([1, 2, 3, 4, 5], [2, 4, 6, 8, 10])).toBeCloseTo(1, 12);
  expect(pearson([1, 2, 3, 4, 5], [5, 4, 3, 2, 1])).toBeCloseTo(-1, 12);
  // Anscombe's first quartet: 0.816 to three digits.
  const xs = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
  const ys = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
  expect(pearson(xs, ys)).toBeCloseTo(0.81642, 5);
});

test('equal values share the mean of their ranks', () => {
  expect(ranks([10, 20, 20, 5, 20])).toEqual([2, 4, 4, 1, 4]);
});

test('Spearman’s correlation is 1 wherever one only rises with the other', () => {
  const rates = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1];
  expect(spearman(rates, [1, 2, 3, 50, 51])).toBeCloseTo(1, 12);
  expect(spearman([1, 2, 3, 4], [1, 3, 2, 4])).toBeCloseTo(0.8, 12);
});

test('what does not vary has no correlation, nor has a single row', () => {
  expect(pearson([1, 1, 1], [1, 2, 3])).toBeNull();
  expect(pearson([1, 2, 3], [0, 0, 0])).toBeNull();
  expect(spearman([1], [1])).toBeNull();
  expect(pearson([], [])).toBeNull();
  // Their sums are not exact, so that a mean of equal numbers may be another number.
  const tenths = Array.from({ length: 10 }, () => 0.1);
  expect(pearson(tenths, tenths)).toBeNull();
  expect(pearson([...tenths.keys()], tenths)).toBeNull();
});

test('the size of numbers does not matter, up to the largest and the smallest there are', () => {
  for (const size of [1e308, 1, 1e-300]) {
    const values = [-1, 0.5, 1, -1].map((value) => value * size);
    expect(pearson(values, [1, 4, 5, 1])).toBeCloseTo(1, 12);
    expect(pearson([1, 4, 5, 1], values)).toBeCloseTo(1, 12);
  }
});

test('a correlation is between -1 and 1, or there is none', () => {
  const numbers = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), {
    minLength: 2,
    maxLength: 20,
  });
  fc.assert(
    fc.property(numbers, numbers, (left, right) => {
      const length = Math.min(left.length, right.length);
      for (const correlation of [pearson, spearman]) {
        const found = correlation(left.slice(0, length), right.slice(0, length));
        if (found !== null) expect(Math.abs(found)).toBeLessThanOrEqual(1);
      }
    }),
  );
});

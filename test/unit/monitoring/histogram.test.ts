import fc from 'fast-check';
import { bucketsIn, Histogram, MAX_MS, MIN_MS, RELATIVE_ERROR } from '../../../src/monitoring/histogram';

const duration = fc.double({ min: MIN_MS * 1.01, max: MAX_MS, noNaN: true });
const durations = fc.array(duration, { minLength: 1, maxLength: 300 });

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

test('a quantile is off by at most the relative error', () => {
  fc.assert(
    fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
      const exact = [...values].sort((a, b) => a - b)[Math.max(1, Math.ceil(q * values.length)) - 1] ?? NaN;
      const estimate = histogramOf(values).quantile(q) ?? NaN;
      expect(Math.abs(estimate - exact) / exact).toBeLessThanOrEqual(RELATIVE_ERROR + 1e-9);
    }),
  );
});

test('a merged histogram is the histogram of the union', () => {
  fc.assert(
    fc.property(durations, durations, (some, others) => {
      const merged = histogramOf(some);
      merged.merge(histogramOf(others));
      const union = histogramOf([...some, ...others]);
      expect(merged.encode()).toEqual(union.encode());
      expect(merged.count).toBe(union.count);
    }),
  );
});

test('the buckets of an encoded histogram hold every duration once, below their bounds and above those before', () => {
  const step = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
  fc.assert(
    fc.property(durations, (values) => {
      const buckets = bucketsIn(histogramOf(values).encode());
      for (const { upToMs, count } of buckets) {
        const inside = values.filter(
          (value) => value <= upToMs * (1 + 1e-9) && value > (upToMs / step) * (1 - 1e-9),
        );
        expect(inside.length).toBeGreaterThanOrEqual(count);
      }
      expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
      expect(buckets.map(({ upToMs }) => upToMs)).toEqual(
        buckets.map(({ upToMs }) => upToMs).toSorted((a, b) => a - b),
      );
    }),
  );
  expect(bucketsIn(histogramOf([0, MIN_MS / 2]).encode())).toEqual([{ upToMs: MIN_MS, count: 2 }]);
  expect(bucketsIn(new Histogram().encode())).toEqual([]);
});

test('what is encoded comes back, added to what was there', () => {
  fc.assert(
    fc.property(durations, durations, (some, others) => {
      const histogram = histogramOf(some);
      histogram.mergeEncoded(histogramOf(others).encode());
      expect(histogram.encode()).toEqual(histogramOf([...some, ...others]).encode());
    }),
  );
});

test('counts beyond 2^32 survive', () => {
  const histogram = histogramOf([1]);
  for (let doubling = 0; doubling < 40; doubling++) histogram.merge(histogramCopy(histogram));
  expect(histogram.count).toBe(2 ** 40);
  expect(histogramCopy(histogram).count).toBe(2 ** 40);
});

test('without durations there is no quantile', () => {
  expect(new Histogram().quantile(0.5)).toBeNull();
  const cleared = histogramOf([1, 2, 3]);
  cleared.clear();
  expect(cleared.quantile(0.5)).toBeNull();
});

test('what is no duration counts as zero, what is endless as the longest', () => {
  const histogram = histogramOf([NaN, -1, 0, Infinity]);
  expect(histogram.count).toBe(4);
  expect(histogram.quantile(0.5)).toBe(0);
  expect(histogram.quantile(1) ?? 0).toBeGreaterThan(MAX_MS * (1 - 2 * RELATIVE_ERROR));
});

test('bytes that nobody wrote end the reading and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      expect(() => new Histogram().mergeEncoded(bytes)).not.toThrow();
    }),
  );
});

function histogramCopy(histogram: Histogram): Histogram {
  const copy = new Histogram();
  copy.mergeEncoded(histogram.encode());
  return copy;
}

test('counts up to limits are those of the values, but for what is near a limit', () => {
  const limits = [0.1, 1, 10, 100, 1_000];
  fc.assert(
    fc.property(durations, (values) => {
      const near = (value: number) =>
        limits.some((limit) => Math.abs(value - limit) / limit < 3 * RELATIVE_ERROR);
      const far = values.filter((value) => !near(value));
      const exact = limits.map((limit) => far.filter((value) => value <= limit).length);
      expect(histogramOf(far).countsUpTo(limits)).toEqual(exact);
    }),
  );
});

test('the sum is exact where durations were recorded, and within the relative error once encoded', () => {
  fc.assert(
    fc.property(durations, durations, (some, others) => {
      const exact = [...some, ...others].reduce((sum, value) => sum + value, 0);
      const merged = histogramOf(some);
      merged.merge(histogramOf(others));
      expect(merged.sumMs).toBeCloseTo(exact, 3);
      const decoded = new Histogram();
      decoded.mergeEncoded(merged.encode());
      expect(Math.abs(decoded.sumMs - exact) / exact).toBeLessThanOrEqual(RELATIVE_ERROR + 1e-9);
      merged.clear();
      expect([merged.sumMs, merged.count]).toEqual([0, 0]);
    }),
  );
});

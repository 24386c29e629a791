import fc from 'fast-check';
import { Downsampler } from '../../../../src/tracking/metrics/downsample';
import type { PointColumns } from '../../../../src/tracking/metrics/metric-columns';

interface Point {
  readonly step: bigint;
  readonly timestampMs: bigint;
  readonly value: number;
}

const columns = (points: readonly Point[]): PointColumns => ({
  steps: BigInt64Array.from(points, ({ step }) => step),
  values: Float64Array.from(points, ({ value }) => value),
  timestamps: BigInt64Array.from(points, ({ timestampMs }) => timestampMs),
});
const compare = (a: bigint, b: bigint) => Number(a > b) - Number(a < b);
const sorted = (points: readonly Point[]) =>
  [...points].sort((a, b) => compare(a.step, b.step) || compare(a.timestampMs, b.timestampMs));
const rows = ({ steps, values, timestamps }: PointColumns): Point[] =>
  Array.from(values, (value, row) => ({
    step: steps[row] as bigint,
    timestampMs: timestamps[row] as bigint,
    value,
  }));

/** Pages arrive one after the other; each is in order, as it is read. */
function sample(pages: readonly (readonly Point[])[], maxPoints: number): Point[] {
  const sampler = new Downsampler(maxPoints);
  for (const page of pages) sampler.add(columns(sorted(page)));
  return rows(sampler.points());
}
const point = (step: number | bigint, value: number): Point => ({
  step: BigInt(step),
  timestampMs: 0n,
  value,
});
const line = (...values: number[]) => values.map((value, step) => point(step, value));
const stepsOf = (points: readonly Point[]) => points.map(({ step }) => Number(step));
const pagesOf = (points: readonly Point[], size: number) =>
  Array.from({ length: Math.ceil(points.length / size) }, (_, page) =>
    points.slice(page * size, (page + 1) * size),
  );

const SPIKES = [11_111, 33_333, 77_777, 99_998];
const STEPS = 100_000;
const spiky = Array.from({ length: STEPS }, (_, step) =>
  point(step, SPIKES.includes(step) ? 50 : Math.sin(step / 1_000)),
);

test('a series that is short enough is kept whole, in order of step, then time, then arrival', () => {
  expect(stepsOf(sample([line(3, 1, 2)], 3))).toEqual([0, 1, 2]);
  expect(sample([], 10)).toEqual([]);
  const [late, early] = [
    { step: 1n, timestampMs: 2n, value: 1 },
    { step: 1n, timestampMs: 1n, value: 2 },
  ];
  const pages = [[point(9, 3), late], [early], [{ ...late, value: 4 }], [point(0, 5)]];
  expect(sample(pages, 5).map(({ value }) => value)).toEqual([5, 2, 1, 4, 3]);
});

test.each([
  ['in one page', [spiky]],
  ['in pages', pagesOf(spiky, 7_000)],
  ['point by point', pagesOf(spiky, 1)],
  ['backwards', pagesOf(spiky, 1_000).reverse()],
  ['twice, the second time after a restart', pagesOf([...spiky, ...spiky], 5_000)],
  ['by eight writers, each going on in its own place', byWriters(8)],
  [
    'in no order',
    pagesOf(
      [...spiky].sort((a, b) => scattered(a) - scattered(b)),
      5_000,
    ),
  ],
])('a long series that arrives %s keeps every spike, and fills its chart', (_, pages) => {
  const kept = sample(pages, 320);
  expect(stepsOf(kept)).toEqual(expect.arrayContaining([0, ...SPIKES, STEPS - 1]));
  expect(kept.length).toBeLessThanOrEqual(320);
  expect(kept.length).toBeGreaterThan(160);
  // No part of the chart is empty: a bucket is an eightieth of the series.
  const gaps = stepsOf(kept).map((step, index, all) => (all[index + 1] ?? STEPS - 1) - step);
  expect(Math.max(...gaps)).toBeLessThan(STEPS / 20);
});

function byWriters(writers: number): Point[][] {
  const share = STEPS / writers;
  const rounds = share / 500;
  return Array.from({ length: rounds }, (_, round) =>
    Array.from({ length: writers }, (_, writer) =>
      spiky.slice(writer * share + round * 500, writer * share + (round + 1) * 500),
    ).flat(),
  );
}
/** An order without any meaning, the same every time. */
function scattered({ step }: Point): number {
  return (Number(step) * 7_919_777) % STEPS;
}

const value = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, -0));
const anyPoint = fc.record({
  step: fc.oneof(
    fc.bigInt(-3n, 3n),
    fc.bigInt(-300n, 300n),
    fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n, 2n ** 53n),
  ),
  timestampMs: fc.bigInt(0n, 2n),
  value,
});
const anyPages = fc.array(fc.array(anyPoint, { minLength: 1, maxLength: 60 }), { maxLength: 12 });

test('what is kept is in order, is a part of what came, and holds both ends and the extremes', () => {
  fc.assert(
    fc.property(anyPages, fc.integer({ min: 4, max: 60 }), (pages, maxPoints) => {
      const all = sorted(pages.flat());
      const kept = sample(pages, maxPoints);
      expect(kept).toEqual(sorted(kept));
      if (all.length <= maxPoints) return expect(kept).toEqual(all);
      expect(kept.length).toBeLessThanOrEqual(maxPoints);
      expect(subtract(all, kept)).toHaveLength(all.length - kept.length);
      expect([kept[0], kept.at(-1)]).toEqual([all[0], all.at(-1)]);
      const numbers = (points: readonly Point[]) =>
        points.map((one) => one.value).filter((one) => !Number.isNaN(one));
      expect(Math.min(...numbers(kept))).toBe(Math.min(...numbers(all)));
      expect(Math.max(...numbers(kept))).toBe(Math.max(...numbers(all)));
    }),
    { numRuns: 300 },
  );
});

/** `all` without each of `some`, once. */
function subtract(all: readonly Point[], some: readonly Point[]): Point[] {
  const left = [...all];
  for (const one of some) {
    const index = left.findIndex(
      (other) =>
        one.step === other.step && one.timestampMs === other.timestampMs && Object.is(one.value, other.value),
    );
    if (index < 0) throw new Error(`There was no point at step ${one.step} like this.`);
    left.splice(index, 1);
  }
  return left;
}

test('what is kept while a long series goes by does not grow with it', () => {
  const sampler = new Downsampler(100);
  for (let page = 0; page < 400; page += 1) {
    sampler.add(columns(Array.from({ length: 500 }, (_, row) => point(page * 500 + row, row))));
    expect((sampler as unknown as { buckets: unknown[] }).buckets.length).toBeLessThanOrEqual(200);
  }
});

test.each([
  [1, [3]],
  [2, [0, 3]],
  [3, [0, 1, 3]],
])('with at most %i points the ends come first', (maxPoints, expected) => {
  expect(stepsOf(sample([line(0, 9, -1, 0)], maxPoints))).toEqual(expected);
  expect(stepsOf(sample(pagesOf(line(0, 9, -1, 0), 1), maxPoints))).toEqual(expected);
});

import fc from 'fast-check';
import { paddedSize, planBatch } from '../../../../src/serving/batching/batch-policy';
import { RunCost } from '../../../../src/serving/batching/run-cost';

const limits = { maxBatch: 128, latencyObjectiveMs: 20 };

function learned(perRowMs: number, perRunMs: number, sizes: readonly number[]): RunCost {
  const cost = new RunCost();
  for (const rows of sizes) cost.observe(rows, perRowMs * rows + perRunMs);
  return cost;
}

test('the cost of a run is learned from runs of different sizes', () => {
  const cost = learned(0.5, 3, [1, 4, 8, 2, 16, 1]);
  expect(cost.predictMs(10)).toBeCloseTo(8);
  expect(cost.largestBatch(limits)).toBe(34);
});

test('a run is made larger to the next size that is named, but never one that nobody may share', () => {
  const sizes = { batchSizes: [4, 8] };
  const size = (rows: number, alone: boolean) => paddedSize(rows, [{ alone }], sizes);
  expect([1, 4, 5, 9, 0].map((rows) => size(rows, false))).toEqual([4, 4, 8, 9, 0]);
  expect(size(1, true)).toBe(1);
});

test('a cost that changed is forgotten', () => {
  const cost = learned(
    5,
    0,
    Array.from({ length: 400 }, (_, at) => 1 + (at % 8)),
  );
  for (let at = 0; at < 400; at++) cost.observe(1 + (at % 8), 0.1 * (1 + (at % 8)));
  expect(cost.predictMs(10)).toBeCloseTo(1, 0);
});

test('with runs of one size only, batches grow by doubling until the cost shows', () => {
  const cost = learned(0.01, 15, [1, 1, 1]);
  expect(cost.largestBatch(limits)).toBe(2);
  cost.observe(2, 15.02);
  expect(cost.largestBatch(limits)).toBe(128);
});

test('a cheap model needs no careful growth', () => {
  expect(learned(0.05, 0, [1, 1]).largestBatch(limits)).toBe(128);
});

test('where not even one row meets the objective, a batch may take twice as long as one row', () => {
  expect(learned(25, 0, [1, 2, 1]).largestBatch(limits)).toBe(2);
  expect(learned(0.1, 25, [1, 2, 4, 1]).largestBatch(limits)).toBe(128);
});

test('the predicted duration of a batch stays within the objective', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.001, max: 5, noNaN: true }),
      fc.double({ min: 0, max: 5, noNaN: true }),
      (perRowMs, perRunMs) => {
        const cost = learned(perRowMs, perRunMs, [1, 2, 3, 5]);
        expect(cost.predictMs(cost.largestBatch(limits))).toBeLessThanOrEqual(
          limits.latencyObjectiveMs + 0.001,
        );
      },
    ),
  );
});

test.each([
  { waiting: [1, 1, 1], cap: 128, plan: { count: 3, rows: 3, bound: undefined } },
  { waiting: [60, 60, 60], cap: 128, plan: { count: 2, rows: 120, bound: 'full' } },
  { waiting: [128], cap: 128, plan: { count: 1, rows: 128, bound: 'full' } },
  { waiting: [1, 1, 1, 1], cap: 2, plan: { count: 2, rows: 2, bound: 'objective' } },
  { waiting: [500, 1], cap: 128, plan: { count: 1, rows: 500, bound: 'full' } },
])('of $waiting rows with a cap of $cap, $plan.count requests go', ({ waiting, cap, plan }) => {
  expect(
    planBatch(
      waiting.map((rows) => ({ rows, alone: false })),
      128,
      cap,
    ),
  ).toEqual(plan);
});

test('a request that may not share goes alone, and nothing passes it', () => {
  const [shared, alone] = [
    { rows: 1, alone: false },
    { rows: 1, alone: true },
  ];
  expect(planBatch([alone, shared], 128, 128)).toMatchObject({ count: 1, bound: 'alone' });
  expect(planBatch([shared, alone, shared], 128, 128)).toMatchObject({ count: 1, bound: 'alone' });
});

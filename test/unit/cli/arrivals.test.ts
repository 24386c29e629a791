import { arrivals } from '../../../src/cli/bench/arrivals';

test('an even rate is a request every so often, from the beginning on', () => {
  const plan = arrivals(100, 100, 1_000);
  expect(plan.count).toBe(100);
  expect([0, 1, 50, 99].map((index) => plan.dueAtMs(index))).toEqual([0, 10, 500, 990]);
});

test('a rate that rises has as many requests as its mean, more of them towards the end', () => {
  const plan = arrivals(100, 300, 2_000);
  expect(plan.count).toBe(400);
  const due = Array.from({ length: plan.count }, (_, index) => plan.dueAtMs(index));
  expect(due).toEqual(due.toSorted((one, other) => one - other));
  expect(due.filter((ms) => ms < 999)).toHaveLength(150);
  expect(due.at(-1)).toBeLessThan(2_000);
});

test('a rate may fall, and may end at nearly nothing', () => {
  const plan = arrivals(200, 0.1, 1_000);
  expect(plan.count).toBe(100);
  expect(Array.from({ length: plan.count }, (_, index) => plan.dueAtMs(index)).every(Number.isFinite)).toBe(
    true,
  );
});

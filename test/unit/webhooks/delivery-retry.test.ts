import { MAX_ATTEMPTS, outcomeOf, pauseAfter } from '../../../src/webhooks/delivery-retry';

test.each([
  [200, 'DELIVERED'],
  [204, 'DELIVERED'],
  [301, 'FAILED'],
  [400, 'FAILED'],
  [404, 'FAILED'],
  [410, 'FAILED'],
  [429, 'RETRY'],
  [500, 'RETRY'],
  [503, 'RETRY'],
])('%d is %s', (status, outcome) => {
  expect(outcomeOf(status)).toBe(outcome);
});

test('pauses grow, and end', () => {
  const pauses = Array.from({ length: MAX_ATTEMPTS }, (_, at) => pauseAfter(at + 1, null, 0));
  const known = pauses.slice(0, -1) as number[];
  expect(known).toEqual([...known].sort((a, b) => a - b));
  expect(known[0]).toBe(1_000);
  expect(pauses.at(-1)).toBeNull();
});

test('a receiver may put us off, but not for ever, and never calls us sooner', () => {
  expect(pauseAfter(1, 90_000, 0)).toBe(90_000);
  expect(pauseAfter(1, 1e12, 0)).toBe(3_600_000);
  expect(pauseAfter(3, 1, 0)).toBe(30_000);
});

test('those that failed together do not come back together', () => {
  expect(pauseAfter(2, null, 1)).toBeGreaterThan(pauseAfter(2, null, 0) ?? Infinity);
});

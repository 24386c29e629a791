import { checkFeedback } from '../../../../src/serving/feedback/feedback-check';

const HOUR_MS = 3_600_000;
const NOW = new Date('2026-11-30T12:00:00Z');
const check = (predictedHoursAgo: number) =>
  checkFeedback(
    { predictionId: 'id', reward: 1 },
    new Date(NOW.getTime() - predictedHoursAgo * HOUR_MS),
    NOW,
  );

test.each([
  ['just now', 0],
  ['a month ago', 31 * 24],
  ['by a clock that was set back by hours since', -9],
])('a prediction that was made %s may get feedback', (_when, hoursAgo) => {
  expect(check(hoursAgo)).toBeNull();
});

test.each([
  ['longer ago', 31 * 24 + 1],
  ['more than a day from now', -25],
])('one that was made %s may not', (_when, hoursAgo) => {
  expect(check(hoursAgo)).toMatchObject({ issues: [{ path: 'predictionId' }] });
});

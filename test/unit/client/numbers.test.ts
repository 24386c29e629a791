import { delayMs, MAX_DELAY_MS } from '../../../src/client/backoff';
import { doubleToJson, integerToJson } from '../../../src/client/exact-numbers';
import { retryAfterOf } from '../../../src/client/graphql-call';

test.each([
  [0.1, 0.1],
  [-0, '-0'],
  [NaN, 'NaN'],
  [Infinity, 'Infinity'],
  [-Infinity, '-Infinity'],
])('the value %p goes as %p', (value, json) => expect(doubleToJson(value)).toBe(json));

test.each([
  [-0, 0],
  [2 ** 53 - 1, 2 ** 53 - 1],
  [2n ** 53n, '9007199254740992'],
  [-(2n ** 63n), '-9223372036854775808'],
  [5n, 5],
  [2 ** 53, null],
  [1.5, null],
  [NaN, null],
  [2n ** 63n, null],
])('the step %p goes as %p', (step, json) => expect(integerToJson(step)).toBe(json));

test('pauses double up to their limit, and no two clients wait equally long', () => {
  expect(delayMs(1, null, 0)).toBe(100);
  expect(delayMs(1, null, 1)).toBe(200);
  expect(delayMs(3, null, 1)).toBe(800);
  expect(delayMs(1_000, null, 1)).toBe(MAX_DELAY_MS);
  expect(delayMs(1_000, null, 0)).toBe(MAX_DELAY_MS / 2);
});

test('nobody comes back before the server has said', () => {
  expect(delayMs(1, 5_000, 0)).toBe(5_000);
  expect(delayMs(20, 5, 1)).toBe(MAX_DELAY_MS);
});

test.each([
  [null, null],
  ['2', 2_000],
  ['Thu, 01 Jan 1970 00:00:11 GMT', 1_000],
  ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
  ['999999999', 300_000],
  ['soon', null],
])('Retry-After %p is %p ms', (header, ms) => expect(retryAfterOf(header, 10_000)).toBe(ms));

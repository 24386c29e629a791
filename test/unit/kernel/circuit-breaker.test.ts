import { CircuitBreaker } from '../../../src/kernel/circuit-breaker';

test('after a failure calls are refused for a second, then one may try', () => {
  let now = 0;
  const breaker = new CircuitBreaker(() => now);
  expect(breaker.isOpen()).toBe(false);
  now = 10;
  breaker.failed();
  expect(breaker.isOpen()).toBe(true);
  now = 1_010;
  expect(breaker.isOpen()).toBe(false);
  expect(breaker.isOpen()).toBe(true); // the others wait for the one that tries
  breaker.succeeded();
  expect(breaker.isOpen()).toBe(false);
});

test('whoever asks how it is takes nobody’s try', () => {
  let now = 0;
  const breaker = new CircuitBreaker(() => now);
  expect(breaker.hasFailed).toBe(false);
  breaker.failed();
  now = 2_000;
  expect(breaker.hasFailed).toBe(true);
  expect(breaker.isOpen()).toBe(false);
  breaker.succeeded();
  expect(breaker.hasFailed).toBe(false);
});

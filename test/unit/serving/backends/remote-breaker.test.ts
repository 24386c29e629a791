import {
  FAILURES_TO_OPEN,
  FIRST_LOOK_MS,
  LONGEST_LOOK_MS,
  LONGEST_REST_MS,
  RemoteBreaker,
} from '../../../../src/serving/backends/remote-breaker';

function broken(): RemoteBreaker {
  const breaker = new RemoteBreaker();
  for (let failure = 1; failure <= FAILURES_TO_OPEN; failure += 1)
    expect(breaker.failed('free', 'It broke.')).toBe(failure === FAILURES_TO_OPEN);
  return breaker;
}

test('failures in a row end the calls, and an answer between them does not', () => {
  const breaker = new RemoteBreaker();
  for (let round = 0; round < 5; round += 1) {
    for (let failure = 1; failure < FAILURES_TO_OPEN; failure += 1) breaker.failed('free', 'It broke.');
    breaker.succeeded('free');
  }
  expect(breaker.admit()).toBe('free');
  expect(broken().admit()).toBeNull();
});

test('once it says that it is ready, one call tries it, and nobody else until that has ended', () => {
  const breaker = broken();
  breaker.isBack();
  expect([breaker.admit(), breaker.admit()]).toEqual(['trial', null]);
  breaker.gaveUp('trial');
  expect(breaker.admit()).toBe('trial');
  breaker.succeeded('trial');
  expect([breaker.state, breaker.reason, breaker.admit()]).toEqual(['READY', null, 'free']);
});

test('what was asked before it went away says nothing of what is now', () => {
  const breaker = broken();
  breaker.succeeded('free');
  expect(breaker.state).toBe('DOWN');
  breaker.isBack();
  expect(breaker.failed('free', 'Late.')).toBe(false);
  expect(breaker.state).toBe('ON_TRIAL');
});

test('it is looked at soon, then less often; one that says that it is ready and fails is left alone for longer', () => {
  const breaker = broken();
  const looks = Array.from({ length: 5 }, () => breaker.nextLookMs());
  expect(looks[0]).toBe(FIRST_LOOK_MS);
  expect(looks.at(-1)).toBe(LONGEST_LOOK_MS);
  const rests = Array.from({ length: 10 }, () => {
    breaker.isBack();
    expect(breaker.failed(breaker.admit() ?? 'free', 'Again.')).toBe(true);
    return breaker.nextLookMs();
  });
  expect(rests).toEqual([...rests].sort((one, other) => one - other));
  expect(rests.at(-1)).toBe(LONGEST_REST_MS);
});

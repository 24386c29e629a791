import { refuse } from '../../../../src/kernel/errors';
import type { PredictResult, PredictSuccess } from '../../../../src/serving/predictions/prediction';
import {
  FIRST_REST_MS,
  LONGEST_REST_MS,
  MAX_FAILURES,
  VariantHealth,
} from '../../../../src/serving/routing/variant-health';
import type { UnavailableReason } from '../../../../src/serving/execution/worker-unavailable';

const ANSWER = { ok: true, cached: false } as PredictSuccess;
const failed = (reason: UnavailableReason = 'crashed'): PredictResult =>
  refuse({
    kind: 'UnavailableError',
    code: 'UNAVAILABLE',
    message: `It ${reason}.`,
    reason,
    retryable: true,
  });

let nowMs: number;
let health: VariantHealth;
beforeEach(() => {
  nowMs = 1_000;
  health = new VariantHealth(nowMs);
});
const ask = (result: PredictResult) => health.learn(health.begin(nowMs), result, nowMs);
const times = (count: number, work: () => void) => Array.from({ length: count }).forEach(work);
const breakIt = () => times(MAX_FAILURES, () => ask(failed()));

test('failures in a row end its traffic, with the reason', () => {
  times(MAX_FAILURES - 1, () => ask(failed()));
  expect(health.mayTry(nowMs)).toBe(true);
  ask(failed('timeout'));
  expect(health.mayTry(nowMs)).toBe(false);
  expect(health.status(nowMs)).toEqual({
    state: 'RESTING',
    reason: 'It timeout.',
    since: new Date(performance.timeOrigin + nowMs),
  });
});

test('an answer in between begins the count anew', () => {
  times(3, () => {
    times(MAX_FAILURES - 1, () => ask(failed()));
    ask(ANSWER);
  });
  expect(health.status(nowMs)).toMatchObject({ state: 'HEALTHY', reason: null });
});

test.each<UnavailableReason>(['deadline', 'cancelled', 'busy', 'stopped'])(
  'what is no fault of the variant (%s) counts for nothing',
  (reason) => {
    times(MAX_FAILURES * 2, () => ask(failed(reason)));
    expect(health.isHealthy).toBe(true);
  },
);

test('a remembered answer is no proof of life', () => {
  times(MAX_FAILURES - 1, () => ask(failed()));
  ask({ ...ANSWER, cached: true });
  ask(failed());
  expect(health.isHealthy).toBe(false);
});

test('after its rest one prediction at a time tries it, and an answer brings all traffic back', () => {
  breakIt();
  nowMs += FIRST_REST_MS;
  expect(health.status(nowMs).state).toBe('ON_TRIAL');
  expect(health.mayTry(nowMs)).toBe(true);
  const era = health.begin(nowMs);
  expect(health.mayTry(nowMs)).toBe(false);
  health.learn(era, ANSWER, nowMs);
  expect(health.mayTry(nowMs)).toBe(true);
  expect(health.status(nowMs)).toMatchObject({ state: 'HEALTHY', reason: null });
});

test('each trial that fails doubles the rest, up to a minute', () => {
  breakIt();
  for (const restMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, LONGEST_REST_MS, LONGEST_REST_MS]) {
    nowMs += restMs - 1;
    expect(health.mayTry(nowMs)).toBe(false);
    nowMs += 1;
    expect(health.mayTry(nowMs)).toBe(true);
    ask(failed());
  }
});

test('a trial that nothing comes of is followed by another', () => {
  breakIt();
  nowMs += FIRST_REST_MS;
  ask(failed('deadline'));
  expect(health.mayTry(nowMs)).toBe(false);
  nowMs += FIRST_REST_MS;
  expect(health.mayTry(nowMs)).toBe(true);
});

test('what was asked before its traffic ended says nothing afterwards', () => {
  const eras = Array.from({ length: 100 }, () => health.begin(nowMs));
  for (const era of eras) health.learn(era, failed(), nowMs);
  nowMs += FIRST_REST_MS;
  expect(health.mayTry(nowMs)).toBe(true); // doubled 95 times it would not
  const late = health.begin(nowMs);
  health.learn(eras[0] ?? NaN, ANSWER, nowMs);
  expect(health.isHealthy).toBe(false);
  health.learn(late, ANSWER, nowMs);
  expect(health.isHealthy).toBe(true);
});

test('it says since when: through failed trials since the traffic ended', () => {
  breakIt();
  const { since } = health.status(nowMs);
  nowMs += FIRST_REST_MS;
  ask(failed());
  expect(health.status(nowMs)).toMatchObject({ state: 'RESTING', since });
});

test.each<[string, PredictResult]>([
  ['a remembered answer', { ...ANSWER, cached: true }],
  [
    'a wrong question',
    refuse({ kind: 'InvalidInputError', code: 'INVALID_INPUT', message: 'x', issues: [] }),
  ],
  ['a caller who leaves', failed('cancelled')],
])('%s is no trial: the next prediction is', (_, result) => {
  breakIt();
  nowMs += FIRST_REST_MS;
  ask(result);
  expect(health.isHealthy).toBe(false);
  expect(health.mayTry(nowMs)).toBe(true);
  ask(ANSWER);
  expect(health.isHealthy).toBe(true);
});

test('a trial that was too slow is over: nobody tries for the time of a rest', () => {
  breakIt();
  nowMs += FIRST_REST_MS;
  ask(failed('deadline'));
  expect(health.mayTry(nowMs + FIRST_REST_MS - 1)).toBe(false);
  expect(health.mayTry(nowMs + FIRST_REST_MS)).toBe(true);
});

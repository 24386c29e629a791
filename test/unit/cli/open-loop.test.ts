import { arrivals } from '../../../src/cli/bench/arrivals';
import { latenciesOf } from '../../../src/cli/bench/latencies';
import { Measurement, NOT_SENT, type Outcome } from '../../../src/cli/bench/measurement';
import { runOpenLoop } from '../../../src/cli/bench/open-loop';

const DURATION_MS = 1_000;
const ANSWERED: Outcome = { code: null };

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** 100 requests in a second to a server that takes so long. */
async function measure(
  answerAfterMs: (elapsedMs: number) => number,
  { maxInFlight = 1_000, stop = new AbortController() } = {},
): Promise<Measurement> {
  const measurement = new Measurement();
  const startedAt = performance.now();
  const send = () =>
    new Promise<Outcome>((resolve) =>
      setTimeout(() => resolve(ANSWERED), answerAfterMs(performance.now() - startedAt)),
    );
  const plan = arrivals(100, 100, DURATION_MS);
  const common = { durationMs: DURATION_MS, maxInFlight, send, measurement, stop: stop.signal };
  const done = runOpenLoop({ ...common, arrivals: plan });
  await jest.advanceTimersByTimeAsync(20 * DURATION_MS);
  await done;
  return measurement;
}

test('every request is sent when it is due, however long those before it take', async () => {
  const measurement = await measure(() => 300);
  expect(measurement).toMatchObject({ answered: 100, failed: 0 });
  expect(measurement.delays.max).toBeLessThan(2_000); // µs
  expect(latenciesOf(measurement.latencies)).toMatchObject({ p50: expect.closeTo(300, -1) });
});

test('a stall is seen by all who would have come meanwhile, though few requests were under way', async () => {
  // One at a time; one of them takes half a second, all others a millisecond.
  const measurement = await measure((elapsedMs) => (elapsedMs < 1 ? 500 : 1), { maxInFlight: 1 });
  const { p50 = 0, max = 0 } = latenciesOf(measurement.latencies) ?? {};
  expect(measurement).toMatchObject({ answered: 100, failed: 0 });
  expect(max).toBeGreaterThanOrEqual(500);
  // 50 of the 100 were due in the stall, and waited for its end: 500 ms the first, 0 the last.
  const mean = measurement.latencies.mean / 1000;
  expect(mean).toBeGreaterThan(100);
  expect(p50).toBeGreaterThan(1);
});

test('what a stalled server leaves no room for is counted as not sent, and why', async () => {
  const measurement = await measure(() => 5 * DURATION_MS, { maxInFlight: 10 });
  expect(measurement.answered).toBe(10);
  expect(measurement.errors.get(NOT_SENT)).toEqual({
    count: 90,
    message: expect.stringContaining('10 requests were waiting'),
  });
});

test('whoever stops it gets what was measured until then, and no errors for the rest', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 200);
  const measurement = await measure(() => 1, { stop });
  expect(measurement.failed).toBe(0);
  expect(measurement.answered).toBeGreaterThan(15);
  expect(measurement.answered).toBeLessThan(25);
});

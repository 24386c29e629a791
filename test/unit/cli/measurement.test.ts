import { curveOf, latenciesOf } from '../../../src/cli/bench/latencies';
import { Measurement, TIMED_OUT } from '../../../src/cli/bench/measurement';
import { maxErrorsOf, verdictOn } from '../../../src/cli/bench/verdict';

const measured = (latenciesMs: readonly number[]) => {
  const measurement = new Measurement();
  for (const ms of latenciesMs) measurement.record({ code: null }, 0, 0, ms);
  return measurement;
};
const oneTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test('percentiles are those of the sorted latencies, to three figures', () => {
  const told = latenciesOf(measured(oneTo(1_000)).latencies);
  const near = (ms: number) => expect.closeTo(ms, -0.5) as number;
  expect(told).toEqual({
    ...{ p50: near(500), p90: near(900), p95: near(950), p99: near(990), 'p99.9': near(999) },
    ...{ max: near(1_000), mean: near(500.5) },
  });
});

test('the curve goes from the fastest to the slowest, over as many nines as there are answers for', () => {
  const curve = curveOf(measured(oneTo(1_000)).latencies, 4);
  expect(curve.map(Math.round)).toEqual([1, 900, 990, 999]);
});

test('a latency counts from when the request was due, and its delay is told too', () => {
  const measurement = new Measurement();
  measurement.record({ code: null }, 100, 150, 160);
  expect(Math.round(measurement.latencies.max / 1000)).toBe(60);
  expect(Math.round(measurement.delays.max / 1000)).toBe(50);
});

test('a request that timed out has waited as long; one that was refused at once makes nothing look fast', () => {
  const measurement = new Measurement();
  measurement.record({ code: TIMED_OUT }, 0, 0, 10_000);
  measurement.record({ code: 'OVERLOADED', message: 'Later.' }, 0, 0, 1);
  expect(measurement.latencies.count).toBe(1);
  expect(measurement.latencies.min).toBeGreaterThan(9_000_000);
  expect(measurement).toMatchObject({ answered: 0, failed: 2 });
});

test('errors are counted by code, of which a server can make any number', () => {
  const measurement = new Measurement();
  for (const at of oneTo(1_000)) measurement.record({ code: `E${at}`, message: 'new' }, 0, 0, 1);
  measurement.record({ code: 'E1' }, 0, 0, 1);
  expect(measurement.errors.get('E1')).toEqual({ count: 2, message: 'new' });
  expect(measurement.errors.size).toBeLessThan(30);
  expect(measurement.failed).toBe(1_001);
});

const stage = (measurement: Measurement) => [{ load: { kind: 'closed', callers: 1 } as const, measurement }];

test.each([
  ['0', null, false],
  ['1', null, true],
  ['0.5%', null, false],
  ['1%', null, true],
  ['1', 50, false],
  ['1', 100, true],
])(
  'with --max-errors %s and --max-p99 %s, 1 error of 100 and a p99 near 99 ms: %s',
  (errors, maxP99Ms, held) => {
    const measurement = measured(oneTo(99));
    measurement.record({ code: 'OVERLOADED' }, 0, 0, 1);
    const verdict = verdictOn(stage(measurement), { maxErrors: maxErrorsOf(errors), maxP99Ms });
    expect(verdict.held).toBe(held);
    expect(verdict.broken).toHaveLength(held ? 0 : 1);
  },
);

test('where nothing was answered, nothing holds', () => {
  const verdict = verdictOn(stage(new Measurement()), { maxErrors: { share: 1 }, maxP99Ms: null });
  expect(verdict).toEqual({ held: false, broken: ['Nothing was answered.'] });
});

import { SampleGate } from '../../../src/monitoring/sample-gate';

/** Predictions at even steps for so many seconds: the times at which one was let through. */
function admitted(gate: SampleGate, perSecond: number, seconds: number): number[] {
  const times = Array.from({ length: perSecond * seconds }, (_, at) => (at * 1000) / perSecond);
  return times.filter((nowMs) => gate.admits(nowMs));
}

test('all pass where there are fewer than the limit, bursts of a tenth of it included', () => {
  const gate = new SampleGate({ sampleRate: 1, maxPerSecond: 1_000 }, 0);
  expect(admitted(gate, 1_000, 5)).toHaveLength(5_000);
  for (let burst = 0; burst < 100; burst += 1) expect(gate.admits(6_000)).toBe(true);
  expect(gate.admits(6_000)).toBe(false);
});

test('of more than the limit so many pass, spread over the second', () => {
  const gate = new SampleGate({ sampleRate: 1, maxPerSecond: 10 }, 0);
  const times = admitted(gate, 1_000, 10);
  expect(times.length).toBeGreaterThanOrEqual(99);
  expect(times.length).toBeLessThanOrEqual(101);
  const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(101);
});

test('the rate decides by chance, before the limit', () => {
  let turn = 0;
  const everyFourth = () => ((turn += 1) % 4 === 0 ? 0.1 : 0.9);
  const gate = new SampleGate({ sampleRate: 0.25, maxPerSecond: 1_000 }, 0, everyFourth);
  expect(admitted(gate, 400, 1)).toHaveLength(100);
});

test('a clock that was set back stops nothing', () => {
  const gate = new SampleGate({ sampleRate: 1, maxPerSecond: 10 }, 10_000);
  expect(gate.admits(10_000)).toBe(true);
  expect(gate.admits(0)).toBe(false);
  expect(gate.admits(200)).toBe(true);
});

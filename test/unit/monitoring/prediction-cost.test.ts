import { hasPrice, predictionCost } from '../../../src/monitoring/prediction-cost';
import { LatencyStats } from '../../../src/monitoring/latency-stats';
import { nothingSpent, type Spent } from '../../../src/monitoring/spent-time';
import type { Observation } from '../../../src/serving/serving';

const HOUR_MS = 3_600_000;
const EUR = { processor: 2, accelerator: 30, remote: null, currency: 'EUR' };
const span = ({ accounted = 1_000, ...spent }: Partial<Spent> & { accounted?: number } = {}) => ({
  accounted,
  spent: { ...nothingSpent(), ...spent },
});
const hours = (busy: number, paid = busy) => ({ busyMs: busy * HOUR_MS, paidMs: paid * HOUR_MS });

test('the cost of a thousand predictions is that of the worker time they took', () => {
  expect(predictionCost(span({ processor: hours(0.25, 1) }), EUR)).toEqual({
    busyPerThousand: 0.5,
    fullPerThousand: 2,
    currency: 'EUR',
  });
});

test('each hour has the price of what it was spent on', () => {
  const mixed = span({ processor: hours(0.5, 1), accelerator: hours(0.1, 0.2), remote: hours(3) });
  expect(predictionCost(mixed, EUR)).toMatchObject({ busyPerThousand: 4, fullPerThousand: 8 });
  expect(predictionCost(mixed, { ...EUR, remote: 1 })).toMatchObject({
    busyPerThousand: 7,
    fullPerThousand: 11,
  });
});

test('only answered predictions are counted: refusals make the others dearer', () => {
  const stats = new LatencyStats();
  const answer = { error: null, cached: false, batchSize: 1, closed: null, ranOn: null, parseMs: null };
  const refusal = { error: 'NOT_FOUND' };
  const timing = { totalMs: 1, queueMs: 1, computeMs: 1 };
  for (const more of [{ ...answer, busyMs: 3_600 }, refusal])
    stats.record({ timing, ...more } as Observation);
  expect(predictionCost(stats, EUR)?.busyPerThousand).toBe(2);
});

test('without a price of what has answered, or without an answer, there is no cost', () => {
  expect(predictionCost(span(), null)).toBeNull();
  const remote = span({ remote: hours(1) });
  expect(predictionCost(remote, EUR)).toBeNull();
  expect(predictionCost(remote, { ...EUR, remote: 0.5 })).toMatchObject({ busyPerThousand: 0.5 });
  const both = span({ processor: hours(1), remote: hours(1) });
  expect(predictionCost(both, EUR)?.fullPerThousand).toBe(2);
  expect(predictionCost(span({ accounted: 0 }), EUR)).toBeNull();
  expect(predictionCost(span(), { ...EUR, processor: 0 })).toMatchObject({ busyPerThousand: 0 });
});

test('a price of the one kind of workers is none of the other', () => {
  const onlyGpu = { ...EUR, processor: null };
  const used = [span({ processor: hours(1) }), span({ accelerator: hours(1) }), span()];
  expect(used.map(({ spent }) => hasPrice(spent, onlyGpu))).toEqual([false, true, true]);
});

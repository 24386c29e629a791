import { predictionCost } from '../../../src/monitoring/prediction-cost';

const HOUR_MS = 3_600_000;
const EUR = { perHour: 2, currency: 'EUR' };
const span = (more = {}) => ({ requests: 1_000, errorRate: 0, busyMs: 0, paidMs: 0, ranOn: [], ...more });

test('the cost of a thousand predictions is that of the worker time they took', () => {
  expect(predictionCost(span({ busyMs: HOUR_MS / 4, paidMs: HOUR_MS }), EUR)).toEqual({
    busyPerThousand: 0.5,
    fullPerThousand: 2,
    currency: 'EUR',
  });
});

test('only answered predictions are counted: refusals make the others dearer', () => {
  const cost = predictionCost(span({ requests: 4_000, errorRate: 0.5, busyMs: HOUR_MS }), EUR);
  expect(cost?.busyPerThousand).toBe(1);
});

test('without a price, or without an answer, there is no cost', () => {
  expect(predictionCost(span(), null)).toBeNull();
  const elsewhere = [{ backend: 'open-inference', provider: null }];
  expect(predictionCost(span({ ranOn: elsewhere }), EUR)).toBeNull(); // it took none of our workers
  const both = [...elsewhere, { backend: 'onnx', provider: 'cpu' }];
  expect(predictionCost(span({ ranOn: both, paidMs: HOUR_MS }), EUR)?.fullPerThousand).toBe(2);
  expect(predictionCost(span({ errorRate: 1 }), EUR)).toBeNull();
  expect(predictionCost(span({ requests: 0 }), EUR)).toBeNull();
  expect(predictionCost(span(), { perHour: 0, currency: null })).toMatchObject({ busyPerThousand: 0 });
});

import { hasPrice, predictionCost } from '../../../src/monitoring/prediction-cost';
import { nothingSpent } from '../../../src/monitoring/spent-time';

const HOUR_MS = 3_600_000;
const EUR = { processor: 2, accelerator: 30, remote: null, currency: 'EUR' };
const ON_CPU = { backend: 'onnx', provider: 'cpu' };
const ON_GPU = { backend: 'onnx', provider: 'cuda' };
const ELSEWHERE = { backend: 'open-inference', provider: null };
type Measured = Parameters<typeof predictionCost>[0];
const span = ({
  spent,
  ...more
}: Partial<Omit<Measured, 'spent'>> & { spent?: Partial<Measured['spent']> } = {}) => ({
  ...{ requests: 1_000, errorRate: 0, ranOn: [] },
  ...more,
  spent: { ...nothingSpent(), ...spent },
});
const hours = (busy: number, paid = busy) => ({ busyMs: busy * HOUR_MS, paidMs: paid * HOUR_MS });

test('the cost of a thousand predictions is that of the worker time they took', () => {
  expect(predictionCost(span({ spent: { processor: hours(0.25, 1) } }), EUR)).toEqual({
    busyPerThousand: 0.5,
    fullPerThousand: 2,
    currency: 'EUR',
  });
});

test('each hour has the price of what it was spent on', () => {
  const spent = { processor: hours(0.5, 1), accelerator: hours(0.1, 0.2), remote: hours(3) };
  const mixed = span({ spent, ranOn: [ON_CPU, ON_GPU, ELSEWHERE] });
  expect(predictionCost(mixed, EUR)).toMatchObject({ busyPerThousand: 4, fullPerThousand: 8 });
  expect(predictionCost(mixed, { ...EUR, remote: 1 })).toMatchObject({
    busyPerThousand: 7,
    fullPerThousand: 11,
  });
});

test('only answered predictions are counted: refusals make the others dearer', () => {
  const cost = predictionCost(span({ requests: 4_000, errorRate: 0.5, spent: { processor: hours(1) } }), EUR);
  expect(cost?.busyPerThousand).toBe(1);
});

test('without a price of what has answered, or without an answer, there is no cost', () => {
  expect(predictionCost(span(), null)).toBeNull();
  const remote = span({ ranOn: [ELSEWHERE], spent: { remote: hours(1) } });
  expect(predictionCost(remote, EUR)).toBeNull();
  expect(predictionCost(remote, { ...EUR, remote: 0.5 })).toMatchObject({ busyPerThousand: 0.5 });
  const both = span({ ranOn: [ELSEWHERE, ON_CPU], spent: { processor: hours(1), remote: hours(1) } });
  expect(predictionCost(both, EUR)?.fullPerThousand).toBe(2);
  expect(predictionCost(span({ errorRate: 1 }), EUR)).toBeNull();
  expect(predictionCost(span({ requests: 0 }), EUR)).toBeNull();
  expect(predictionCost(span(), { ...EUR, processor: 0 })).toMatchObject({ busyPerThousand: 0 });
});

test('a price of the one kind of workers is none of the other', () => {
  const onlyGpu = { ...EUR, processor: null };
  expect([[ON_CPU], [ON_GPU], []].map((ranOn) => hasPrice(ranOn, onlyGpu))).toEqual([false, true, true]);
});

import { RegistryClient, scaled } from '../support/registry-client';
import { RoutingClient } from '../support/routing-client';
import { predict } from '../support/serving-client';
import { stopIntervals } from '../support/still-intervals';
import { startTestServer, type TestServer } from '../support/test-server';

const QUESTION = {
  endpoint: 'shared',
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }],
};
const ROUNDS = 30;

let first: TestServer;
let second: TestServer;
beforeAll(async () => {
  stopIntervals(); // nobody reads without being woken
  first = await startTestServer();
  const registry = new RegistryClient(first);
  await registry.version('scale', scaled(2));
  await registry.version('scale', scaled(3));
  const variants = [
    { name: 'old', ref: 'scale@1.0.0', weight: 1 },
    { name: 'new', ref: 'scale@1.0.1', weight: 1 },
  ];
  await new RoutingClient(first).deploy('shared', variants, {
    strategy: { kind: 'EPSILON_GREEDY', epsilon: 0 },
  });
  second = await first.twin();
});
afterAll(async () => {
  await second.stop();
  await first.stop();
  jest.useRealTimers();
});

const askTimes = (server: TestServer, count: number) =>
  Promise.all(Array.from({ length: count }, () => predict(server, QUESTION)));

test('feedback that one server records, to predictions of another, is obeyed by both, which are woken for it', async () => {
  const answers = await askTimes(second, 100);
  const { results } = await new RoutingClient(first).recordFeedbackMany(
    answers.map(({ predictionId, variant }) => ({ predictionId, reward: variant === 'new' ? 1 : 0 })),
  );
  expect(results.every(({ created }) => created)).toBe(true);
  for (const server of [first, second]) {
    for (;;) {
      const variants = (await askTimes(server, ROUNDS)).map(({ variant }) => variant);
      if (variants.every((variant) => variant === 'new')) break;
    }
  }
});

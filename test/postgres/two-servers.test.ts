import { affine } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';

let first: TestServer;
let second: TestServer;
beforeAll(async () => {
  first = await startTestServer();
  second = await first.twin();
});
afterAll(async () => {
  await second.stop();
  await first.stop();
});

test('what is logged through one server arrives at a subscriber of the other, NaN as it is', async () => {
  const runId = await new TrackingClient(first).newRun();
  const events = second.subscribe(
    `subscription ($runId: ID!) { runMetrics(runId: $runId) { __typename
       ... on RunMetricsAppended { series { key values } } } }`,
    { runId },
  );
  expect((await events.next()).value).toMatchObject({
    data: { runMetrics: { __typename: 'RunMetricsSnapshot' } },
  });
  await new TrackingClient(first).logMetrics({ runId, points: [{ key: 'loss', value: 'NaN' }] });
  expect((await events.next()).value).toEqual({
    data: { runMetrics: { __typename: 'RunMetricsAppended', series: [{ key: 'loss', values: ['NaN'] }] } },
  });
  await events.return(undefined);
});

test('an endpoint deployed through one server answers at the other within a second', async () => {
  const registry = new RegistryClient(first);
  await registry.promote(await registry.version('affine', affine()), 'production');
  await deployEndpoint(first, 'shared', [{ ref: 'affine', weight: 1 }]);
  const deployedAt = performance.now();
  const question = {
    endpoint: 'shared',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 30], data: new Array(30).fill(0) }],
  };
  let answer = await predict(second, question);
  while (answer.__typename === 'NotFoundError') answer = await predict(second, question);
  expect(answer).toMatchObject({ __typename: 'PredictSuccess' });
  expect(performance.now() - deployedAt).toBeLessThan(1_000);
});

test('predictions of one server arrive at a subscriber of the other, in the same windows', async () => {
  const registry = new RegistryClient(first);
  await registry.promote(await registry.version('watched', affine(30, 2)), 'production');
  await deployEndpoint(first, 'watched', [{ ref: 'watched', weight: 1 }]);
  type Window = { from: string; to: string; total: { requestsPerSecond: number } };
  const events = second.subscribe<{ endpointLatency: { window?: Window } }>(
    `subscription { endpointLatency(endpoint: "watched") { __typename
       ... on EndpointLatencyAppended { window { from to total { requestsPerSecond } } } } }`,
  );
  expect((await events.next()).value).toMatchObject({
    data: { endpointLatency: { __typename: 'EndpointLatencySnapshot' } },
  });
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 30], data: new Array(30).fill(0) }];
  for (let call = 0; call < 10; call += 1) await predict(first, { endpoint: 'watched', inputs });
  let counted = 0;
  while (counted < 10) {
    const window = (await events.next()).value?.data.endpointLatency.window;
    if (!window) continue;
    const seconds = (Date.parse(window.to) - Date.parse(window.from)) / 1_000;
    counted += Math.round(window.total.requestsPerSecond * seconds);
  }
  expect(counted).toBe(10);
  await events.return(undefined);
});

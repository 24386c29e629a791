import { affine } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type Answer, type TestServer } from '../support/test-server';

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
  const start =
    'mutation { startRun(input: { experiment: "shared" }) { ... on StartRunSuccess { run { id } } } }';
  const runId = (await first.data(start)).startRun.run.id as string;
  const events = second.subscribe(
    `subscription ($runId: ID!) { runMetrics(runId: $runId) { __typename
       ... on RunMetricsAppended { series { key values } } } }`,
    { runId },
  );
  expect((await events.next()).value).toMatchObject({
    data: { runMetrics: { __typename: 'RunMetricsSnapshot' } },
  });
  const log = 'mutation ($input: LogMetricsInput!) { logMetrics(input: $input) { __typename } }';
  await first.data(log, { input: { runId, points: [{ key: 'loss', value: 'NaN' }] } });
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
  const events = second.subscribe(
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
    const { data } = (await events.next()).value as Answer;
    const window = data.endpointLatency.window as {
      from: string;
      to: string;
      total: { requestsPerSecond: number };
    } | null;
    if (!window) continue;
    const seconds = (Date.parse(window.to) - Date.parse(window.from)) / 1_000;
    counted += Math.round(window.total.requestsPerSecond * seconds);
  }
  expect(counted).toBe(10);
  await events.return(undefined);
});

import { MlflowClient } from '../support/mlflow-client';
import { affine } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { RoutingClient } from '../support/routing-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { stopIntervals } from '../support/still-intervals';
import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';
import { until } from '../support/until';

const questionTo = (endpoint: string) => ({
  endpoint,
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 30], data: new Array(30).fill(0) }],
});

let first: TestServer;
let second: TestServer;
beforeAll(async () => {
  stopIntervals(); // nobody looks without being woken
  first = await startTestServer();
  second = await first.twin();
});
afterAll(async () => {
  await second.stop();
  await first.stop();
  jest.useRealTimers();
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

test('runs that start and end through both servers at once are all told to a subscriber of one', async () => {
  const clients = [new TrackingClient(first), new TrackingClient(second)];
  const { experiment } = await new TrackingClient(first).createExperiment({ name: 'shared' });
  type Change = { readonly runId: string; readonly kinds: readonly string[] };
  const events = second.subscribe<{ experimentRuns: { changes?: readonly Change[] } }>(
    `subscription ($id: ID!) { experimentRuns(experimentId: $id) { __typename
       ... on ExperimentRunsChanged { changes { runId kinds } } } }`,
    { id: experiment.id },
  );
  await events.next();
  const working = Promise.all(
    Array.from({ length: 60 }, async (_, at) => {
      const client = clients[at % 2] as TrackingClient;
      const runId = await client.newRun({ experiment: 'shared' });
      await client.finishRun({ runId, status: at % 3 === 0 ? 'FAILED' : 'FINISHED' });
      return runId;
    }),
  );
  const told = new Map<string, string[]>();
  const hasEnded = (kinds: readonly string[]) => kinds.includes('FAILED') || kinds.includes('FINISHED');
  while ([...told.values()].filter(hasEnded).length < 60) {
    for (const { runId, kinds } of (await events.next()).value?.data.experimentRuns.changes ?? [])
      told.set(runId, [...(told.get(runId) ?? []), ...kinds]);
  }
  const ends = (await working).map((runId, at) => [runId, ['STARTED', at % 3 === 0 ? 'FAILED' : 'FINISHED']]);
  expect(new Map(told)).toEqual(new Map(ends as [string, string[]][]));
  await events.return(undefined);
});

test('points wait for nobody who starts or ends runs in their experiment', async () => {
  const tracking = new TrackingClient(second);
  const runId = await tracking.newRun({ experiment: 'undisturbed' });
  await first.database.transaction(async (tx) => {
    await tx.query(
      `SELECT f.seq FROM experiment_feed f JOIN experiment e ON e.id = f.experiment_id
       WHERE e.name = 'undisturbed' FOR UPDATE OF f`,
    );
    expect(await tracking.logMetrics({ runId, points: [{ key: 'm', value: 1 }] })).toMatchObject({
      __typename: 'LogSuccess',
    });
    expect(await tracking.logMetrics({ runId, points: [{ key: 'm', value: 2, step: 1 }] })).toMatchObject({
      __typename: 'LogSuccess',
    });
  });
});

test('an endpoint deployed through one server answers at the other, which is woken for it, until it is deleted', async () => {
  const registry = new RegistryClient(first);
  await registry.promote(await registry.version('affine', affine()), 'production');
  await deployEndpoint(first, 'shared', [{ ref: 'affine', weight: 1 }]);
  const question = questionTo('shared');
  let answer = await predict(second, question);
  while (answer.__typename === 'NotFoundError') answer = await predict(second, question);
  expect(answer).toMatchObject({ __typename: 'PredictSuccess' });
  await first.data('mutation { deleteEndpoint(input: { name: "shared" }) { __typename } }');
  await until(async () => (await predict(second, question)).__typename === 'NotFoundError');
});

test('a split that is set through one server is obeyed by the other within a second', async () => {
  const registry = new RegistryClient(first);
  const [one, two] = [
    await registry.version('halves', affine()),
    await registry.version('halves', affine(30, 2)),
  ];
  const split = (weight: number) => [
    { name: 'one', ref: one, weight: 1 - weight },
    { name: 'two', ref: two, weight },
  ];
  const routing = new RoutingClient(first);
  await routing.deploy('halves', split(0));
  await until(async () => (await predict(second, questionTo('halves'))).variant === 'one');
  for (const [weight, variant] of [
    [1, 'two'],
    [0, 'one'],
    [1, 'two'],
  ] as const) {
    expect(await routing.split('halves', split(weight))).toMatchObject({
      __typename: 'SetTrafficSplitSuccess',
    });
    const setAt = performance.now();
    await until(async () => (await predict(second, questionTo('halves'))).variant === variant);
    expect(performance.now() - setAt).toBeLessThan(1_000);
  }
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
  for (let call = 0; call < 10; call += 1) await predict(first, questionTo('watched'));
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

test('parts of a file that came through both servers are one file, whichever is told that they are all', async () => {
  const [one, other] = [new MlflowClient(first), new MlflowClient(second)];
  const folder = (await one.run('0')).info.artifact_uri.replace('mlflow-artifacts:/', '');
  const address = (what: string) => `/api/2.0/mlflow-artifacts/mpu/${what}/${folder}`;
  const asked = JSON.stringify({ path: 'shared.bin', num_parts: 2 });
  const { body } = await one.raw('POST', address('create'), asked);
  const etags = await Promise.all(
    [first, second].map(async ({ url }, index) => {
      const part = `${url}/api/2.0/mlflow-artifacts/mpu/parts/${String(body.upload_id)}/${index + 1}`;
      const { search } = new URL((body.credentials as { url: string }[])[index]?.url ?? '');
      const sent = await fetch(`${part}${search}`, { method: 'PUT', body: `part ${index + 1};` });
      return sent.headers.get('etag');
    }),
  );
  const parts = etags.map((etag, index) => ({ part_number: index + 1, etag }));
  const whole = JSON.stringify({ path: 'shared.bin', upload_id: body.upload_id, parts });
  expect((await other.raw('POST', address('complete'), whole)).status).toBe(200);
  const file = await fetch(`${first.url}/api/2.0/mlflow-artifacts/artifacts/${folder}/shared.bin`, {
    headers: first.headers,
  });
  expect(await file.text()).toBe('part 1;part 2;');
});

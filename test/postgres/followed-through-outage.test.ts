import { FreezableProxy } from '../support/freezable-proxy';
import { affine } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';

const ROW = Array.from({ length: 30 }, (_, index) => index / 8);
const QUESTION = { endpoint: 'scores', inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 30], data: ROW }] };

/** Reaches the database as ever. */
let near: TestServer;
/** Reaches it by a way that is cut. */
let far: TestServer;
let proxy: FreezableProxy;
let tracking: TrackingClient;
beforeAll(async () => {
  near = await startTestServer();
  const { databaseUrl, storeFolder, adminKeyFile } = near.config;
  const url = new URL(databaseUrl ?? '');
  proxy = await FreezableProxy.to(url.hostname, Number(url.port || 5432));
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  const shared = { MODEL_STORE: storeFolder, ADMIN_KEY_FILE: adminKeyFile };
  far = await startTestServer(shared, () => Promise.resolve(url));
  tracking = new TrackingClient(near);
  const registry = new RegistryClient(near);
  await registry.promote(await registry.version('affine', affine()), 'production');
  await deployEndpoint(near, 'scores', [{ ref: 'affine', weight: 1 }]);
});
afterAll(async () => {
  proxy.close();
  await far.stop();
  await near.stop();
});

/** The events of the server that loses the database, each of which must be whole. */
function follow<Event>(field: string, query: string, variables: Record<string, unknown> = {}) {
  const events = far.subscribe<Readonly<Record<string, Event>>>(query, variables);
  return {
    async next(): Promise<Event> {
      const { value, done } = await events.next();
      if (done) throw new Error(`${field} has completed.`);
      if (value.errors) throw new Error(`${field}: ${JSON.stringify(value.errors)}`);
      return value.data[field] as Event;
    },
    leave: () => events.return(undefined),
  };
}

async function outage(meanwhile: () => Promise<void>): Promise<void> {
  await proxy.cut();
  while (!(await far.graphql('{ models { nodes { name } } }')).errors);
  await meanwhile();
  await proxy.mend();
}

interface RunMetricsEvent {
  readonly __typename: string;
  readonly series?: readonly { readonly steps: readonly number[] }[];
}
const METRICS = `subscription ($runId: ID!) { runMetrics(runId: $runId) {
  __typename ... on RunMetricsAppended { series { steps } } ... on RunFinished { run { status experiment { name } } } } }`;

interface ExperimentRunsEvent {
  readonly changes: readonly {
    readonly kinds: readonly string[];
    readonly run: { readonly metrics: readonly object[] };
  }[];
}
const RUNS = `subscription ($experimentId: ID!) { experimentRuns(experimentId: $experimentId) {
  ... on ExperimentRunsChanged { changes { runId kinds run { name metrics { key last } } } } } }`;

const log = (runId: string, step: number) =>
  tracking.logMetrics({ runId, points: [{ key: 'loss', step, value: step }] });

test('who follows a run is told all of it, and its end, once the database is back', async () => {
  const runId = await tracking.newRun();
  const events = follow<RunMetricsEvent>('runMetrics', METRICS, { runId });
  expect((await events.next()).__typename).toBe('RunMetricsSnapshot');
  await log(runId, 1);
  expect(await events.next()).toMatchObject({ series: [{ steps: [1] }] });
  await outage(async () => {
    for (const step of [2, 3, 4]) await log(runId, step);
  });
  const heard: number[] = [];
  while (heard.at(-1) !== 4) heard.push(...((await events.next()).series?.[0]?.steps ?? []));
  expect(heard).toEqual([2, 3, 4]);
  await outage(async () => {
    await log(runId, 5);
    await tracking.finishRun({ runId });
  });
  expect(await events.next()).toMatchObject({ series: [{ steps: [5] }] });
  expect(await events.next()).toMatchObject({ __typename: 'RunFinished', run: { status: 'FINISHED' } });
  await expect(events.next()).rejects.toThrow('has completed');
});

test('who follows an experiment is told of each run that has begun and ended meanwhile', async () => {
  const { experiment } = await tracking.createExperiment({ name: 'followed' });
  const ended = await tracking.newRun({ experiment: 'followed' });
  const events = follow<ExperimentRunsEvent>('experimentRuns', RUNS, { experimentId: experiment.id });
  await events.next(); // the snapshot
  let begun = '';
  await outage(async () => {
    begun = await tracking.newRun({ experiment: 'followed', name: 'begun' });
    await log(begun, 7);
    await tracking.finishRun({ runId: ended });
  });
  const heard: ExperimentRunsEvent['changes'][number][] = [];
  while (heard.length < 2) heard.push(...(await events.next()).changes);
  expect(heard).toMatchObject([
    { runId: begun, kinds: ['STARTED'], run: { name: 'begun', metrics: [{ key: 'loss', last: 7 }] } },
    { runId: ended, kinds: ['FINISHED'] },
  ]);
  await events.leave();
});

test('who watches an endpoint stays, too, and sees predictions meanwhile', async () => {
  await predict(far, QUESTION);
  const samples = follow<{ readonly ordinal?: number }>(
    'predictionStream',
    'subscription { predictionStream(endpoint: "scores") { ... on PredictionSample { ordinal } } }',
  );
  const windows = follow<{ readonly window?: { readonly total: { readonly requests: number } } }>(
    'endpointLatency',
    `subscription { endpointLatency(endpoint: "scores") {
       ... on EndpointLatencyAppended { window { total { requests } } } } }`,
  );
  await Promise.all([samples.next(), windows.next()]);
  let requests = 0;
  await outage(async () => {
    await predict(far, QUESTION);
    expect(await samples.next()).toEqual({ ordinal: 1 });
  });
  while (requests === 0) requests = (await windows.next()).window?.total.requests ?? 0;
  await Promise.all([samples.leave(), windows.leave()]);
});

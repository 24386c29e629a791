import { Database } from '../../src/kernel/database/database';
import { DatabaseAway } from '../../src/kernel/database/database-away';
import type { ApiClient } from '../support/api-client';
import { affine } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

const NAMES = Array.from({ length: 30 }, (_, index) => `f${index}`);
const ROW = Object.fromEntries(NAMES.map((name, index) => [name, index]));

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await new RegistryClient(server).version('affine', affine(), { columns: [{ input: 'x', names: NAMES }] });
});
afterAll(() => server.stop());

const SUBSCRIPTION = `subscription ($endpoint: String!, $sampleRate: Float! = 1, $maxPerSecond: Int! = 50, $includeInputs: Boolean! = false) {
  predictionStream(endpoint: $endpoint, sampleRate: $sampleRate, maxPerSecond: $maxPerSecond, includeInputs: $includeInputs) {
    __typename
    ... on PredictionStreamOpened { at sampleRate maxPerSecond }
    ... on PredictionSample { at ordinal predictionId door variant shadow version { ref } error rows batchSize cached
      coalesced parseMs queueMs computeMs totalMs inputs }
  }
}`;

let endpoints = 0;
const MAIN = { name: 'main', ref: 'affine@1.0.0', weight: 1 };
async function newEndpoint(settings?: object, variants: object[] = [MAIN]) {
  const name = `watched-${(endpoints += 1)}`;
  expect((await deployEndpoint(server, name, variants, undefined, settings)).__typename).toBe(
    'DeployEndpointSuccess',
  );
  return name;
}

type Event = Readonly<Record<string, unknown>>;

/** A stream that is open. */
async function watch(endpoint: string, variables: object = {}, from: ApiClient = server) {
  const events = from.subscribe<{ predictionStream: Event }>(SUBSCRIPTION, { endpoint, ...variables });
  const next = async () => {
    const { value } = await events.next();
    if (!value || value.errors) throw new Error(JSON.stringify(value?.errors));
    return value.data.predictionStream;
  };
  const opened = await next();
  expect(opened.__typename).toBe('PredictionStreamOpened');
  return { opened, next, leave: () => events.return(undefined) };
}

test('a prediction is told with what is known of it, and with nothing of what was asked', async () => {
  const endpoint = await newEndpoint();
  const stream = await watch(endpoint);
  expect(stream.opened).toMatchObject({ sampleRate: 1, maxPerSecond: 50 });
  const startedAt = Date.now();
  const { predictionId, timing } = await predict(server, { endpoint, rows: [ROW, ROW] });
  const sample = await stream.next();
  expect(sample).toMatchObject({
    __typename: 'PredictionSample',
    ...{ ordinal: 1, predictionId, door: 'GRAPHQL', variant: 'main', shadow: false },
    ...{
      version: { ref: 'affine@1.0.0' },
      error: null,
      rows: 2,
      batchSize: 2,
      cached: false,
      coalesced: false,
    },
    ...{ ...timing, inputs: null },
  });
  expect(Date.parse(sample.at as string)).toBeGreaterThanOrEqual(startedAt);
  await stream.leave();
});

test('a refused prediction and a remembered one are told as such', async () => {
  const endpoint = await newEndpoint({ cacheTtlMs: 60_000 });
  const stream = await watch(endpoint);
  await predict(server, { endpoint, rows: [{ nonsense: 1 }] });
  await predict(server, { endpoint, rows: [ROW] });
  await predict(server, { endpoint, rows: [ROW] });
  expect([await stream.next(), await stream.next(), await stream.next()]).toMatchObject([
    { ordinal: 1, predictionId: null, error: 'invalid-input', rows: 0, batchSize: 0 },
    { ordinal: 2, error: null, cached: false },
    { ordinal: 3, error: null, cached: true },
  ]);
  await stream.leave();
});

test('the other doors are told apart', async () => {
  const endpoint = await newEndpoint();
  const stream = await watch(endpoint);
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 30], data: NAMES.map((_, at) => at) }];
  const response = await fetch(`${server.url}/v2/models/${endpoint}/infer`, {
    method: 'POST',
    headers: { ...server.headers, 'content-type': 'application/json' },
    body: JSON.stringify({ inputs }),
  });
  expect(response.status).toBe(200);
  expect(await stream.next()).toMatchObject({ door: 'OPEN_INFERENCE_HTTP', rows: 1, error: null });
  await stream.leave();
});

test('of more than may be shown, some are, and the ordinals tell how many were left out', async () => {
  const endpoint = await newEndpoint();
  const stream = await watch(endpoint, { maxPerSecond: 1 });
  let asked = 0;
  /** Asks until the next one is shown. */
  const shown = async (): Promise<number> => {
    let told: Event | undefined;
    const next = stream.next().then((event) => (told = event));
    while (!told) {
      await Promise.all(Array.from({ length: 5 }, () => predict(server, { endpoint, rows: [ROW] })));
      asked += 5;
    }
    return (await next).ordinal as number;
  };
  let [before, last] = [0, await shown()];
  expect(last).toBe(1);
  while (last - before < 2) [before, last] = [last, await shown()];
  expect(last).toBeLessThanOrEqual(asked);
  await stream.leave();
});

test('inputs are shown to those who may deploy, and to nobody else', async () => {
  const endpoint = await newEndpoint();
  const deployer = await watch(endpoint, { includeInputs: true }, await server.as('deployer'));
  await predict(server, { endpoint, rows: [ROW] });
  const { inputs } = await deployer.next();
  expect(JSON.parse(String(inputs))).toEqual([ROW]);
  await deployer.leave();
  for (const role of ['viewer', 'contributor']) {
    const api = await server.as(role);
    const { value } = await api.subscribe(SUBSCRIPTION, { endpoint, includeInputs: true }).next();
    expect(value?.errors).toMatchObject([
      { extensions: { code: 'FORBIDDEN', permission: 'endpoint:inspect' } },
    ]);
    await (await watch(endpoint, {}, api)).leave();
  }
});

test.each<[string, object]>([
  ['an endpoint that is not there', { endpoint: 'nowhere' }],
  ['a rate of nothing', { sampleRate: 0 }],
  ['a rate of more than all', { sampleRate: 1.01 }],
  ['a limit of nothing', { maxPerSecond: 0 }],
  ['a limit that nobody could read', { maxPerSecond: 2_001 }],
])('%s is refused', async (_what, variables) => {
  const endpoint = await newEndpoint();
  const { value } = await server.subscribe(SUBSCRIPTION, { endpoint, ...variables }).next();
  expect(value?.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
});

test('a shadow’s copy is told with the inputs of its original', async () => {
  const shadow = { ...MAIN, name: 'shadow', weight: 0, shadow: true };
  const endpoint = await newEndpoint(undefined, [MAIN, shadow]);
  const stream = await watch(endpoint, { includeInputs: true });
  await predict(server, { endpoint, rows: [ROW] });
  const samples = [await stream.next(), await stream.next()];
  expect(samples.map(({ shadow: isShadow }) => isShadow).sort()).toEqual([false, true]);
  for (const { inputs } of samples) expect(JSON.parse(String(inputs))).toEqual([ROW]);
  await stream.leave();
});

test('while the database is away a sample is told as far as it is known, since nothing of it is kept', async () => {
  const endpoint = await newEndpoint();
  const events = server.subscribe(
    `subscription ($endpoint: String!) { predictionStream(endpoint: $endpoint) {
       ... on PredictionSample { version { aliases { name } } } } }`,
    { endpoint },
  );
  await events.next();
  await predict(server, { endpoint, rows: [ROW] });
  expect((await events.next()).value?.errors).toBeUndefined();
  const away = jest.spyOn(Database.prototype, 'query').mockRejectedValue(new DatabaseAway());
  await predict(server, { endpoint, rows: [ROW] });
  expect((await events.next()).value?.errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE' } }]);
  away.mockRestore();
  await events.return(undefined);
});

import { GrpcClient } from '../support/grpc-client';
import { affine } from '../support/onnx-models';
import { OpenInferenceClient } from '../support/open-inference-client';
import { RegistryClient } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

const NAMES = Array.from({ length: 30 }, (_, index) => `f${index}`);
const X = { name: 'x', datatype: 'FP32', shape: [1, 30], data: NAMES.map((_, index) => index) };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ WORKER_PRICE_PER_HOUR: '3.6', WORKER_PRICE_CURRENCY: 'EUR' });
  const registry = new RegistryClient(server);
  await registry.version('affine', affine(), { columns: [{ input: 'x', names: NAMES }] });
});
let versions = 0;
/** Its reference. */
async function newVersion(): Promise<string> {
  const name = `asked-${(versions += 1)}`;
  await new RegistryClient(server).version(name, affine(30, 10 + versions));
  return `${name}@1.0.0`;
}
afterAll(() => server.stop());

const STAGES = ['parse', 'queue', 'compute', 'encode', 'total'] as const;
const MEASURED = `requests errorRate failures { reason count } cachedShare meanQueueDepth batchSizes { p50 p99 }
  batchesClosed { reason count }
  ${STAGES.map((stage) => `${stage} { p50Ms p90Ms p95Ms p99Ms p999Ms }`).join(' ')}`;
const WINDOW = `{ total { ${MEASURED} ranOn { backend provider } doors { door ${MEASURED} } version { ref }
  cost { busyPerThousand fullPerThousand currency } } variants { variant shadow requests } }`;
const LATENCY = `query ($name: String!, $since: DateTime!) { asked: endpoint(name: $name) {
  latency(since: $since, maxPoints: 1) ${WINDOW} } }`;
const REFERENCE_LATENCY = `query ($name: String!, $since: DateTime!) { asked: modelVersion(ref: $name) {
  latency: referenceLatency(since: $since, maxPoints: 1) ${WINDOW} } }`;

type Quantiles = Readonly<Record<'p50Ms' | 'p999Ms', number | null>>;
interface Measured extends Readonly<Record<(typeof STAGES)[number], Quantiles>> {
  readonly requests: number;
  readonly failures: readonly { readonly reason: string; readonly count: number }[];
  readonly cachedShare: number | null;
  readonly meanQueueDepth: number;
}
interface Window {
  readonly total: Total;
  readonly variants: readonly { readonly variant: string; readonly requests: number }[];
}
interface Total extends Measured {
  readonly doors: readonly (Measured & { readonly door: string })[];
  readonly cost: { readonly busyPerThousand: number; readonly fullPerThousand: number } | null;
}

const SINCE = new Date(Date.now() - 60_000).toISOString();
/** The last minute, once all that was sent is in it. */
async function windowOf(name: string, requests: number, query = LATENCY): Promise<Window> {
  for (;;) {
    const variables = { name, since: SINCE };
    const { asked } = await server.data<{ asked: { latency: Window[] } }>(query, variables);
    const [window] = asked.latency;
    if (window && window.total.requests >= requests) return window;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
const totalOf = async (name: string, requests: number) => (await windowOf(name, requests)).total;

/** One prediction by GraphQL, two over HTTP, three over gRPC, and one by TensorFlow's door. */
async function askByAllDoors(name: string, asked: { endpoint: string } | { ref: string }): Promise<void> {
  const grpc = new GrpcClient(server.grpcAddress, server.key);
  const raw = Buffer.from(Float32Array.from(X.data).buffer);
  try {
    expect(await predict(server, { ...asked, inputs: [X] })).toMatchObject({
      __typename: 'PredictSuccess',
    });
    for (let sent = 0; sent < 2; sent += 1)
      expect((await new OpenInferenceClient(server).infer(name, { inputs: [X] })).status).toBe(200);
    for (let sent = 0; sent < 3; sent += 1) {
      const inputs = [{ name: 'x', datatype: 'FP32', shape: [1n, 30n] }];
      await grpc.infer({ modelName: name, inputs, rawInputContents: [raw] });
    }
    const rows = await fetch(`${server.url}/v1/models/${encodeURIComponent(name)}:predict`, {
      method: 'POST',
      headers: server.headers,
      body: JSON.stringify({ instances: [X.data, X.data] }),
    });
    expect(rows.status).toBe(200);
  } finally {
    grpc.close();
  }
}

function expectAllDoors(total: Total): void {
  expect(total).toMatchObject({
    ...{ requests: 7, failures: [], cachedShare: 0 },
    ranOn: [{ backend: 'onnx', provider: 'cpu' }],
    doors: [
      { door: 'GRAPHQL', requests: 1, batchSizes: { p99: 1 } },
      { door: 'OPEN_INFERENCE_GRPC', requests: 3 },
      { door: 'OPEN_INFERENCE_HTTP', requests: 2 },
      { door: 'TF_SERVING', requests: 1, batchSizes: { p50: 2 } },
    ],
  });
  for (const part of [total, ...total.doors]) {
    for (const stage of STAGES) {
      expect(part[stage].p50Ms).toBeGreaterThanOrEqual(0);
      expect(part[stage].p999Ms).toBeGreaterThanOrEqual(part[stage].p50Ms ?? Infinity);
    }
    expect(part.parse.p999Ms).toBeGreaterThan(0);
    expect(part.encode.p999Ms).toBeGreaterThan(0);
  }
}

test('each door is told with its stages, and all of them as one', async () => {
  const name = 'by-four-doors';
  await deployEndpoint(server, name, [{ ref: 'affine@1.0.0', weight: 1 }]);
  await askByAllDoors(name, { endpoint: name });
  expectAllDoors(await totalOf(name, 7));
});

describe('a version asked by reference, through no endpoint', () => {
  test('is told as an endpoint is: by door, with its stages, and what it costs', async () => {
    const ref = await newVersion();
    await askByAllDoors(ref, { ref });
    const { total, variants } = await windowOf(ref, 7, REFERENCE_LATENCY);
    expectAllDoors(total);
    expect(total).toMatchObject({ version: { ref }, cost: { currency: 'EUR' } });
    expect(total.cost?.fullPerThousand).toBeGreaterThan(total.cost?.busyPerThousand ?? Infinity);
    expect(variants).toEqual([{ variant: ref, shadow: false, requests: 7 }]);
  });

  test('by its model’s name too, and apart from the endpoints that run it', async () => {
    const ref = await newVersion();
    const [model = ''] = ref.split('@');
    await new RegistryClient(server).promote(ref, 'production');
    await deployEndpoint(server, 'beside', [{ ref, weight: 1 }]);
    expect((await new OpenInferenceClient(server).infer(model, { inputs: [X] })).status).toBe(200);
    const wrong = { ...X, shape: [1, 29], data: X.data.slice(1) };
    await predict(server, { ref: model, inputs: [wrong] });
    for (let sent = 0; sent < 3; sent += 1) await predict(server, { endpoint: 'beside', inputs: [X] });
    expect((await windowOf(ref, 2, REFERENCE_LATENCY)).total).toMatchObject({
      ...{ requests: 2, errorRate: 0.5, failures: [{ reason: 'invalid-input', count: 1 }] },
      doors: [
        { door: 'GRAPHQL', failures: [{ reason: 'invalid-input', count: 1 }] },
        { door: 'OPEN_INFERENCE_HTTP', requests: 1, failures: [] },
      ],
    });
    expect(await totalOf('beside', 3)).toMatchObject({ requests: 3, errorRate: 0 });
  });
});

test('batches are told by why they went off, of endpoints, and of versions asked by reference', async () => {
  const ref = await newVersion();
  const name = 'batching';
  const settings = { maxDelayMs: 20 };
  await deployEndpoint(server, name, [{ name: 'main', ref, weight: 1 }], undefined, settings);
  const question = { endpoint: name, inputs: [X] };
  const together = `mutation ($of: [PredictInput!]!) { predictMany(input: { predictions: $of }) {
    ... on PredictManySuccess { results { __typename } } } }`;
  await server.data(together, { of: [question, question, question] }); // they share a batch
  await predict(server, question);
  await predict(server, { ref, inputs: [X] });
  expect(await totalOf(name, 4)).toMatchObject({ batchesClosed: [{ reason: 'delay', count: 2 }] });
  const { total } = await windowOf(ref, 1, REFERENCE_LATENCY);
  expect(total).toMatchObject({ batchesClosed: [{ reason: 'idle', count: 1 }] });
});

test('what was refused is told by why, and what was remembered by its share', async () => {
  const name = 'refusing';
  const settings = { cacheTtlMs: 60_000 };
  await deployEndpoint(server, name, [{ ref: 'affine@1.0.0', weight: 1 }], undefined, settings);
  for (let sent = 0; sent < 4; sent += 1) await predict(server, { endpoint: name, inputs: [X] });
  await predict(server, { endpoint: name, inputs: [{ ...X, shape: [1, 29], data: X.data.slice(1) }] });
  expect(await totalOf(name, 5)).toMatchObject({
    errorRate: 0.2,
    failures: [{ reason: 'invalid-input', count: 1 }],
    cachedShare: 0.75,
    doors: [{ door: 'GRAPHQL', failures: [{ reason: 'invalid-input', count: 1 }] }],
  });
});

test('what a door cannot read is told of the endpoint that it was meant for, door by door', async () => {
  const name = 'misread';
  await deployEndpoint(server, name, [{ ref: 'affine@1.0.0', weight: 1 }]);
  const http = new OpenInferenceClient(server);
  expect((await http.infer(name, '{"inputs": [')).status).toBe(400);
  expect((await http.infer(name, { inputs: 'none' })).status).toBe(400);
  const grpc = new GrpcClient(server.grpcAddress, server.key);
  try {
    const inputs = [{ name: 'x', datatype: 'FP32', shape: [1n, 30n] }];
    const half = grpc.infer({ modelName: name, inputs, rawInputContents: [Buffer.alloc(60)] });
    await expect(half).rejects.toThrow('INVALID_ARGUMENT');
  } finally {
    grpc.close();
  }
  for (const body of ['{', '{"instances": [], "inputs": []}']) {
    const answer = await fetch(`${server.url}/v1/models/${name}:predict`, {
      method: 'POST',
      headers: server.headers,
      body,
    });
    expect(answer.status).toBe(400);
  }
  const failures = (count: number) => [{ reason: 'invalid-input', count }];
  expect(await totalOf(name, 5)).toMatchObject({
    ...{ requests: 5, errorRate: 1, failures: failures(5) },
    doors: [
      { door: 'OPEN_INFERENCE_GRPC', failures: failures(1) },
      { door: 'OPEN_INFERENCE_HTTP', failures: failures(2) },
      { door: 'TF_SERVING', failures: failures(2) },
    ],
  });
});

test('a question that nobody can answer is told of the endpoint or the version that it was meant for', async () => {
  const name = 'asked-in-vain';
  const ref = await newVersion();
  await deployEndpoint(server, name, [{ ref, weight: 1 }]);
  const wrong = [
    { inputs: [X], timeoutMs: 0 },
    { inputs: [X], rows: [{}] },
    { inputs: [X], ref }, // beside the endpoint: nobody knows which of them is meant
  ];
  for (const question of wrong)
    expect(await predict(server, { endpoint: name, ...question })).toMatchObject({
      __typename: 'InvalidInputError',
    });
  expect(await predict(server, { ref })).toMatchObject({ __typename: 'InvalidInputError' });
  await predict(server, { endpoint: name, inputs: [X] });
  const failures = (count: number) => [{ reason: 'invalid-input', count }];
  expect(await totalOf(name, 3)).toMatchObject({ requests: 3, failures: failures(2) });
  const { total } = await windowOf(ref, 1, REFERENCE_LATENCY);
  expect(total).toMatchObject({ requests: 1, errorRate: 1, failures: failures(1) });
});

test('a version of an endpoint is told of the endpoint and its variant, whatever came of the question', async () => {
  const [usual, rare] = [await newVersion(), await newVersion()];
  const other = { name: 'rare', ref: rare, weight: 0 };
  await deployEndpoint(server, 'versioned', [{ name: 'usual', ref: usual, weight: 1 }, other]);
  const path = `/models/versioned/versions/${encodeURIComponent(rare)}/infer`;
  const v2 = new OpenInferenceClient(server);
  expect((await v2.post(path, { inputs: [X] })).status).toBe(200);
  expect((await v2.post(path, '{')).status).toBe(400);
  const { variants } = await windowOf('versioned', 2);
  expect(variants).toEqual([{ variant: 'rare', shadow: false, requests: 2 }]);
});

test('predictions cost what the workers cost meanwhile, with and without their idle time', async () => {
  const name = 'dear';
  await deployEndpoint(server, name, [{ ref: 'affine@1.0.0', weight: 1 }]);
  for (let sent = 0; sent < 3; sent += 1) await predict(server, { endpoint: name, inputs: [X] });
  const { cost, compute } = await totalOf(name, 3);
  expect(cost).toMatchObject({ currency: 'EUR' });
  // 3.6 an hour is a thousandth a second, so that 1,000 predictions cost what one takes in seconds.
  expect(cost?.busyPerThousand).toBeGreaterThan(0);
  expect(cost?.busyPerThousand).toBeLessThanOrEqual(((compute.p999Ms ?? 0) * 1.03) / 1_000);
  expect(cost?.fullPerThousand).toBeGreaterThan(cost?.busyPerThousand ?? Infinity);
});

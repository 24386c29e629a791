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
afterAll(() => server.stop());

const STAGES = ['parse', 'queue', 'compute', 'encode', 'total'] as const;
const MEASURED = `requests errorRate failures { reason count } cachedShare meanQueueDepth batchSizes { p50 p99 }
  ${STAGES.map((stage) => `${stage} { p50Ms p90Ms p95Ms p99Ms p999Ms }`).join(' ')}`;
const LATENCY = `query ($name: String!, $since: DateTime!) { endpoint(name: $name) { latency(since: $since, maxPoints: 1) {
  total { ${MEASURED} ranOn { backend provider } doors { door ${MEASURED} } cost { busyPerThousand fullPerThousand currency } } } } }`;

type Quantiles = Readonly<Record<'p50Ms' | 'p999Ms', number | null>>;
interface Measured extends Readonly<Record<(typeof STAGES)[number], Quantiles>> {
  readonly requests: number;
  readonly failures: readonly { readonly reason: string; readonly count: number }[];
  readonly cachedShare: number | null;
  readonly meanQueueDepth: number;
}
interface Total extends Measured {
  readonly doors: readonly (Measured & { readonly door: string })[];
  readonly cost: { readonly busyPerThousand: number; readonly fullPerThousand: number } | null;
}

const SINCE = new Date(Date.now() - 60_000).toISOString();
/** The total of the last minute, once all that was sent is in it. */
async function totalOf(name: string, requests: number): Promise<Total> {
  for (;;) {
    const { endpoint } = await server.data<{ endpoint: { latency: { total: Total }[] } }>(LATENCY, {
      name,
      since: SINCE,
    });
    const total = endpoint.latency[0]?.total;
    if (total && total.requests >= requests) return total;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('each door is told with its stages, and all of them as one', async () => {
  const name = 'by-four-doors';
  await deployEndpoint(server, name, [{ ref: 'affine@1.0.0', weight: 1 }]);
  const grpc = new GrpcClient(server.grpcAddress, server.key);
  const raw = Buffer.from(Float32Array.from(X.data).buffer);
  try {
    expect(await predict(server, { endpoint: name, inputs: [X] })).toMatchObject({
      __typename: 'PredictSuccess',
    });
    for (let sent = 0; sent < 2; sent += 1)
      expect((await new OpenInferenceClient(server).infer(name, { inputs: [X] })).status).toBe(200);
    for (let sent = 0; sent < 3; sent += 1) {
      const inputs = [{ name: 'x', datatype: 'FP32', shape: [1n, 30n] }];
      await grpc.infer({ modelName: name, inputs, rawInputContents: [raw] });
    }
    const rows = await fetch(`${server.url}/v1/models/${name}:predict`, {
      method: 'POST',
      headers: server.headers,
      body: JSON.stringify({ instances: [X.data, X.data] }),
    });
    expect(rows.status).toBe(200);
  } finally {
    grpc.close();
  }
  const total = await totalOf(name, 7);
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

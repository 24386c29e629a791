import { status as Code } from '@grpc/grpc-js';
import { floatBytes, GrpcClient, type InferRequest } from '../support/grpc-client';
import { RegistryClient, scaled } from '../support/registry-client';
import { RoutingClient } from '../support/routing-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
let routing: RoutingClient;
beforeAll(async () => {
  server = await startTestServer();
  routing = new RoutingClient(server);
  const registry = new RegistryClient(server);
  await registry.version('points', scaled(2));
  await registry.version('points', scaled(3));
  await registry.promote('points@1.0.1', 'production');
  await routing.deploy('split', [
    { name: 'größe 50%', ref: 'points@1.0.0', weight: 1 },
    { name: 'other', ref: 'points@1.0.1', weight: 1 },
  ]);
});
afterAll(() => server.stop());

interface Answer {
  readonly status: number;
  readonly json: { readonly error?: string; readonly parameters?: { readonly variant?: string } };
  /** What it says of the prediction in headers. */
  readonly told: Readonly<Record<string, string | null>>;
}
async function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> {
  const init = { method: 'POST', headers: { ...server.headers, ...headers }, body: JSON.stringify(body) };
  const response = await fetch(`${server.url}${path}`, init);
  const told = (name: string) => response.headers.get(`x-modelgraph-${name}`);
  return {
    status: response.status,
    json: (await response.json()) as Answer['json'],
    told: { id: told('prediction-id'), variant: told('variant'), version: told('version') },
  };
}
const tfServing = (model: string, headers?: Record<string, string>) =>
  post(`/v1/models/${model}:predict`, { instances: [[1, 2]] }, headers);
const v2 = (parameters: object, headers?: Record<string, string>) =>
  post(
    '/v2/models/split/infer',
    { parameters, inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] },
    headers,
  );
/** What the gRPC door answers, or how it refuses, where a call's metadata says this. */
async function withGrpc<Result>(
  metadata: Record<string, string>,
  work: (client: GrpcClient) => Promise<Result>,
): Promise<Result> {
  const client = new GrpcClient(server.grpcAddress, server.key);
  for (const [name, value] of Object.entries(metadata)) client.metadata.set(name, value);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
type GrpcParameters = NonNullable<InferRequest['parameters']>;
const question = (parameters: GrpcParameters = {}): InferRequest => ({
  modelName: 'split',
  parameters,
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1n, 2n] }],
  rawInputContents: [floatBytes([1, 2])],
});
const text = (value: string) => ({ parameterChoice: { case: 'stringParam' as const, value } });
const variantOf = (answer: { readonly parameters: GrpcParameters } | undefined) =>
  answer?.parameters.variant?.parameterChoice?.value;
const keyed = (key: string) => ({ 'x-modelgraph-routing-key': key });
const KEYS = Array.from({ length: 12 }, (_, index) => `customer ${index}`);

describe('an answer of TensorFlow Serving’s protocol', () => {
  test('tells in headers what feedback names', async () => {
    const { told } = await tfServing('split', keyed('customer 1'));
    const { feedback } = await routing.recordFeedback({ predictionId: told.id, reward: 1 });
    expect(feedback).toMatchObject({ endpoint: { name: 'split' }, reward: 1 });
    expect(decodeURIComponent(String(told.variant))).toBe(feedback.variant);
  });

  test('says which version has answered, and which variant where there is one', async () => {
    expect((await tfServing('points')).told).toEqual({ id: expect.any(String), variant: null, version: '2' });
    const { told } = await tfServing('split', keyed('customer 1'));
    expect([
      ['gr%C3%B6%C3%9Fe%2050%25', '1'],
      ['other', '2'],
    ]).toContainEqual([told.variant, told.version]);
  });
});

describe('headers of a question', () => {
  test('give a routing key, by which both doors find the same variant', async () => {
    const variants = new Set<unknown>();
    for (const key of KEYS) {
      const { told } = await tfServing('split', keyed(key));
      const variant = decodeURIComponent(String(told.variant));
      expect((await v2({}, keyed(key))).json.parameters?.variant).toBe(variant);
      expect((await v2({ routing_key: key }, keyed('another'))).json.parameters?.variant).toBe(variant);
      variants.add(variant);
    }
    expect(variants.size).toBe(2);
  });

  test.each(['x-modelgraph-timeout-ms', 'x-modelgraph-priority'])('%s is checked', async (name) => {
    const refused = { status: 400, json: { error: expect.stringContaining(`${name}: expected`) } };
    expect(await tfServing('split', { [name]: 'soon' })).toMatchObject(refused);
    expect(await v2({}, { [name]: 'soon' })).toMatchObject(refused);
    expect(await tfServing('split', { [name]: '1000' })).toMatchObject({ status: 200 });
  });
});

describe('metadata of a question over gRPC', () => {
  test('gives the routing key that headers give over HTTP, and the request’s own goes before it', async () => {
    for (const key of KEYS) {
      const { told } = await tfServing('split', keyed(key));
      const variant = decodeURIComponent(String(told.variant));
      const [named, own] = await Promise.all([
        withGrpc(keyed(key), (client) => client.infer(question())),
        withGrpc(keyed('another'), (client) => client.infer(question({ routing_key: text(key) }))),
      ]);
      expect([variantOf(named), variantOf(own)]).toEqual([variant, variant]);
    }
  });

  test.each(['x-modelgraph-timeout-ms', 'x-modelgraph-priority'])(
    '%s is refused in the words of HTTP',
    async (name) => {
      const { json } = await v2({}, { [name]: 'soon' });
      await expect(withGrpc({ [name]: 'soon' }, (client) => client.infer(question()))).rejects.toMatchObject({
        code: Code.INVALID_ARGUMENT,
        details: json.error,
      });
      await expect(withGrpc({ [name]: '1000' }, (client) => client.infer(question()))).resolves.toBeTruthy();
    },
  );

  test('of a stream holds for all of its requests, and the request’s own goes before it', async () => {
    const [first = '', ...others] = KEYS;
    const variants = await Promise.all(
      KEYS.map(async (key) =>
        decodeURIComponent(String((await tfServing('split', keyed(key))).told.variant)),
      ),
    );
    const other = others.find((_, index) => variants[index + 1] !== variants[0]) ?? '';
    await withGrpc(keyed(first), async (client) => {
      const stream = client.openStream();
      stream.ask({ ...question(), id: 'a' });
      stream.ask({ ...question({ routing_key: text(other) }), id: 'b' });
      stream.ask({ ...question(), id: 'c' });
      stream.call.end();
      const answers = await stream.received(3);
      const byId = new Map(answers.map(({ inferResponse }) => [inferResponse?.id, variantOf(inferResponse)]));
      const [here] = variants;
      expect([...byId].sort()).toEqual([
        ['a', here],
        ['b', variants.find((variant) => variant !== here)],
        ['c', here],
      ]);
    });
  });
});

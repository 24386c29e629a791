import { affine } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { startTestServer, type TestServer } from '../support/test-server';

interface Deploy {
  readonly deployEndpoint: {
    readonly __typename: string;
    readonly endpoint?: { readonly revision: number; readonly settings: Readonly<Record<string, unknown>> };
    readonly issues?: readonly { readonly path: string; readonly expected: string }[];
  };
}

const SETTINGS =
  'settings { maxBatch maxDelayMs latencyObjectiveMs maxQueue timeoutMs cacheTtlMs cacheMaxBytes batchSizes }';
const DEFAULTS = {
  maxBatch: 128,
  maxDelayMs: 0,
  latencyObjectiveMs: 20,
  maxQueue: 4_096,
  timeoutMs: 10_000,
  cacheTtlMs: 0,
  cacheMaxBytes: 67_108_864,
  batchSizes: [],
};

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  const registry = new RegistryClient(server);
  await registry.version('affine', affine());
  await registry.promote('affine@1.0.0', 'production');
});
afterAll(() => server.stop());

async function deploy(name: string, settings?: object | null) {
  const query = `mutation ($input: DeployEndpointInput!) { deployEndpoint(input: $input) {
    __typename ... on DeployEndpointSuccess { endpoint { revision ${SETTINGS} } }
    ... on InvalidInputError { issues { path expected } } } }`;
  const input = { name, variants: [{ ref: 'affine@production', weight: 1 }], settings };
  return (await server.data<Deploy>(query, { input })).deployEndpoint;
}

test('an endpoint that says nothing has the defaults', async () => {
  expect((await deploy('silent')).endpoint).toEqual({ revision: 1, settings: DEFAULTS });
});

test('settings replace those before as a whole, and stay where none are given', async () => {
  await deploy('tuned', { maxBatch: 32, timeoutMs: 500 });
  expect((await deploy('tuned')).endpoint?.settings).toEqual({ ...DEFAULTS, maxBatch: 32, timeoutMs: 500 });
  expect((await deploy('tuned', { maxDelayMs: 0.5, maxBatch: null })).endpoint?.settings).toEqual({
    ...DEFAULTS,
    maxDelayMs: 0.5,
  });
});

test('a new traffic split leaves the settings as they are, and a restart too', async () => {
  await deploy('split', { maxQueue: 7 });
  await server.data(
    `mutation { setTrafficSplit(input: { endpoint: "split", variants: [{ ref: "affine@1.0.0", weight: 2 }] }) { __typename } }`,
  );
  await server.restart();
  const { endpoint } = await server.data<{ endpoint: object }>(
    `{ endpoint(name: "split") { variants { ref } ${SETTINGS} } }`,
  );
  expect(endpoint).toEqual({ variants: [{ ref: 'affine@1.0.0' }], settings: { ...DEFAULTS, maxQueue: 7 } });
});

test.each<[string, object]>([
  ['maxBatch', { maxBatch: 0 }],
  ['maxBatch', { maxBatch: 100_000 }],
  ['maxDelayMs', { maxDelayMs: -1 }],
  ['latencyObjectiveMs', { latencyObjectiveMs: 0 }],
  ['maxQueue', { maxQueue: 0 }],
  ['timeoutMs', { timeoutMs: 60_001 }],
  ['cacheTtlMs', { cacheTtlMs: 0.5 }],
  ['cacheMaxBytes', { cacheMaxBytes: 1 }],
  ['batchSizes', { batchSizes: [8, 4, 128] }],
  ['batchSizes', { batchSizes: [1, 2, 4] }],
])('a wrong %s is refused and changes nothing: %j', async (name, settings) => {
  expect(await deploy('wrong', settings)).toMatchObject({
    __typename: 'InvalidInputError',
    issues: [{ path: `settings.${name}`, expected: expect.any(String) }],
  });
  expect(await server.data('{ endpoint(name: "wrong") { name } }')).toEqual({ endpoint: null });
});

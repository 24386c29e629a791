import { RegistryClient, scaled } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
let registry: RegistryClient;
beforeAll(async () => {
  server = await startTestServer();
  registry = new RegistryClient(server);
});
afterAll(() => server.stop());

/** A name of its own for each test. */
let name = '';
let count = 0;
beforeEach(() => (name = `swap-${count++}`));

/** Registers a version whose file is spoilt afterwards: it was good when it was tried. */
async function brokenVersion(factor: number): Promise<string> {
  const bytes = scaled(factor, 3 + count);
  const ref = await registry.version(name, bytes);
  await server.store.spoil(await server.upload(bytes), 'spoilt');
  return ref;
}
const version = (factor: number) => registry.version(name, scaled(factor, 3 + count));
const input = () => ({
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 3 + count], data: new Array(3 + count).fill(1) }],
});
const factorOf = async (of: object) => (await predict(server, { ...of, ...input() })).outputs?.[0]?.data[0];

/** As `deployEndpoint`, which must succeed: nothing of this is refused, it only takes no traffic. */
async function deploy(...variants: object[]): Promise<void> {
  const deployed = await deployEndpoint(server, name, variants);
  expect(deployed.__typename).toBe('DeployEndpointSuccess');
}

/** Of the endpoint's first variant. */
async function health(): Promise<object | undefined> {
  const query = `query ($name: String!) { endpoint(name: $name) { variants { health { state reason since } } } }`;
  const { endpoint } = await server.data<{ endpoint: { variants: { health: object }[] } }>(query, { name });
  return endpoint.variants[0]?.health;
}

test('a version that cannot be loaded takes no traffic; the one before goes on, until a good one comes', async () => {
  await deploy({ name: 'main', ref: await version(1), weight: 1 });
  await deploy({ name: 'main', ref: await brokenVersion(2), weight: 1 });
  expect(await factorOf({ endpoint: name })).toBe(1);
  expect(await health()).toMatchObject({
    state: 'WAITING',
    reason: expect.stringContaining('not an ONNX model'),
  });
  await deploy({ name: 'main', ref: await version(3), weight: 1 });
  expect(await factorOf({ endpoint: name })).toBe(3);
  expect(await health()).toMatchObject({ state: 'HEALTHY' });
});

test('an endpoint whose only version cannot be loaded says why', async () => {
  await deploy({ ref: await brokenVersion(1), weight: 1 });
  const reason = expect.stringContaining('not an ONNX model') as string;
  expect(await health()).toMatchObject({ state: 'WAITING', reason });
  expect(await predict(server, { endpoint: name, ...input() })).toMatchObject({
    __typename: 'UnavailableError',
    message: reason,
  });
});

test('a new variant that cannot be loaded leaves the endpoint as it was', async () => {
  await deploy({ ref: await version(1), weight: 1 });
  await deploy({ ref: await brokenVersion(2), weight: 1 });
  expect(await factorOf({ endpoint: name })).toBe(1);
  await deploy({ ref: await version(3), weight: 1 });
  expect(await factorOf({ endpoint: name })).toBe(3);
});

test('an alias that moves on brings the endpoint to the version that can be loaded', async () => {
  await registry.promote(await version(1), 'production');
  const broken = await brokenVersion(2);
  await deploy({ name: 'main', ref: `${name}@production`, weight: 1 });
  await deploy(
    { name: 'main', ref: `${name}@production`, weight: 1 },
    { name: 'canary', ref: broken, weight: 1 },
  );
  expect(await registry.promote(await version(3), 'production')).toMatchObject({
    __typename: 'PromoteModelVersionSuccess',
  });
  for (let call = 0; call < 5; call++) expect(await factorOf({ endpoint: name })).toBe(3);
});

test('a first version that cannot be loaded says why to those who ask', async () => {
  await deploy({ ref: await brokenVersion(2), weight: 1 });
  expect(await predict(server, { endpoint: name, ...input() })).toMatchObject({
    __typename: 'UnavailableError',
    message: expect.stringContaining('not an ONNX model'),
  });
});

test('a version whose bytes are lost takes no traffic either', async () => {
  await deploy({ name: 'main', ref: await version(1), weight: 1 });
  const lost = await version(2);
  await server.store.spoil(await server.upload(scaled(2, 3 + count)), null);
  await deploy({ name: 'main', ref: lost, weight: 1 });
  expect(await factorOf({ endpoint: name })).toBe(1);
});

test('a shadow that cannot be loaded disturbs nobody', async () => {
  await deploy(
    { name: 'live', ref: await version(1), weight: 1 },
    { name: 'shadow', ref: await brokenVersion(2), weight: 0, shadow: true },
  );
  expect(await factorOf({ endpoint: name })).toBe(1);
});

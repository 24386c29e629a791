import { RegistryClient, scaled } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ ONNX_WORKERS: '2' });
  const registry = new RegistryClient(server);
  for (const factor of [2, 3]) await registry.version('points', scaled(factor));
});
afterAll(() => server.stop());

const deploy = (instances: number | null, ref = 'points@1.0.0') =>
  deployEndpoint(server, 'scores', [{ name: 'main', ref, weight: 1, instances }]);
const ask = () => {
  const x = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] };
  return predict(server, { endpoint: 'scores', inputs: [x] });
};

/** How many models each worker holds, the most first. */
async function held(): Promise<readonly number[]> {
  const { workerLoad } = await server.data<{ workerLoad: { workers: { modelCount: number }[] } }>(
    '{ workerLoad { workers { modelCount } } }',
  );
  return workerLoad.workers.map(({ modelCount }) => modelCount).toSorted((a, b) => b - a);
}
async function untilHeld(...expected: readonly number[]): Promise<void> {
  while (String(await held()) !== String(expected));
}
const told = async () => {
  const query = '{ endpoint(name: "scores") { variants { name instances } } }';
  return (await server.data<{ endpoint: { variants: object[] } }>(query)).endpoint.variants;
};

test('a variant of one instance is on one worker, which answers all of its callers', async () => {
  await deploy(1);
  expect(await told()).toEqual([{ name: 'main', instances: 1 }]);
  expect(await held()).toEqual([1, 0]);
  const answers = await Promise.all(Array.from({ length: 40 }, ask));
  for (const answer of answers) expect(answer.__typename).toBe('PredictSuccess');
  expect(await held()).toEqual([1, 0]);
});

test('without a number it is on all of them, and goes back to one where one is asked for', async () => {
  await deploy(null);
  expect(await told()).toEqual([{ name: 'main', instances: null }]);
  await untilHeld(1, 1);
  await deploy(1);
  await untilHeld(1, 0);
  expect((await ask()).__typename).toBe('PredictSuccess');
});

test('a number that no machine has workers for is refused, with its place', async () => {
  for (const instances of [0, -1, 1_001])
    expect(await deploy(instances)).toMatchObject({
      __typename: 'InvalidInputError',
      issues: [{ path: 'variants[0].instances', expected: '1 to 1000 workers', actual: String(instances) }],
    });
});

test('the number is known after a restart, and holds for a shadow too', async () => {
  const { __typename } = await deployEndpoint(server, 'scores', [
    { name: 'main', ref: 'points@1.0.0', weight: 1, instances: 2 },
    { name: 'copy', ref: 'points@1.0.1', shadow: true, instances: 1 },
  ]);
  expect(__typename).toBe('DeployEndpointSuccess');
  await server.restart();
  expect(await told()).toEqual([
    { name: 'main', instances: 2 },
    { name: 'copy', instances: 1 },
  ]);
  await untilHeld(2, 1);
});

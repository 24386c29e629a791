import { affine, affineAnswer } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

const rowOf = (first: number) => [first, ...new Array<number>(29).fill(0.5)];
const ask = (first: number, endpoint = 'scores') =>
  predict(server, {
    endpoint,
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 30], data: rowOf(first) }],
  });

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ PREDICTION_CACHE_TTL_MS: '60000' });
  const registry = new RegistryClient(server);
  await registry.promote(await registry.version('affine', affine()), 'production');
  await registry.version('affine', affine(30, 2));
  await deployEndpoint(server, 'scores', [{ ref: 'affine@1.0.0', weight: 1 }]);
});
afterAll(() => server.stop());

test('an equal question is answered from memory, and says so', async () => {
  expect(await ask(1)).toMatchObject({ cached: false, batchSize: 1 });
  const again = await ask(1);
  expect(again).toMatchObject({ cached: true, batchSize: 0 });
  expect(again.outputs[0]?.data).toEqual(affineAnswer(rowOf(1)));
});

test('another question is not', async () => {
  await ask(2);
  expect(await ask(3)).toMatchObject({ cached: false });
});

test('another version never answers from the memory of the first', async () => {
  await ask(4);
  await deployEndpoint(server, 'scores', [{ ref: 'affine@2.0.0', weight: 1 }]);
  const answer = await ask(4);
  expect(answer).toMatchObject({ cached: false, version: { number: '2.0.0' } });
  expect(answer.outputs[0]?.data).toHaveLength(2);
});

import { affine, affineAnswer } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { deployEndpoint } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

interface PredictMany {
  readonly predictMany: {
    readonly __typename: string;
    readonly message?: string;
    readonly results?: readonly {
      readonly __typename: string;
      readonly outputs?: readonly { readonly data: unknown }[];
    }[];
  };
}

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  const registry = new RegistryClient(server);
  await registry.version('affine', affine());
  await registry.promote('affine@1.0.0', 'production');
  await deployEndpoint(server, 'scores', [{ ref: 'affine@production', weight: 1 }]);
});
afterAll(() => server.stop());

const row = Array.from({ length: 30 }, (_, index) => index / 8);
const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 30], data: row }];

async function ask(predictions: object[]) {
  const query = `mutation ($input: PredictManyInput!) { predictMany(input: $input) {
    __typename
    ... on PredictManySuccess { results { __typename ... on PredictSuccess { outputs } } }
    ... on UserError { message } } }`;
  return (await server.data<PredictMany>(query, { input: { predictions } })).predictMany;
}

test('several questions are answered in their order, and one that fails leaves the others alone', async () => {
  const answer = await ask([
    { endpoint: 'scores', inputs },
    { endpoint: 'nowhere', inputs },
    { ref: 'affine@1.0.0', inputs, outputs: ['z'] },
    { ref: 'affine', inputs },
  ]);
  const right = {
    __typename: 'PredictSuccess',
    outputs: [expect.objectContaining({ data: affineAnswer(row) })],
  };
  expect(answer).toEqual({
    __typename: 'PredictManySuccess',
    results: [right, { __typename: 'NotFoundError' }, { __typename: 'InvalidInputError' }, right],
  });
});

test('no questions have no answers', async () => {
  expect(await ask([])).toEqual({ __typename: 'PredictManySuccess', results: [] });
});

test('more questions than allowed are refused as one', async () => {
  const answer = await ask(Array.from({ length: 101 }, () => ({ endpoint: 'scores', inputs })));
  expect(answer).toMatchObject({
    __typename: 'InvalidInputError',
    message: expect.stringContaining('at most 100'),
  });
});

import { sequenceOutput } from '../support/onnx-models';
import { RegistryClient, scaled } from '../support/registry-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
let registry: RegistryClient;

beforeAll(async () => {
  server = await startTestServer();
  registry = new RegistryClient(server);
});
afterAll(() => server.stop());

const modelNamed = async (name: string): Promise<unknown> =>
  (await server.data('query ($name: String!) { model(name: $name) { name } }', { name })).model;

describe('what cannot be a version is refused, and changes nothing', () => {
  afterEach(async () => expect(await modelNamed('refused')).toBeNull());

  test.each([
    ['a file that is not ONNX', 'This is not a model.'],
    ['a truncated ONNX file', scaled(9).subarray(0, 40)],
    ['an ONNX file with a sequence output', sequenceOutput()],
    ['an ONNX file with a sequence of maps', sequenceOutput({ maps: true })],
  ])('%s', async (_what, bytes) => {
    const answer = await registry.register('refused', bytes);
    expect(answer).toMatchObject({ __typename: 'InvalidArtifactError', code: expect.any(String) });
    expect(answer.message.length).toBeGreaterThan(10);
  });

  test('an artifact that nobody uploaded', async () => {
    const answer = await registry.registerUploaded('refused', 'f'.repeat(64));
    expect(answer).toMatchObject({ __typename: 'InvalidArtifactError', code: 'ARTIFACT_NOT_FOUND' });
  });

  test.each([
    ['a name that is not allowed', { model: 're@fused' }, 'model'],
    ['a hash that is none', { artifact: { sha256: '../../etc/passwd' } }, 'artifact.sha256'],
    ['too few column names', { columns: [{ input: 'x', names: ['a'] }] }, 'columns[0].names'],
    ['columns of an unknown input', { columns: [{ input: 'z', names: ['a', 'b'] }] }, 'columns[0].input'],
    ['labels that do not fit', { labels: ['a', 'b', 'c'] }, 'labels'],
    ['an empty metric key', { metrics: [{ key: '', value: 1 }] }, 'metrics[0].key'],
    [
      'a metric twice',
      {
        metrics: [
          { key: 'a', value: 1 },
          { key: 'a', value: 2 },
        ],
      },
      'metrics[1]',
    ],
  ])('%s', async (_what, change, path) => {
    const answer = await registry.register('refused', scaled(9), change);
    expect(answer).toMatchObject({ __typename: 'InvalidInputError', issues: [{ path }] });
  });

  test.each([
    ['an unknown run', { runId: 'bm8gc3VjaCBydW4' }],
    ['an unknown dataset', { datasets: ['nothing@1'] }],
    ['a metric on an unknown dataset', { metrics: [{ key: 'a', value: 1, dataset: 'nothing@1' }] }],
  ])('%s', async (_what, change) => {
    expect(await registry.register('refused', scaled(9), change)).toMatchObject({
      __typename: 'NotFoundError',
      code: 'NOT_FOUND',
    });
  });

  test('unknown fields and wrong types are told before anything happens', async () => {
    const query =
      'mutation ($input: RegisterModelVersionInput!) { registerModelVersion(input: $input) { __typename } }';
    const artifact = { sha256: await server.upload(scaled(9)) };
    for (const input of [
      { model: 'refused', artifact, colour: 'red' },
      { model: 7, artifact },
      { model: 'refused' },
    ]) {
      const { errors } = await server.graphql(query, { input });
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    }
  });
});

test('a name with U+0000, which no database keeps, is the name of nothing', async () => {
  await registry.register('known', scaled(9));
  const known = { model: 'known', alias: 'no\u0000where' };
  const unknown = { model: 'no\u0000where' };
  for (const [mutation, input] of [
    ['updateModel', { ...unknown, description: 'd' }],
    ['deleteModel', unknown],
    ['removeAlias', { ...unknown, alias: 'production' }],
    ['removeAlias', known],
    ['rollbackAlias', { ...unknown, alias: 'production', reason: 'r' }],
    ['rollbackAlias', { ...known, reason: 'r' }],
  ] as const) {
    const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input!`;
    const answer = await server.graphql(
      `mutation ($input: ${type}) { ${mutation}(input: $input) { __typename } }`,
      { input },
    );
    expect(answer).toEqual({
      data: { [mutation]: { __typename: expect.stringMatching(/^(NotFound|InvalidInput)Error$/) } },
    });
  }
});

import { affine, affineAnswer, identity } from '../support/onnx-models';
import { OpenInferenceClient } from '../support/open-inference-client';
import { RegistryClient, scaled } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

const NAMES = Array.from({ length: 30 }, (_, index) => `f${index}`);
const rowOf = (seed: number) =>
  Object.fromEntries(NAMES.map((name, index) => [name, ((seed * 31 + index) % 17) / 8]));
const answerTo = (row: Record<string, number>) => affineAnswer(NAMES.map((name) => row[name] ?? NaN));

let server: TestServer;
let registry: RegistryClient;
beforeAll(async () => {
  server = await startTestServer();
  registry = new RegistryClient(server);
  await registry.version('affine', affine(), { columns: [{ input: 'x', names: NAMES }] });
  await registry.promote('affine@1.0.0', 'production');
  await registry.version('waiting', scaled(2));
  await deployEndpoint(server, 'scores', [{ ref: 'affine@production', weight: 1 }]);
});
afterAll(() => server.stop());

test('a row by column name is answered by name, with all that is known of the answer', async () => {
  const row = rowOf(1);
  expect(await predict(server, { endpoint: 'scores', rows: [row] })).toMatchObject({
    __typename: 'PredictSuccess',
    predictionId: expect.stringMatching(/^[0-9a-f-]{36}\.[\w-]+$/),
    rows: [{ y: answerTo(row) }],
    version: { ref: 'affine@1.0.0', number: '1.0.0' },
    variant: 'affine@production',
    cached: false,
    batchSize: 1,
    timing: { queueMs: expect.any(Number), computeMs: expect.any(Number), totalMs: expect.any(Number) },
  });
});

test('many callers at once each get their own answer, and share batches', async () => {
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, seed) => ({
      seed,
      answer: await predict(server, { endpoint: 'scores', rows: [rowOf(seed)] }),
    })),
  );
  for (const { seed, answer } of answers) expect(answer.rows).toEqual([{ y: answerTo(rowOf(seed)) }]);
  expect(Math.max(...answers.map(({ answer }) => answer.batchSize))).toBeGreaterThan(1);
});

test('tensors are answered as tensors, in JSON or as bytes', async () => {
  const data = Object.values(rowOf(3));
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 30], data }];
  const json = await predict(server, { ref: 'affine', inputs });
  expect(json).toMatchObject({
    rows: null,
    variant: null,
    outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 3], data: answerTo(rowOf(3)) }],
  });
  const base64 = Buffer.from(new Float32Array(data).buffer).toString('base64');
  const bytes = await predict(server, {
    ref: 'affine@1.0.0',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 30], base64 }],
    outputEncoding: 'BASE64',
  });
  const answered = Buffer.from(bytes.outputs[0]?.base64 ?? '', 'base64');
  expect([...new Float32Array(new Uint8Array(answered).buffer)]).toEqual(answerTo(rowOf(3)));
});

test.each<[string, object, string, string]>([
  ['a missing column', { rows: [{ ...rowOf(1), f7: undefined }] }, 'rows[0].f7', 'nothing'],
  [
    'an extra column',
    { rows: [{ ...rowOf(1), f99: 1 }] },
    'rows[0].f99',
    'a column that the model does not take',
  ],
  ['a text for a number', { rows: [{ ...rowOf(1), f7: 'x' }] }, 'rows[0].f7', '"x"'],
  [
    'a tensor whose shape and data disagree',
    { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 30], data: [1] }] },
    'inputs[0].data',
    '1',
  ],
  [
    'a tensor of another name',
    { inputs: [{ name: 'z', datatype: 'FP32', shape: [1, 30], data: [1] }] },
    'inputs[0].name',
    'z',
  ],
  ['rows and tensors', { rows: [rowOf(1)], inputs: [] }, 'input', 'both'],
  ['neither rows nor tensors', {}, 'input', 'neither'],
  ['an output that is not there', { rows: [rowOf(1)], outputs: ['z'] }, 'outputs', 'z'],
  ['a time-out of 0', { rows: [rowOf(1)], timeoutMs: 0 }, 'timeoutMs', '0'],
])('%s is refused, with its place', async (_what, question, path, actual) => {
  const answer = await predict(server, { endpoint: 'scores', ...question });
  expect(answer).toMatchObject({ __typename: 'InvalidInputError', code: 'INVALID_INPUT' });
  expect(answer.issues).toContainEqual({ path, actual, expected: expect.any(String) });
});

test.each([
  ['short', 1],
  ['long, which is decoded where it lies', 200],
])('a %s tensor in base64 that is none is refused', async (_what, rows) => {
  const bytes = Buffer.from(new Float32Array(rows * 30).fill(1.5).buffer).toString('base64');
  const ask = (base64: string) =>
    predict(server, { ref: 'affine', inputs: [{ name: 'x', datatype: 'FP32', shape: [rows, 30], base64 }] });
  expect(await ask(bytes)).toMatchObject({ __typename: 'PredictSuccess' });
  for (const junk of ['*', '\n'])
    expect(await ask(`${bytes.slice(0, 8)}${junk}${bytes.slice(8)}`)).toMatchObject({
      __typename: 'InvalidInputError',
      issues: [
        {
          path: 'inputs[0].base64',
          expected: expect.stringMatching(/^base64/),
          actual: `${JSON.stringify(junk)} at place 8`,
        },
      ],
    });
});

test.each([{ parameters: { shared_memory_region: 'r' } }, { file: 'x.npy' }, { uri: 's3://x' }])(
  'a tensor with %j is refused: nobody would do what it asks',
  async (more) => {
    const input = {
      ref: 'affine',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1], data: [1], ...more }],
    };
    const { errors } = await server.graphql(
      'mutation ($input: PredictInput!) { predict(input: $input) { __typename } }',
      { input },
    );
    const [member] = Object.keys(more);
    expect(errors).toMatchObject([
      {
        message: expect.stringContaining(
          `A tensor has name, datatype, shape and either data or base64; “${member}” is not offered.`,
        ),
        extensions: { code: 'BAD_USER_INPUT' },
      },
    ]);
  },
);

test.each<[object, string]>([
  [{ endpoint: 'nowhere' }, 'There is no endpoint “nowhere”.'],
  [{ endpoint: 'affine' }, 'There is no endpoint “affine”.'],
  [{ ref: 'nothing@1.0.0' }, 'There is no model version “nothing@1.0.0”.'],
  [{ ref: 'not/a@ref@at all' }, 'There is no model version “not/a@ref@at all”.'],
  [{ ref: 'affine@9.9.9' }, 'No version of “affine” is affine@9.9.9. It has 1.0.0 (1).'],
  [{ ref: 'waiting' }, 'No version of “waiting” is in production. It has 1.0.0 (1).'],
])('%j is not found, with what there is', async (target, message) => {
  expect(await predict(server, { ...target, rows: [rowOf(1)] })).toMatchObject({
    ...{ __typename: 'NotFoundError', message },
  });
});

test('an endpoint that nobody answers for says why, by every door', async () => {
  const ref = await registry.version('lost', scaled(9));
  const sha256 = await server.upload(scaled(9));
  await server.store.spoil(sha256, null);
  await deployEndpoint(server, 'silent', [{ name: 'main', ref, weight: 1 }]);
  const message =
    'The endpoint “silent” has no variant that could answer. Its variant “main” leads to lost@1.0.0: ' +
    `The store has lost the bytes of ${sha256}. Restore them, or send them again.`;
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }];
  expect(await predict(server, { endpoint: 'silent', inputs })).toMatchObject({
    ...{ __typename: 'NotFoundError', message },
  });
  expect(await new OpenInferenceClient(server).get('/models/silent')).toMatchObject({
    ...{ status: 404, json: { error: message } },
  });
  const warm = `mutation { warmCache(input: { endpoint: "silent", popular: 1 }) { ... on UserError { message } } }`;
  expect(await server.data(warm)).toEqual({ warmCache: { message } });
});

test.each<[string, object[], string]>([
  ['weights that sum to zero', [{ ref: 'affine', weight: 0 }], 'InvalidInputError'],
  [
    'a negative weight',
    [
      { ref: 'affine', weight: 2 },
      { name: 'b', ref: 'affine', weight: -1 },
    ],
    'InvalidInputError',
  ],
  ['only a shadow', [{ ref: 'affine', weight: 1, shadow: true }], 'InvalidInputError'],
  ['no variants', [], 'InvalidInputError'],
  [
    'two variants of one name',
    [
      { ref: 'affine', weight: 1 },
      { ref: 'affine', weight: 1 },
    ],
    'InvalidInputError',
  ],
  ['a version that is not there', [{ ref: 'affine@9.9.9', weight: 1 }], 'NotFoundError'],
])('an endpoint with %s is refused and not made', async (_what, variants, error) => {
  expect(await deployEndpoint(server, 'refused', variants)).toMatchObject({ __typename: error });
  expect(await server.data('{ endpoint(name: "refused") { id } }')).toEqual({ endpoint: null });
});

test.each([
  ['waiting', 'No version of “waiting” is in production. It has 1.0.0 (1).'],
  ['waiting@canary', 'No version of “waiting” is waiting@canary. It has 1.0.0 (1).'],
  ['nothing@1.0.0', 'There is no model version “nothing@1.0.0”.'],
])('a variant of %s is told what there is instead, as predictions are', async (ref, message) => {
  expect(await deployEndpoint(server, 'refused', [{ ref, weight: 1 }])).toMatchObject({ message });
});

test('a name that an address cannot hold is refused', async () => {
  const answer = await deployEndpoint(server, 'a/b', [{ ref: 'affine', weight: 1 }]);
  expect(answer).toMatchObject({ __typename: 'InvalidInputError', issues: [{ path: 'name' }] });
});

test('a stale revision changes nothing', async () => {
  const variants = [{ ref: 'affine', weight: 1 }];
  expect(await deployEndpoint(server, 'raced', variants, 0)).toMatchObject({
    created: true,
    endpoint: { revision: 1 },
  });
  expect(await deployEndpoint(server, 'raced', variants, 0)).toMatchObject({
    __typename: 'RevisionConflictError',
    actualRevision: 1,
  });
  expect(await server.data('{ endpoint(name: "raced") { revision } }')).toEqual({
    endpoint: { revision: 1 },
  });
});

test('a traffic split moves traffic, and a shadow answers nobody', async () => {
  await registry.version('affine', affine(30, 2), { columns: [{ input: 'x', names: NAMES }] });
  const split = (variants: object[]) => deployEndpoint(server, 'split', variants);
  await split([
    { name: 'old', ref: 'affine@1.0.0', weight: 1 },
    { name: 'new', ref: 'affine@2.0.0', weight: 0, shadow: true },
  ]);
  const variantOf = async () => (await predict(server, { endpoint: 'split', rows: [rowOf(1)] })).variant;
  expect(await variantOf()).toBe('old');
  await split([
    { name: 'old', ref: 'affine@1.0.0', weight: 0 },
    { name: 'new', ref: 'affine@2.0.0', weight: 1 },
  ]);
  expect(await variantOf()).toBe('new');
});

describe('variants that share callers take the same questions', () => {
  const [wide, narrow] = ['affine@1.0.0', 'narrow@1.0.0'];
  beforeAll(() => registry.version('narrow', affine(29)));
  const deploy = (second: object) =>
    deployEndpoint(server, 'unlike', [
      { name: 'wide', ref: wide, weight: 1 },
      { name: 'narrow', ref: narrow, ...second },
    ]);

  test('else they are refused, with what tells them apart', async () => {
    expect(await deploy({ weight: 1 })).toMatchObject({
      __typename: 'InvalidInputError',
      issues: [
        {
          path: 'variants[1].ref',
          expected: 'a version that takes the same questions as variant “wide”, since both share its callers',
          actual: 'narrow@1.0.0, seen from there: input “x” changed its shape from [-1, 30] to [-1, 29]',
        },
      ],
    });
    expect(await server.data('{ endpoint(name: "unlike") { name } }')).toEqual({ endpoint: null });
  });

  test.each([
    ['a shadow', { weight: 1, shadow: true }],
    ['one without a weight, for those whom a rule sends there', { weight: 0 }],
  ])('%s may differ', async (_what, second) => {
    expect(await deploy(second)).toMatchObject({ __typename: 'DeployEndpointSuccess' });
  });
});

test('the same routing key gets the same variant', async () => {
  await deployEndpoint(server, 'sticky', [
    { name: 'a', ref: 'affine@1.0.0', weight: 1 },
    { name: 'b', ref: 'affine@1.0.0', weight: 1 },
  ]);
  const variantOf = async (routingKey: string) =>
    (await predict(server, { endpoint: 'sticky', rows: [rowOf(1)], routingKey })).variant;
  const keys = Array.from({ length: 20 }, (_, index) => `customer-${index}`);
  const first = await Promise.all(keys.map(variantOf));
  expect(await Promise.all(keys.map(variantOf))).toEqual(first);
  expect(new Set(first).size).toBe(2);
});

test('a variant that follows an alias moves with it', async () => {
  await registry.version('mover', affine(), { columns: [{ input: 'x', names: NAMES }] });
  await registry.version('mover', affine(30, 2), { columns: [{ input: 'x', names: NAMES }] });
  await registry.promote('mover@1.0.0', 'production');
  await deployEndpoint(server, 'mover', [{ ref: 'mover@production', weight: 1 }]);
  await registry.promote('mover@2.0.0', 'production');
  // Whoever has moved the alias is answered by where it points now.
  expect(await predict(server, { endpoint: 'mover', rows: [rowOf(1)] })).toMatchObject({
    version: { number: '2.0.0' },
  });
});

test('text, wide integers and special numbers come back exactly', async () => {
  await registry.version('text', identity('BYTES', ['N', 2]));
  await registry.version('wide', identity('INT64', ['N', 2]));
  await registry.version('double', identity('FP64', ['N', 2]));
  const echo = async (ref: string, datatype: string, data: unknown[]) => {
    const answer = await predict(server, {
      ref: `${ref}@1.0.0`,
      inputs: [{ name: 'x', datatype, shape: [1, 2], data }],
    });
    return answer.outputs[0]?.data;
  };
  expect(await echo('text', 'BYTES', ['größe 🐧', ''])).toEqual(['größe 🐧', '']);
  expect(await echo('wide', 'INT64', ['9007199254740993', -1])).toEqual(['9007199254740993', -1]);
  expect(await echo('double', 'FP64', ['NaN', '-Infinity'])).toEqual(['NaN', '-Infinity']);
});

test('endpoints come back after a restart and answer', async () => {
  await server.restart();
  expect(await predict(server, { endpoint: 'scores', rows: [rowOf(5)] })).toMatchObject({
    rows: [{ y: answerTo(rowOf(5)) }],
  });
});

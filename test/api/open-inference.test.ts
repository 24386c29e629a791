import { deflateSync, gzipSync } from 'node:zlib';
import { affine, affineAnswer, identity, model, value } from '../support/onnx-models';
import { OpenInferenceClient, type V2Tensor } from '../support/open-inference-client';
import { RegistryClient, scaled } from '../support/registry-client';
import { deployEndpoint } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

/** `sum` is a + b, `same` the text in `t`: inputs and outputs of two kinds. */
const twoAndTwo = () =>
  model({
    node: [
      { opType: 'Add', input: ['a', 'b'], output: ['sum'] },
      { opType: 'Identity', input: ['t'], output: ['same'] },
    ],
    input: [value('a', 'INT32', ['N', 2]), value('b', 'INT32', ['N', 2]), value('t', 'BYTES', ['N', 1])],
    output: [value('sum', 'INT32', ['N', 2]), value('same', 'BYTES', ['N', 1])],
  });

let server: TestServer;
let v2: OpenInferenceClient;
beforeAll(async () => {
  server = await startTestServer();
  v2 = new OpenInferenceClient(server);
  const registry = new RegistryClient(server);
  await registry.version('points', scaled(2));
  await registry.version('points', scaled(3));
  await registry.promote('points@1.0.0', 'production');
  const models = {
    'affine of 30': affine(),
    'two and two': twoAndTwo(),
    'no axes': identity('FP32', []),
    text: identity('BYTES', ['N', 1]),
    INT64: identity('INT64'),
    FP32: identity('FP32'),
    'open FP32': identity('FP32', ['N', 'M']),
    square: identity('FP32', [2, 2]),
    unpromoted: scaled(7),
  };
  for (const [name, bytes] of Object.entries(models)) await registry.version(name, bytes);
  for (const name of Object.keys(models).filter((known) => known !== 'unpromoted'))
    await registry.promote(`${name}@1.0.0`, 'production');
  await deployEndpoint(server, 'scores', [{ ref: 'points@production', weight: 1 }]);
});
afterAll(() => server.stop());

const x = (data: readonly unknown[], shape = [data.length / 2, 2], datatype = 'FP32'): V2Tensor => ({
  ...{ name: 'x', datatype, shape, data },
});
const xBytes = (datatype: string, shape: readonly number[], size: number): V2Tensor => ({
  ...{ name: 'x', datatype, shape, parameters: { binary_data_size: size } },
});
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('what is there', () => {
  test('the server says who it is, and that it is alive and ready', async () => {
    expect((await v2.get('')).json).toEqual({
      name: 'modelgraph',
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      extensions: expect.arrayContaining(['binary_tensor_data', 'model_repository', 'statistics']),
    });
    expect(await v2.get('/health/live')).toMatchObject({ status: 200, json: { live: true } });
    expect(await v2.get('/health/ready')).toMatchObject({ status: 200, json: { ready: true } });
  });

  test.each([
    ['/models/scores', 'scores', ['2', '1']],
    ['/models/points', 'points', ['2', '1']],
    ['/models/points@1.0.1', 'points@1.0.1', ['2', '1']],
    ['/models/points/versions/2', 'points', ['2', '1']],
  ])('GET %s tells names, types and shapes', async (path, name, versions) => {
    expect((await v2.get(path)).json).toEqual({
      ...{ name, versions, platform: 'onnx_onnxv1' },
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
    });
    expect(await v2.get(`${path}/ready`)).toMatchObject({ status: 200, json: { name, ready: true } });
  });

  test('the configuration follows from the model: without rows where there are rows', async () => {
    expect((await v2.get('/models/two%20and%20two/config')).json).toMatchObject({
      ...{ name: 'two and two', platform: 'onnxruntime_onnx', max_batch_size: 128 },
      input: [
        { name: 'a', data_type: 'TYPE_INT32', dims: [2] },
        { name: 'b', data_type: 'TYPE_INT32', dims: [2] },
        { name: 't', data_type: 'TYPE_STRING', dims: [1] },
      ],
    });
    expect((await v2.get('/models/square/config')).json).toMatchObject({
      max_batch_size: 0,
      input: [{ name: 'x', data_type: 'TYPE_FP32', dims: [2, 2] }],
    });
  });

  test.each([
    ['/models/nobody', 'There is no endpoint or model “nobody”.'],
    ['/models/points/versions/9', 'No version of “points” is 9. It has 1.0.1 (2), 1.0.0 (1).'],
    ['/models/points/versions/latest', 'No version of “points” is latest. It has 1.0.1 (2), 1.0.0 (1).'],
    [
      '/models/points@1.0.1/versions/1',
      'No version of “points” is points@1.0.1 and 1 at once. It has 1.0.1 (2), 1.0.0 (1).',
    ],
    ['/models/unpromoted', 'No version of “unpromoted” is in production. It has 1.0.0 (1).'],
    ['/models/..%2F..%2Fetc%2Fpasswd', 'There is no endpoint or model “../../etc/passwd”.'],
    ['/models/x/y/z', 'The Open Inference Protocol has nothing at this path.'],
  ])('GET %s is refused with what there is', async (path, error) => {
    expect(await v2.get(path)).toMatchObject({ status: 404, json: { error } });
  });

  test('a wrong method, a wrong path and a stranger are answered in the protocol’s form', async () => {
    expect(await v2.get('/models/points/infer')).toMatchObject({
      status: 405,
      json: { error: 'Expected POST here, got GET.' },
    });
    expect((await v2.get('/models/points/infer')).headers.get('allow')).toBe('POST');
    expect(await v2.get('/models/%E0%A4%A')).toMatchObject({ status: 400 });
    const stranger = await fetch(`${server.url}/v2/health/live`);
    expect(stranger.status).toBe(401);
    expect(await stranger.json()).toEqual({ error: expect.stringContaining('credential') });
  });
});

describe('JSON', () => {
  test.each([
    ['an endpoint', 'scores', 'scores', '1', [2, 4]],
    ['a model', 'points', 'points', '1', [2, 4]],
    ['a reference', 'points@1.0.1', 'points@1.0.1', '2', [3, 6]],
    ['a version by its number', 'points/versions/1.0.1', 'points', '2', [3, 6]],
    ['a version by its place', 'scores/versions/2', 'scores', '2', [3, 6]],
  ])('%s answers', async (_what, path, name, version, data) => {
    const body = { id: 'ask-1', inputs: [x([1, 2])] };
    expect(await v2.post(`/models/${path}/infer`, body)).toMatchObject({
      status: 200,
      json: {
        ...{ model_name: name, model_version: version, id: 'ask-1' },
        parameters: { prediction_id: expect.stringMatching(/^[0-9a-f-]{36}/) },
        outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 2], data }],
      },
    });
  });

  test('null says nothing, wherever a field may be left out: many typed clients write it', async () => {
    const parameters = { timeout: null, priority: null, routing_key: null, binary_data_output: null };
    const inputs = [
      { ...x([1, 2]), parameters: null },
      { ...x([1, 2]), parameters: { binary_data_size: null, shared_memory_region: null } },
    ];
    const outputs = [
      null,
      [{ name: 'y', parameters: null }],
      [{ name: 'y', parameters: { binary_data: null } }],
    ];
    for (const input of inputs)
      for (const wanted of outputs) {
        const body = { id: null, parameters, inputs: [input], outputs: wanted };
        const { status, json } = await v2.infer('FP32', body);
        expect([status, json.error]).toEqual([200, undefined]);
        expect(json.outputs).toEqual([{ name: 'y', datatype: 'FP32', shape: [1, 2], data: [1, 2] }]);
        expect(json).not.toHaveProperty('id');
      }
    const first = { id: null, parameters: null, inputs: [{ ...xBytes('FP32', [1, 2], 8), data: null }] };
    const binary = await v2.inferBinary('FP32', first, hex('0000803f 000000c0'));
    expect(binary.json.outputs?.[0]?.data).toEqual([1, -2]);
  });

  test('values may be nested, and rows many', async () => {
    const rows = Array.from({ length: 300 }, (_, row) =>
      Array.from({ length: 30 }, (_, at) => (row + at) % 7),
    );
    const body = { inputs: [{ name: 'x', datatype: 'FP32', shape: [300, 30], data: rows }] };
    const { json } = await v2.infer('affine of 30', body);
    expect(json.outputs?.[0]?.data).toEqual(rows.flatMap((row) => affineAnswer(row)));
  });

  test('what JSON has no number for travels as text, and a bare NaN is understood', async () => {
    const special = ['NaN', 'Infinity', '-Infinity', 1.5];
    const { json } = await v2.infer('FP32', { inputs: [x(special)] });
    expect(json.outputs?.[0]?.data).toEqual(special);
    const bare = '{"inputs":[{"name":"x","datatype":"FP32","shape":[2,2],"data":[NaN,-Infinity,-0,1e2]}]}';
    const answer = (await v2.infer('FP32', bare)).json.outputs?.[0]?.data;
    expect(answer).toEqual(['NaN', '-Infinity', -0, 100]);
  });

  test('64-bit integers stay exact, whether they come as numbers or as texts', async () => {
    const data = '9007199254740993,"-9223372036854775808",9007199254740991,9223372036854775807';
    const body = `{"id":"9007199254740993","inputs":[{"name":"x","datatype":"INT64","shape":[2,2],"data":[[${data.slice(0, 39)}],[${data.slice(40)}]]}]}`;
    expect((await v2.infer('INT64', body)).json).toMatchObject({
      id: '9007199254740993',
      outputs: [
        { data: ['9007199254740993', '-9223372036854775808', 9007199254740991, '9223372036854775807'] },
      ],
    });
  });

  test('scalars, empty tensors and texts of any language', async () => {
    const scalar = await v2.infer('no axes', {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [], data: [2.5] }],
    });
    expect(scalar.json.outputs).toEqual([{ name: 'y', datatype: 'FP32', shape: [], data: [2.5] }]);
    const empty = await v2.infer('FP32', { inputs: [x([], [0, 2])] });
    expect(empty.json.outputs).toEqual([{ name: 'y', datatype: 'FP32', shape: [0, 2], data: [] }]);
    const texts = await v2.infer('text', { inputs: [x(['größe "🐧"\n', ''], [2, 1], 'BYTES')] });
    expect(texts.json.outputs?.[0]?.data).toEqual(['größe "🐧"\n', '']);
  });

  test('only the outputs that are wanted are answered', async () => {
    const inputs = [
      { name: 'a', datatype: 'INT32', shape: [1, 2], data: [1, 2] },
      { name: 't', datatype: 'BYTES', shape: [1, 1], data: ['t'] },
      { name: 'b', datatype: 'INT32', shape: [1, 2], data: [10, 20] },
    ];
    const { json } = await v2.infer('two and two', { inputs, outputs: [{ name: 'sum' }] });
    expect(json.outputs).toEqual([{ name: 'sum', datatype: 'INT32', shape: [1, 2], data: [11, 22] }]);
  });

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ])('a body may be compressed by %s, bytes of tensors too', async (encoding, compress) => {
    const json = Buffer.from(JSON.stringify({ inputs: [xBytes('FP32', [1, 2], 8)] }));
    const body = compress(Buffer.concat([json, hex('0000803f 000000c0')]));
    const headers = { 'content-encoding': encoding, 'inference-header-content-length': String(json.length) };
    const answer = await v2.infer('FP32', body, headers);
    expect(answer.json.outputs?.[0]?.data).toEqual([1, -2]);
  });
});

describe('bytes', () => {
  test('numbers go in and out as little-endian bytes', async () => {
    const answer = await v2.inferBinary(
      'points',
      { inputs: [xBytes('FP32', [2, 2], 16)], outputs: [{ name: 'y', parameters: { binary_data: true } }] },
      hex('0000803f 000000c0 0000003f 0000c07f'),
    );
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(answer.json.outputs).toEqual([
      { name: 'y', datatype: 'FP32', shape: [2, 2], parameters: { binary_data_size: 16 } },
    ]);
    expect(answer.bytes.toString('hex')).toBe('00000040000080c00000803f0000c07f');
  });

  test('JSON and bytes may be mixed, in inputs and in outputs', async () => {
    const inputs = [
      { name: 'a', datatype: 'INT32', shape: [1, 2], parameters: { binary_data_size: 8 } },
      { name: 'b', datatype: 'INT32', shape: [1, 2], data: [[-1, 2147483647]] },
      { name: 't', datatype: 'BYTES', shape: [1, 1], parameters: { binary_data_size: 6 } },
    ];
    const outputs = [{ name: 'same', parameters: { binary_data: true } }, { name: 'sum' }];
    const bytes = [hex('01000000 00000080'), hex('02000000 c3bc')];
    const answer = await v2.inferBinary('two and two', { inputs, outputs }, ...bytes);
    expect(answer.json.outputs).toEqual([
      { name: 'same', datatype: 'BYTES', shape: [1, 1], parameters: { binary_data_size: 6 } },
      { name: 'sum', datatype: 'INT32', shape: [1, 2], data: [0, -1] },
    ]);
    expect(answer.bytes.toString('hex')).toBe('02000000c3bc');
  });

  test('what holds for all outputs may be overridden for one', async () => {
    const inputs = [
      { name: 'a', datatype: 'INT32', shape: [1, 2], data: [1, 2] },
      { name: 'b', datatype: 'INT32', shape: [1, 2], data: [3, 4] },
      { name: 't', datatype: 'BYTES', shape: [1, 1], data: ['ab'] },
    ];
    const parameters = { binary_data_output: true };
    const all = await v2.infer('two and two', { inputs, parameters });
    expect(all.bytes.toString('hex')).toBe('0400000006000000020000006162');
    const outputs = [{ name: 'sum', parameters: { binary_data: false } }, { name: 'same' }];
    const one = await v2.infer('two and two', { inputs, parameters, outputs });
    expect(one.json.outputs?.[0]?.data).toEqual([4, 6]);
    expect(one.bytes.toString('hex')).toBe('020000006162');
  });

  test('an empty tensor is no bytes, and its size is said', async () => {
    const parameters = { binary_data_output: true };
    const answer = await v2.inferBinary('FP32', { parameters, inputs: [xBytes('FP32', [0, 2], 0)] });
    expect(answer.json.outputs).toEqual([
      { name: 'y', datatype: 'FP32', shape: [0, 2], parameters: { binary_data_size: 0 } },
    ]);
    expect(answer.bytes).toHaveLength(0);
  });

  test('a large tensor comes back bit by bit, wherever it begins in the body', async () => {
    const sent = Buffer.from(new Float32Array(300_000).map((_, at) => at / 3).buffer);
    for (const id of ['', '1', '12', '123']) {
      const json = {
        id,
        parameters: { binary_data_output: true },
        inputs: [xBytes('FP32', [1, 300_000], sent.length)],
      };
      const { bytes } = await v2.inferBinary('open FP32', json, sent);
      expect(bytes.equals(sent)).toBe(true);
    }
  });

  test('a body that is nothing but values is one row of the one input, and is answered likewise', async () => {
    const raw = { 'inference-header-content-length': '0' };
    const row = await v2.infer('points', hex('0000803f 000000c0'), raw);
    expect(row.json.outputs?.[0]).toMatchObject({ shape: [1, 2], parameters: { binary_data_size: 8 } });
    expect(row.bytes.toString('hex')).toBe('00000040000080c0');
    const open = await v2.infer('open FP32', hex('0000803f 000000c0 00000000'), raw);
    expect(open.json.outputs?.[0]?.shape).toEqual([1, 3]);
    const text = await v2.infer('text', Buffer.from('größe'), raw);
    expect(text.bytes.toString('hex')).toBe('070000006772c3b6c39f65');
  });

  test.each([
    ['points', hex('0000803f'), 'inputs[0]: expected 8 bytes, as the shape says, got 4 bytes.'],
    ['two and two', hex('00'), 'A body of only values is for models with one input; this one has 3.'],
    ['text', hex('ff'), 'inputs[0].data[0]: expected text in UTF-8, got other bytes.'],
  ])('only values that do not fit “%s” are refused', async (name, body, error) => {
    const answer = await v2.infer(name, body, { 'inference-header-content-length': '0' });
    expect(answer).toMatchObject({ status: 400, json: { error } });
  });
});

test('calls with one routing key go to one variant', async () => {
  await deployEndpoint(server, 'split', [
    { ref: 'points@1.0.0', weight: 1 },
    { ref: 'points@1.0.1', weight: 1 },
  ]);
  const ask = async (routing_key: string) =>
    (await v2.infer('split', { parameters: { routing_key }, inputs: [x([1, 2])] })).json.parameters?.variant;
  const variants = new Set<unknown>();
  for (let key = 0; key < 20; key += 1) {
    const variant = await ask(`key ${key}`);
    expect(await ask(`key ${key}`)).toBe(variant);
    variants.add(variant);
  }
  expect(variants.size).toBe(2);
});

test('an endpoint’s rules may look at a header, and at a parameter', async () => {
  const input = {
    name: 'ruled',
    variants: [
      { name: 'usual', ref: 'points@1.0.0', weight: 1 },
      { name: 'special', ref: 'points@1.0.1', weight: 0 },
    ],
    rules: [
      { header: 'x-plan', equals: ['gold'], variant: 'special' },
      { field: 'plan', equals: ['gold'], variant: 'special' },
    ],
  };
  const query = `mutation ($input: DeployEndpointInput!) { deployEndpoint(input: $input) { __typename ... on UserError { message } } }`;
  expect(await server.data(query, { input })).toEqual({
    deployEndpoint: { __typename: 'DeployEndpointSuccess' },
  });
  const variantOf = async (parameters: object, headers: Record<string, string>) =>
    (await v2.infer('ruled', { parameters, inputs: [x([1, 2])] }, headers)).json.parameters?.variant;
  expect(await variantOf({}, {})).toBe('usual');
  expect(await variantOf({}, { 'X-Plan': 'gold' })).toBe('special');
  expect(await variantOf({ plan: 'gold' }, { 'x-plan': 'silver' })).toBe('special');
});

import { connect } from 'node:net';
import {
  affine,
  affineAnswer,
  centred,
  floats,
  identity,
  model,
  oneNode,
  value,
} from '../support/onnx-models';
import { RegistryClient, scaled } from '../support/registry-client';
import { deployEndpoint } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';
import { answered, refused, TfServingClient } from '../support/tf-serving-client';

/** `tag` is the species, `doubled` the length twice: an input for each column, of text and of numbers. */
const flowers = () =>
  model({
    node: [
      { opType: 'Identity', input: ['species'], output: ['tag'] },
      { opType: 'Mul', input: ['length', 'two'], output: ['doubled'] },
    ],
    input: [value('species', 'BYTES', ['N', 1]), value('length', 'FP32', ['N', 1])],
    output: [value('tag', 'BYTES', ['N', 1]), value('doubled', 'FP32', ['N', 1])],
    initializer: [floats('two', [1], [2])],
  });

let server: TestServer;
let registry: RegistryClient;
beforeAll(async () => {
  server = await startTestServer();
  registry = new RegistryClient(server);
  await registry.version('points', scaled(2));
  await registry.version('points', scaled(3));
  await registry.promote('points@1.0.0', 'production');
  await registry.promote('points@1.0.1', 'staging');
  await registry.version('affine', affine());
  await registry.version('flowers', flowers());
  await registry.version('text', identity('BYTES', ['N']));
  await registry.version('centred', centred());
  for (const name of ['affine', 'flowers', 'text', 'centred'])
    await registry.promote(`${name}@1.0.0`, 'production');
  await deployEndpoint(server, 'scores', [{ ref: 'points@1.0.1', weight: 1 }]);
});
afterAll(() => server.stop());

const call = (path: string, init?: RequestInit) => new TfServingClient(server).call(path, init);
const post = (...asked: Parameters<TfServingClient['post']>) => new TfServingClient(server).post(...asked);

describe('predict', () => {
  test('rows are answered by predictions, columns by outputs', async () => {
    const rows = [
      [1, 2.5],
      [3, 4],
    ];
    const doubled = [
      [2, 5],
      [6, 8],
    ];
    expect(await post('/points:predict', { instances: rows })).toEqual(answered({ predictions: doubled }));
    expect(await post('/points:predict', { inputs: { x: rows } })).toEqual(answered({ outputs: doubled }));
    expect(await post('/points:predict', { inputs: rows, signature_name: 'serving_default' })).toEqual(
      answered({ outputs: doubled }),
    );
  });

  test('one tensor of many columns', async () => {
    const row = Array.from({ length: 30 }, (_, index) => index / 8);
    expect(await post('/affine:predict', { instances: [row, row] })).toEqual(
      answered({ predictions: [affineAnswer(row), affineAnswer(row)] }),
    );
  });

  test('an input for each column, of text and of numbers, by rows and by columns', async () => {
    const rows = [
      { species: 'Adelie', length: 39.5 },
      { species: 'größe 🐧', length: 1 },
    ];
    expect(await post('/flowers:predict', { instances: rows })).toEqual(
      answered({
        predictions: [
          { tag: ['Adelie'], doubled: [79] },
          { tag: ['größe 🐧'], doubled: [2] },
        ],
      }),
    );
    expect(await post('/flowers:predict', { inputs: { species: [['a'], ['b']], length: [1, 2] } })).toEqual(
      answered({ outputs: { tag: [['a'], ['b']], doubled: [[2], [4]] } }),
    );
  });

  test('text goes in as base64, and comes out so where the name ends in _bytes', async () => {
    const b64 = Buffer.from('größe').toString('base64');
    expect(await post('/text:predict', { instances: [{ b64 }, 'plain'] })).toEqual(
      answered({ predictions: ['größe', 'plain'] }),
    );
    const image = oneNode(
      { opType: 'Identity', input: ['image'], output: ['image_bytes'] },
      [value('image', 'BYTES', ['N'])],
      [value('image_bytes', 'BYTES', ['N'])],
    );
    await registry.version('image', image);
    await registry.promote('image@1.0.0', 'production');
    expect(await post('/image:predict', { instances: ['größe'] })).toEqual(
      answered({ predictions: [{ b64 }] }),
    );
  });

  test('NaN and infinities go in bare or as text, and come out as text', async () => {
    const expected = answered({
      predictions: [
        ['NaN', 'Infinity'],
        ['-Infinity', 1],
      ],
    });
    expect(await post('/points:predict', '{"instances": [[NaN, Infinity], [-Infinity, 0.5]]}')).toEqual(
      expected,
    );
    expect(
      await post('/points:predict', {
        instances: [
          ['NaN', 'Infinity'],
          ['-Infinity', 0.5],
        ],
      }),
    ).toEqual(expected);
  });

  test('the whole numbers of a decimal keep their point, as clients of Python expect', async () => {
    const init = { method: 'POST', headers: server.headers, body: '{"instances": [[1, -0.0]]}' };
    const response = await fetch(`${server.url}/v1/models/points:predict`, init);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.text()).toBe('{"predictions":[[2.0,-0.0]]}\n');
  });

  test('a model whose rows depend on each other is asked by columns only', async () => {
    const inputs = [
      [1, 2],
      [3, 4],
    ];
    expect(await post('/centred:predict', { inputs })).toEqual(
      answered({
        outputs: [
          [-1, -1],
          [1, 1],
        ],
      }),
    );
    expect(await post('/centred:predict', { instances: inputs })).toEqual(refused(400, /column form/));
  });

  test('any content type will do, since curl says that JSON is a form', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await post('/points:predict', '{"instances": [[1, 2]]}', headers)).toMatchObject({ status: 200 });
  });
});

describe('which version', () => {
  const asks = { instances: [[1, 1]] };
  test.each([
    ['the model, by what is in production', '/points', 2],
    ['an endpoint', '/scores', 3],
    ['a reference', '/points@staging', 3],
    ['a version by its place', '/points/versions/2', 3],
    ['a version by its number', '/points/versions/1.0.0', 2],
    ['a label', '/points/labels/staging', 3],
    ['a label of the model behind an endpoint', '/scores/labels/production', 2],
    ['a version of an endpoint', '/scores/versions/1', 2],
  ])('%s', async (_what, path, factor) => {
    expect(await post(`${path}:predict`, asks)).toEqual(answered({ predictions: [[factor, factor]] }));
  });

  test.each([
    ['/nothing', 404, /There is no endpoint or model “nothing”/],
    ['/no%00thing', 404, /There is no endpoint or model “no thing”/],
    ['/points/versions/7', 404, /It has 1\.0\.1 \(2\), 1\.0\.0 \(1\)/],
    ['/points/versions/99999999999999999999', 404, /It has 1\.0\.1 \(2\)/],
    [
      '/points/labels/nope',
      400,
      /Unrecognized servable version label: nope\. “points” has .*production, staging/,
    ],
    ['/scores/labels/nope', 400, /Unrecognized servable version label: nope\. “points” has/],
    ['/points/labels/2', 400, /Unrecognized servable version label: 2\./],
    ['/points@staging/labels/production', 400, /Unrecognized servable version label: production/],
    ['/nothing/labels/production', 404, /There is no endpoint or model “nothing”/],
  ])('%s is not there, for predictions, status and metadata', async (path, status, sentence) => {
    expect(await post(`${path}:predict`, asks)).toEqual(refused(status, sentence));
    expect(await call(path)).toEqual(refused(status, sentence));
    expect(await call(`${path}/metadata`)).toEqual(refused(status, sentence));
  });

  test('a version and a label of an endpoint are its variant’s; what no variant has answers by itself', async () => {
    const variants = [
      { name: 'usual', ref: 'points@1.0.0', weight: 1 },
      { name: 'rare', ref: 'points@1.0.1', weight: 0 },
    ];
    await deployEndpoint(server, 'versioned', variants);
    const variantOf = async (path: string) => {
      const init = { method: 'POST', headers: server.headers, body: JSON.stringify(asks) };
      const { status, headers } = await fetch(`${server.url}/v1/models${path}:predict`, init);
      return [status, headers.get('x-modelgraph-variant')];
    };
    expect(await variantOf('/versioned/versions/2')).toEqual([200, 'rare']);
    expect(await variantOf('/versioned/labels/staging')).toEqual([200, 'rare']);
    expect(await variantOf('/versioned/labels/production')).toEqual([200, 'usual']);
    expect(await variantOf('/scores/labels/production')).toEqual([200, null]);
    expect(await variantOf('/scores/versions/1')).toEqual([200, null]);
  });

  test('a model without anything in production is asked by its labels and versions', async () => {
    await registry.version('young', scaled(5));
    await registry.promote('young@1.0.0', 'candidate');
    expect(await post('/young:predict', asks)).toEqual(refused(404, /It has 1\.0\.0 \(1\)/));
    const expected = answered({ predictions: [[5, 5]] });
    expect(await post('/young/labels/candidate:predict', asks)).toEqual(expected);
    expect(await post('/young/versions/1:predict', asks)).toEqual(expected);
  });
});

describe('status and metadata', () => {
  const available = (version: string) => ({
    ...{ version, state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } },
  });
  test.each([
    ['/points', ['2', '1']],
    ['/scores', ['2', '1']],
    ['/points/versions/1', ['1']],
    ['/points/labels/staging', ['2']],
  ])('%s has the versions %j', async (path, versions) => {
    expect(await call(path)).toEqual(answered({ model_version_status: versions.map(available) }));
  });

  test('the signature is told as TensorFlow tells it', async () => {
    const info = (name: string, dtype: string) => ({
      dtype,
      tensor_shape: {
        dim: [
          { size: '-1', name: '' },
          { size: '1', name: '' },
        ],
        unknown_rank: false,
      },
      name,
    });
    expect(await call('/flowers/metadata')).toEqual(
      answered({
        model_spec: { name: 'flowers', signature_name: '', version: '1' },
        metadata: {
          signature_def: {
            signature_def: {
              serving_default: {
                inputs: { species: info('species', 'DT_STRING'), length: info('length', 'DT_FLOAT') },
                outputs: { tag: info('tag', 'DT_STRING'), doubled: info('doubled', 'DT_FLOAT') },
                method_name: 'tensorflow/serving/predict',
                defaults: {},
              },
            },
          },
        },
      }),
    );
    expect(await call('/points/labels/staging/metadata')).toMatchObject({
      json: { model_spec: { name: 'points', version: '2' } },
    });
  });
});

describe('what is wrong is told, and costs one request', () => {
  test.each<[string, string | object, string | RegExp]>([
    ['no body', '', 'JSON Parse error: The document is empty'],
    ['no JSON', 'instances = [1, 2]', 'JSON Parse error: '],
    ['cut off JSON', '{"instances": [[NaN, 1', 'JSON Parse error: Unexpected end'],
    ['no object', '[[1, 2]]', 'must be a JSON object'],
    ['both forms', { instances: [[1, 2]], inputs: [[1, 2]] }, 'not both'],
    ['neither form', { examples: [] }, "Missing 'inputs' or 'instances'"],
    ['another signature', { signature_name: 'x', instances: [[1, 2]] }, 'There is only "serving_default"'],
    ['no instances', { instances: [] }, "No values in 'instances'"],
    [
      'a text for a number',
      {
        instances: [
          [1, 2],
          [3, 'x'],
        ],
      },
      /^instances\[1\]\[1\]: expected a number \(FP32\), got "x"/,
    ],
    ['null', { inputs: { x: [[null, 1]] } }, /^inputs\.x\[0\]\[0\]: expected a number \(FP32\), got null/],
    ['true', { instances: [[true, 1]] }, /^instances\[0\]\[0\]: expected a number \(FP32\), got true/],
    [
      'an object',
      { instances: [[{ b64: 'YQ==' }, 1]] },
      /^instances\[0\]\[0\]: expected a number .* an object/,
    ],
    [
      'too many columns',
      { instances: [[1, 2, 3]] },
      /^instances\[0\]: expected a list of 2 values, got a list of 3/,
    ],
    ['too few columns', { instances: [[1]] }, /^instances\[0\]: expected a list of 2 values/],
    [
      'ragged rows',
      { instances: [[1, 2], [3]] },
      /^instances\[1\]: expected a list of 2 values, got a list of 1/,
    ],
    ['a rank too low', { instances: [1, 2] }, /^instances\[0\]: expected a list of 2 values, got 1/],
    ['a rank too high', { instances: [[[1], [2]]] }, /^instances\[0\]\[0\]: expected a single value/],
    ['another name', { instances: [{ y: [1, 2] }] }, '“x” is missing'],
    ['an input too many', { inputs: { x: [[1, 2]], y: [] } }, 'there is no input “y”'],
  ])('%s', async (_what, body, sentence) => {
    expect(await post('/points:predict', body)).toEqual(refused(400, sentence));
  });

  test('a missing input, and rows of different number', async () => {
    expect(await post('/flowers:predict', { instances: [{ species: 'a' }] })).toEqual(
      refused(400, 'instances[0]: “length” is missing'.replace(/[[\]]/g, '\\$&')),
    );
    expect(await post('/flowers:predict', { inputs: { species: ['a', 'b'], length: [1] } })).toEqual(
      refused(400, /2 rows in every tensor/),
    );
    expect(await post('/flowers:predict', { instances: ['a'] })).toEqual(refused(400, /several inputs/));
  });

  test.each([
    [
      'bytes that are no UTF-8',
      Buffer.concat([Buffer.from('{"instances":["'), Buffer.of(0xff), Buffer.from('"]}')]),
    ],
    ['text that is no text', Buffer.from(String.raw`{"instances": ["\ud800"]}`)],
    ['a number for text', Buffer.from('{"instances": [1]}')],
    ['a bare NaN for text', Buffer.from('{"instances": [NaN]}')],
  ])('%s', async (_what, body) => {
    expect(await post('/text:predict', body)).toEqual(refused(400, /./));
  });

  test('base64 of other bytes, whose place is told', async () => {
    expect(await post('/text:predict', { instances: ['a', { b64: '/w==' }] })).toEqual(
      refused(400, /instances\[1\]: expected text in UTF-8, got other bytes/),
    );
  });

  test.each(['classify', 'regress'])('%s is not implemented, and the answer says what is', async (verb) => {
    expect(await post(`/points:${verb}`, { examples: [{ x: 1 }] })).toEqual(
      refused(501, /“:predict” instead/),
    );
  });

  test.each([
    ['POST', '/points:explain'],
    ['GET', '/points:predict'],
    ['POST', '/points/versions/HELLO:predict'],
    ['DELETE', '/points'],
    ['GET', ''],
  ])('%s %s is malformed', async (method, path) => {
    expect(await call(path, { method })).toEqual(refused(400, /^Malformed request: .*There are POST/));
  });

  test('no credential, and one that may not', async () => {
    const strangers = { method: 'POST', headers: {}, body: '{"instances": [[1, 2]]}' };
    expect(await call('/points:predict', strangers)).toEqual(refused(401, /valid credential/));
    const { headers } = await server.as('viewer');
    expect(await call('/points:predict', { ...strangers, headers })).toEqual(
      refused(403, /endpoint:predict/),
    );
    expect(await call('/points', { headers })).toMatchObject({ status: 200 });
  });

  test('a model of another project is not there', async () => {
    const { headers } = await server.as('admin', 'others');
    expect(await call('/points', { headers })).toEqual(refused(404, /There is no endpoint or model/));
  });

  test('a caller that leaves in the middle of its body disturbs nobody', async () => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    const head = [
      'POST /v1/models/points:predict HTTP/1.1',
      'host: x',
      `authorization: Bearer ${server.key}`,
    ];
    socket.write(`${[...head, 'content-length: 1000'].join('\r\n')}\r\n\r\n{"instances": [[`);
    const answers = Array.from({ length: 20 }, (_, row) =>
      post('/points:predict', { instances: [[row, 1], [1, 2, 3].slice(row % 2)] }),
    );
    socket.destroy();
    for (const [row, answer] of (await Promise.all(answers)).entries())
      expect(answer.status).toBe(row % 2 === 1 ? 200 : 400);
  });
});

import { identity, lookup } from '../support/onnx-models';
import { OpenInferenceClient } from '../support/open-inference-client';
import { RegistryClient, scaled } from '../support/registry-client';
import { startTestServer, type TestServer } from '../support/test-server';

const MEBIBYTE = 1024 * 1024;

let server: TestServer;
let v2: OpenInferenceClient;
beforeAll(async () => {
  server = await startTestServer();
  v2 = new OpenInferenceClient(server);
  const registry = new RegistryClient(server);
  const models = {
    points: scaled(2),
    lookup: lookup(),
    text: identity('BYTES', ['N', 1]),
    flags: identity('BOOL', ['N', 1]),
    INT64: identity('INT64'),
    any: identity('FP32', ['N', 'M']),
  };
  for (const [name, bytes] of Object.entries(models)) {
    await registry.version(name, bytes);
    await registry.promote(`${name}@1.0.0`, 'production');
  }
});
afterAll(() => server.stop());

/** What anybody else sends meanwhile is answered as ever. */
afterEach(async () => {
  const { status, json } = await v2.infer('points', question({}));
  expect({ status, data: json.outputs?.[0]?.data }).toEqual({ status: 200, data: [2, 4] });
});

const question = (input: object, more: object = {}) => ({
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2], ...input }],
  ...more,
});

describe('a wrong question is refused with its place, and what was expected', () => {
  test.each<[string, object, string]>([
    ['another name', question({ name: 'z' }), 'inputs[0].name: expected one of x, got z. (1 more)'],
    ['another type', question({ datatype: 'FP64' }), 'inputs[0].datatype: expected FP32, got "FP64".'],
    ['no known type', question({ datatype: 'BF16' }), 'inputs[0].datatype: expected FP32, got "BF16".'],
    [
      'a type that is no text',
      question({ datatype: 7 }),
      'inputs[0].datatype: expected a text such as FP32, got 7.',
    ],
    [
      'another shape',
      question({ shape: [1, 3] }),
      'inputs[0].shape: expected [-1, 2] (-1 may vary), got [1,3].',
    ],
    ['another rank', question({ shape: [2] }), 'inputs[0].shape: expected [-1, 2] (-1 may vary), got [2].'],
    [
      'a negative size',
      question({ shape: [-1, 2] }),
      'inputs[0].shape: expected [-1, 2] (-1 may vary), got [-1,2].',
    ],
    ['no shape', question({ shape: undefined }), 'inputs[0].shape: expected a list of sizes, got nothing.'],
    [
      'too few values',
      question({ data: [1] }),
      'inputs[0].data: expected 2 values, as the shape says, got 1.',
    ],
    [
      'too many values',
      question({ data: [1, 2, 3] }),
      'inputs[0].data: expected 2 values, as the shape says, got more.',
    ],
    ['no values', question({ data: undefined }), 'inputs[0].data: expected a list of values, got nothing.'],
    [
      'a text for a number',
      question({ data: [1, 'two'] }),
      'inputs[0].data[1]: expected a number (FP32), got "two".',
    ],
    [
      'null for a number',
      question({ data: [null, 2] }),
      'inputs[0].data[0]: expected a number (FP32), got null.',
    ],
    ['no inputs', { inputs: [] }, 'inputs: expected a tensor “x” of FP32, got none.'],
    ['inputs that are no list', { inputs: {} }, 'inputs: expected a list of at most 1000, got an object. '],
    ['an input that is none', { inputs: [7] }, 'inputs[0]: expected an object with a name, got 7.'],
    ['a name that is a number', { inputs: [{ name: 7 }] }, 'inputs[0].name: expected a text, got 7.'],
    ['no name', { inputs: [{ datatype: 'FP32' }] }, 'inputs[0].name: expected a text, got nothing.'],
    [
      'one input twice',
      { inputs: [...question({}).inputs, ...question({}).inputs] },
      'inputs[1].name: expected each input once, got x.',
    ],
    ['an unknown output', question({}, { outputs: [{ name: 'z' }] }), 'outputs: expected some of y, got z.'],
    [
      'one output twice',
      question({}, { outputs: [{ name: 'y' }, { name: 'y' }] }),
      'outputs[1].name: expected each output once, got "y".',
    ],
    ['an id that is no text', question({}, { id: 7 }), 'id: expected a text, got 7.'],
    [
      'a deadline of 0',
      question({}, { parameters: { timeout: 0 } }),
      'parameters.timeout: expected 1 to 60000000 µs, got 0.',
    ],
    [
      'a deadline of an hour',
      question({}, { parameters: { timeout: 3.6e9 } }),
      'parameters.timeout: expected 1 to 60000000 µs, got 3600000000.',
    ],
    [
      'a priority that is none',
      question({}, { parameters: { priority: -1 } }),
      'parameters.priority: expected a whole number from 0 on, got -1.',
    ],
    [
      'a flag that is none',
      question({}, { parameters: { binary_data_output: 'yes' } }),
      'parameters.binary_data_output: expected true or false, got "yes".',
    ],
    [
      'parameters that are none',
      question({ parameters: [1] }),
      'inputs[0].parameters: expected an object, got a list.',
    ],
    ...['shared_memory_region', 'file', 'uri'].map((name): [string, object, string] => [
      name,
      question({ parameters: { [name]: '/etc/passwd' } }),
      `inputs[0].parameters.${name}: expected values in the request itself`,
    ]),
    [
      'shared memory for an output',
      question({}, { outputs: [{ name: 'y', parameters: { shared_memory_region: 'r' } }] }),
      'outputs[0].parameters.shared_memory_region: expected values in the request itself',
    ],
    [
      'no classes',
      question({}, { outputs: [{ name: 'y', parameters: { classification: 0 } }] }),
      'outputs[0].parameters.classification: expected a whole number of classes from 1 on, got 0',
    ],
    [
      'classes of all outputs',
      question({}, { parameters: { classification: 3 } }),
      'parameters.classification: expected a parameter of an output',
    ],
    [
      'a size of bytes without bytes',
      question({ data: undefined, parameters: { binary_data_size: 8 } }),
      'inputs[0].parameters.binary_data_size: expected the header Inference-Header-Content-Length beside it',
    ],
  ])('%s', async (_what, body, error) => {
    expect(await v2.infer('points', body)).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining(error.trim()) },
    });
  });

  test.each([
    [question({ shape: ['huge', 2] }), 'inputs[0].shape: expected [-1, 2] (-1 may vary), got [Infinity,2].'],
    [
      question({}, { parameters: { timeout: 'huge' } }),
      'parameters.timeout: expected 1 to 60000000 µs, got Infinity.',
    ],
  ])('a number beyond all numbers is told as one: %j', async (asked, error) => {
    const body = JSON.stringify(asked).replace('"huge"', '1e400');
    expect(await v2.infer('points', body)).toMatchObject({ status: 400, json: { error } });
  });

  test.each([[[2 ** 31, 2]], [[2 ** 52, 2 ** 52]], [[0, 2 ** 40]], [[16_777_217, 1]]])(
    'a shape of %j is larger than any tensor may be',
    async (shape) => {
      const answer = await v2.infer('any', question({ shape, data: [] }));
      expect(answer).toMatchObject({
        status: 400,
        json: { error: expect.stringContaining('at most 16777216 elements') },
      });
    },
  );

  test.each([
    ['a body that is no JSON', 'not json', 400, 'The body is not JSON'],
    ['a body that is no object', '[1]', 400, 'Expected an object with inputs, got a list.'],
    ['a body that is no UTF-8', Buffer.from('{"id":"\xff"}', 'latin1'), 400, 'it is not UTF-8'],
    [
      'half a character',
      '{"inputs":[{"name":"x","datatype":"BYTES","shape":[1,1],"data":["\\ud800"]}]}',
      400,
      'expected a text',
    ],
    ['too much JSON', Buffer.alloc(16 * MEBIBYTE + 1, ' '), 413, 'at most 16777216 bytes'],
  ])('%s', async (_what, body, status, error) => {
    const answer = await v2.infer('text', body);
    expect(answer).toMatchObject({ status, json: { error: expect.stringContaining(error) } });
  });

  test('values that the runtime refuses cost only their caller', async () => {
    const body = { inputs: [{ name: 'i', datatype: 'INT64', shape: [1, 1], data: [99] }] };
    expect(await v2.infer('lookup', body)).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining('out of') },
    });
  });

  test('an integer of 64 bits that does not fit is refused, never rounded', async () => {
    for (const data of ['9223372036854775808', '"1.5"', '1e19', '-9223372036854775809']) {
      const body = `{"inputs":[{"name":"x","datatype":"INT64","shape":[1,2],"data":[0,${data}]}]}`;
      const answer = await v2.infer('INT64', body);
      expect(answer).toMatchObject({
        status: 400,
        json: { error: expect.stringContaining('inputs[0].data[1]') },
      });
    }
  });

  test('hundreds of wrong questions at once leave every right one alone', async () => {
    const wrong = [question({ name: 'z' }), question({ shape: [9] }), question({ data: [{}] }), {}, []];
    const bytes = Buffer.from([1, 2, 3]);
    const asked = Array.from({ length: 200 }, (_, at) => [
      v2.infer('points', wrong[at % wrong.length] ?? {}).then(({ status }) => status === 400),
      v2.inferBinary('points', question({}), bytes).then(({ status }) => status === 400),
      v2
        .infer('points', question({ data: [at, -at] }))
        .then(({ json }) => String(json.outputs?.[0]?.data) === String([2 * at, -2 * at + 0])),
    ]);
    expect(await Promise.all(asked.flat())).not.toContain(false);
  });

  test('a thousand tensors more than any model has are not even looked at', async () => {
    const inputs = Array.from({ length: 100_000 }, () => ({ name: 'x' }));
    expect(await v2.infer('points', { inputs })).toMatchObject({
      status: 400,
      json: { error: 'inputs: expected a list of at most 1000, got 100000.' },
    });
  });
});

describe('bytes that are not what the JSON says', () => {
  const input = (size: unknown, datatype = 'FP32', shape = [1, 2]) => ({
    inputs: [{ name: 'x', datatype, shape, parameters: { binary_data_size: size } }],
  });

  test.each<[string, object, number, string]>([
    ['too few bytes', input(8), 7, 'expected at most the 7 bytes that are left, got 8'],
    [
      'too many bytes',
      input(8),
      9,
      'expected binary_data_size for all bytes after the JSON, got 1 more bytes',
    ],
    [
      'a size that does not fit the shape',
      input(4),
      4,
      'inputs[0]: expected 8 bytes, as the shape says, got 4 bytes.',
    ],
    ['a negative size', input(-8), 0, 'binary_data_size: expected a number of bytes, got -8'],
    ['a size that is no number', input('8'), 8, 'binary_data_size: expected a number of bytes, got "8"'],
    ['a size beyond any memory', input(2 ** 52), 8, 'expected at most the 8 bytes that are left'],
    [
      'values beside the size',
      question({ parameters: { binary_data_size: 8 } }),
      8,
      'inputs[0].data: expected nothing beside binary_data_size',
    ],
  ])('%s', async (_what, json, size, error) => {
    const answer = await v2.inferBinary('points', json, Buffer.alloc(size));
    expect(answer).toMatchObject({ status: 400, json: { error: expect.stringContaining(error) } });
  });

  test.each([
    [
      'a text whose length lies',
      'text',
      'BYTES',
      'ffffffff41',
      'expected 1 texts, each after 4 bytes of its length',
    ],
    ['a text that is cut off', 'text', 'BYTES', '0300', 'expected 1 texts'],
    ['two texts for one', 'text', 'BYTES', '00000000 00000000', 'expected 1 texts'],
    [
      'bytes that are no text',
      'text',
      'BYTES',
      '02000000 ff41',
      'expected text in UTF-8, got other bytes in element 0',
    ],
    ['half a character of text', 'text', 'BYTES', '03000000 eda080', 'expected text in UTF-8'],
    ['a flag that is neither 0 nor 1', 'flags', 'BOOL', '02', 'expected a byte of 0 or 1 for each BOOL'],
  ])('%s', async (_what, name, datatype, hex, error) => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    const answer = await v2.inferBinary(name, input(bytes.length, datatype, [1, 1]), bytes);
    expect(answer).toMatchObject({ status: 400, json: { error: expect.stringContaining(error) } });
  });

  test('U+FFFD itself is a text like any other', async () => {
    const bytes = Buffer.from('03000000efbfbd', 'hex');
    const answer = await v2.inferBinary('text', input(7, 'BYTES', [1, 1]), bytes);
    expect(answer.json.outputs?.[0]?.data).toEqual(['\ufffd']);
  });

  test.each([
    ['-1', 'got “-1”'],
    ['ten', 'got “ten”'],
    ['1e3', 'got “1e3”'],
    ['99999999999', 'got 99999999999 where the body has'],
    ['2000', 'got 2000 where the body has'],
    ['10', 'The first 10 bytes of the body, as Inference-Header-Content-Length says, are not JSON'],
  ])('Inference-Header-Content-Length: %s', async (length, error) => {
    const answer = await v2.infer('points', question({}), { 'inference-header-content-length': length });
    expect(answer).toMatchObject({ status: 400, json: { error: expect.stringContaining(error) } });
  });

  test('without Inference-Header-Content-Length it is said that it is missing', async () => {
    const body = Buffer.concat([Buffer.from(JSON.stringify(input(8))), Buffer.alloc(8)]);
    expect(await v2.infer('points', body)).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining('Inference-Header-Content-Length must say so') },
    });
  });
});

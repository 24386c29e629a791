import { gzipSync } from 'node:zlib';

/** A question to a V2 server as it travels over HTTP. */
export interface HttpQuestion {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

const LENGTH = 'inference-header-content-length';
const X = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2.5] };
const WIDE = { name: 'x', datatype: 'INT64', shape: [1, 2] };
const TEXT = { name: 'x', datatype: 'BYTES', shape: [1, 2] };
const PAIR = [
  { name: 'x', datatype: 'FP64', shape: [1, 2], data: [1, 2] },
  { name: 'text', datatype: 'BYTES', shape: [1, 1], data: ['a'] },
];
const bytesOf = (...values: readonly number[]) => Buffer.from(Float32Array.from(values).buffer);

const get = (path: string): HttpQuestion => ({ method: 'GET', path });
const post = (path: string, body: HttpQuestion['body'] = ''): HttpQuestion => ({
  method: 'POST',
  path,
  body,
});
/** An inference with JSON only. */
const infer = (json: unknown, model = 'FP32'): HttpQuestion =>
  post(`/v2/models/${model}/infer`, typeof json === 'string' ? json : JSON.stringify(json));
/** The same with bytes behind the JSON. */
const inferBytes = (
  json: object | string,
  bytes: Uint8Array,
  { model = 'FP32', length }: { readonly model?: string; readonly length?: string } = {},
): HttpQuestion => {
  const head = Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));
  return {
    ...post(`/v2/models/${model}/infer`, Buffer.concat([head, bytes])),
    headers: { 'content-type': 'application/octet-stream', [LENGTH]: length ?? String(head.length) },
  };
};
const sized = (size: number) => ({
  name: 'x',
  datatype: 'FP32',
  shape: [1, 2],
  parameters: { binary_data_size: size },
});
const asks = (...outputs: readonly object[]) => ({ inputs: [X], outputs });

/** By what they ask; the models are those that all servers under test have. */
export const HTTP_QUESTIONS: Readonly<Record<string, HttpQuestion>> = {
  'server metadata': get('/v2'),
  'server metadata, with a slash': get('/v2/'),
  live: get('/v2/health/live'),
  ready: get('/v2/health/ready'),
  'model metadata': get('/v2/models/FP32'),
  'metadata of a version': get('/v2/models/FP32/versions/1'),
  'metadata of two tensors': get('/v2/models/pair'),
  'metadata of a version that is not there': get('/v2/models/FP32/versions/9'),
  'metadata of a version that is no number': get('/v2/models/FP32/versions/nine'),
  'metadata of a model that is not there': get('/v2/models/nobody'),
  'model ready': get('/v2/models/FP32/ready'),
  'a version ready': get('/v2/models/FP32/versions/1/ready'),
  'ready, of a version that is not there': get('/v2/models/FP32/versions/9/ready'),
  'ready, of a model that is not there': get('/v2/models/nobody/ready'),
  configuration: get('/v2/models/FP32/config'),
  'configuration of a version': get('/v2/models/FP32/versions/1/config'),
  'configuration of a model that is not there': get('/v2/models/nobody/config'),
  statistics: get('/v2/models/FP32/stats'),
  'statistics of a version': get('/v2/models/FP32/versions/1/stats'),
  'statistics of all': get('/v2/models/stats'),
  'statistics of a model that is not there': get('/v2/models/nobody/stats'),
  index: post('/v2/repository/index'),
  'index of what is ready': post('/v2/repository/index', '{"ready":true}'),
  load: post('/v2/repository/models/FP32/load'),
  'load of a model that is not there': post('/v2/repository/models/nobody/load'),
  'unload of a model that is not there': post('/v2/repository/models/nobody/unload'),
  'index, by GET': get('/v2/repository/index'),
  'a path that is not there': get('/v2/nothing'),
  'infer, by GET': get('/v2/models/FP32/infer'),
  'metadata, by POST': post('/v2/models/FP32'),
  'trace settings': get('/v2/trace/setting'),
  'shared memory': get('/v2/systemsharedmemory/status'),
  'log settings': get('/v2/logging'),

  infer: infer({ inputs: [X] }),
  'infer, of a version': post('/v2/models/FP32/versions/1/infer', JSON.stringify({ inputs: [X] })),
  'infer, of a version that is not there': post(
    '/v2/models/FP32/versions/9/infer',
    JSON.stringify({ inputs: [X] }),
  ),
  'infer, of a model that is not there': infer({ inputs: [X] }, 'nobody'),
  'an id': infer({ id: 'größe', inputs: [X] }),
  'an empty id': infer({ id: '', inputs: [X] }),
  'an id that is a number': infer({ id: 7, inputs: [X] }),
  'an id that is null': infer({ id: null, inputs: [X] }),
  'nested data': infer({ inputs: [{ ...X, data: [[1, 2.5]] }] }),
  'data nested otherwise than its shape': infer({ inputs: [{ ...X, data: [[1], [2.5]] }] }),
  'two outputs': infer({ inputs: PAIR }, 'pair'),
  'two outputs the other way round': infer(
    { inputs: PAIR, outputs: [{ name: 'kind' }, { name: 'same' }] },
    'pair',
  ),
  'inputs the other way round': infer({ inputs: [...PAIR].reverse() }, 'pair'),
  'one of two outputs': infer({ inputs: PAIR, outputs: [{ name: 'kind' }] }, 'pair'),
  'no outputs wanted': infer({ inputs: [X], outputs: [] }),
  'an output twice': infer(asks({ name: 'y' }, { name: 'y' })),
  'an unknown output': infer(asks({ name: 'z' })),
  'an output without a name': infer(asks({})),
  'an input left out': infer({ inputs: PAIR.slice(1) }, 'pair'),
  'no inputs': infer({ inputs: [] }),
  'no word of inputs': infer({}),
  'an input too many': infer({ inputs: [X, { ...X, name: 'z' }] }),
  'an input twice': infer({ inputs: [X, X] }),
  'another datatype': infer({ inputs: [{ ...X, datatype: 'FP64' }] }),
  'a datatype that is none': infer({ inputs: [{ ...X, datatype: 'FLOAT' }] }),
  'no datatype': infer({ inputs: [{ name: 'x', shape: [1, 2], data: [1, 2] }] }),
  'no shape': infer({ inputs: [{ name: 'x', datatype: 'FP32', data: [1, 2] }] }),
  'another shape': infer({ inputs: [{ ...X, shape: [1, 3], data: [1, 2, 3] }] }),
  'a shape of fewer axes': infer({ inputs: [{ ...X, shape: [2] }] }),
  'a negative shape': infer({ inputs: [{ ...X, shape: [-1, 2] }] }),
  'a shape of texts': infer({ inputs: [{ ...X, shape: ['1', 2] }] }),
  'too few values': infer({ inputs: [{ ...X, data: [1] }] }),
  'too many values': infer({ inputs: [{ ...X, data: [1, 2, 3] }] }),
  'no data': infer({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2] }] }),
  'texts as floats': infer({ inputs: [{ ...X, data: ['a', 'b'] }] }),
  'booleans as floats': infer({ inputs: [{ ...X, data: [true, false] }] }),
  'null as a float': infer({ inputs: [{ ...X, data: [1, null] }] }),
  'floats as integers': infer({ inputs: [{ ...WIDE, data: [1.5, 2] }] }, 'INT64'),
  'whole floats as integers': infer(
    '{"inputs":[{"name":"x","datatype":"INT64","shape":[1,2],"data":[1.0,2]}]}',
    'INT64',
  ),
  'wide integers': infer(
    '{"inputs":[{"name":"x","datatype":"INT64","shape":[1,2],"data":[9007199254740993,-9223372036854775808]}]}',
    'INT64',
  ),
  'integers out of range': infer({ inputs: [{ ...X, datatype: 'INT8', data: [1, 300] }] }, 'INT8'),
  'numbers as booleans': infer({ inputs: [{ ...X, datatype: 'BOOL', data: [1, 0] }] }, 'BOOL'),
  booleans: infer({ inputs: [{ ...X, datatype: 'BOOL', data: [true, false] }] }, 'BOOL'),
  texts: infer({ inputs: [{ ...TEXT, data: ['größe 🐧', ''] }] }, 'BYTES'),
  'numbers as texts': infer({ inputs: [{ ...TEXT, data: [1, 2] }] }, 'BYTES'),
  'FP16 in JSON': infer({ inputs: [{ ...X, datatype: 'FP16', data: [1, 2] }] }, 'FP16'),
  'bare NaN': infer('{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[NaN,-Infinity]}]}'),
  'more rows': infer({ inputs: [{ ...X, shape: [3, 2], data: [1, 2, 3, 4, 5, 6] }] }),
  'no rows': infer({ inputs: [{ ...X, shape: [0, 2], data: [] }] }),

  'not JSON': infer('{"inputs": ['),
  'an empty body': infer(''),
  'a list': infer('[]'),
  'inputs that are no list': infer({ inputs: { x: X } }),
  'outputs that are no list': infer({ inputs: [X], outputs: 'y' }),
  'parameters that are no object': infer({ inputs: [X], parameters: [] }),
  'parameters of one’s own': infer({
    inputs: [X],
    parameters: { mine: 'a', number: 1, float: 1.5, flag: true },
  }),
  'a list as a parameter': infer({ inputs: [X], parameters: { mine: [1] } }),
  'null as a parameter': infer({ inputs: [X], parameters: { mine: null } }),
  'fields of one’s own': infer({ inputs: [{ ...X, mine: 1 }], mine: 1 }),
  'a priority and a time limit': infer({ inputs: [X], parameters: { priority: 1, timeout: 5_000_000 } }),
  'a priority that is a text': infer({ inputs: [X], parameters: { priority: 'high' } }),
  'a sequence, of a model without': infer({
    inputs: [X],
    parameters: { sequence_id: 5, sequence_start: true, sequence_end: true },
  }),
  'a sequence that is 0': infer({ inputs: [X], parameters: { sequence_id: 0 } }),
  'a flag of a sequence that is a text': infer({
    inputs: [X],
    parameters: { sequence_id: 5, sequence_start: 'yes' },
  }),
  'shared memory, of an input': infer({
    inputs: [
      {
        name: 'x',
        datatype: 'FP32',
        shape: [1, 2],
        parameters: { shared_memory_region: 'a', shared_memory_byte_size: 8 },
      },
    ],
  }),

  classes: infer(asks({ name: 'y', parameters: { classification: 1 } })),
  'more classes than there are': infer(asks({ name: 'y', parameters: { classification: 5 } })),
  'no classes': infer(asks({ name: 'y', parameters: { classification: 0 } })),
  'classes as a text': infer(asks({ name: 'y', parameters: { classification: 'two' } })),
  'classes of integers': infer(
    { inputs: [{ ...WIDE, data: [3, 9] }], outputs: [{ name: 'y', parameters: { classification: 2 } }] },
    'INT64',
  ),
  'classes as bytes': infer(asks({ name: 'y', parameters: { classification: 1, binary_data: true } })),

  bytes: inferBytes({ inputs: [sized(8)] }, bytesOf(1, 2.5)),
  'bytes both ways': inferBytes(
    { inputs: [sized(8)], parameters: { binary_data_output: true } },
    bytesOf(1, 2.5),
  ),
  'bytes of one output': infer(asks({ name: 'y', parameters: { binary_data: true } })),
  'bytes of none but one': infer({
    ...asks({ name: 'y', parameters: { binary_data: false } }),
    parameters: { binary_data_output: true },
  }),
  'bytes of all, which are named': infer({
    ...asks({ name: 'y' }),
    parameters: { binary_data_output: true },
  }),
  'bytes of one of two outputs': infer(
    { inputs: PAIR, outputs: [{ name: 'same' }, { name: 'kind', parameters: { binary_data: true } }] },
    'pair',
  ),
  'no bytes, said so': infer({ inputs: [X], parameters: { binary_data_output: false } }),
  'a wish for bytes that is a text': infer({ inputs: [X], parameters: { binary_data_output: 'yes' } }),
  'fewer bytes than its size': inferBytes({ inputs: [sized(8)] }, bytesOf(1)),
  'more bytes than its size': inferBytes({ inputs: [sized(8)] }, bytesOf(1, 2, 3)),
  'another size than its shape': inferBytes({ inputs: [sized(4)] }, bytesOf(1)),
  'a size without bytes': infer({ inputs: [sized(8)] }),
  'a size and data': inferBytes({ inputs: [{ ...X, parameters: { binary_data_size: 8 } }] }, bytesOf(1, 2)),
  'a size that is a text': inferBytes(
    { inputs: [{ ...sized(8), parameters: { binary_data_size: '8' } }] },
    bytesOf(1, 2),
  ),
  'a length that is none': inferBytes({ inputs: [sized(8)] }, bytesOf(1, 2), { length: 'long' }),
  'a length beyond the body': inferBytes({ inputs: [sized(8)] }, bytesOf(1, 2), { length: '99999' }),
  'a length of all of the body': inferBytes({ inputs: [X] }, new Uint8Array(0)),
  'a length that is too short': inferBytes({ inputs: [sized(8)] }, bytesOf(1, 2), { length: '10' }),
  'texts as bytes': inferBytes(
    { inputs: [{ ...TEXT, parameters: { binary_data_size: 9 } }] },
    Buffer.from('01000000610000000000'.slice(0, 18), 'hex'),
    { model: 'BYTES' },
  ),
  'texts as bytes that break off': inferBytes(
    { inputs: [{ ...TEXT, parameters: { binary_data_size: 6 } }] },
    Buffer.from('090000006161', 'hex'),
    { model: 'BYTES' },
  ),
  'bytes that are no text, as JSON': inferBytes(
    { inputs: [{ ...TEXT, parameters: { binary_data_size: 9 } }] },
    Buffer.from('01000000ff00000000', 'hex'),
    { model: 'BYTES' },
  ),
  'values only': inferBytes('', bytesOf(1, 2.5), { length: '0' }),
  'values only, too few': inferBytes('', bytesOf(1), { length: '0' }),
  'a body that is packed': {
    ...post('/v2/models/FP32/infer', gzipSync(JSON.stringify({ inputs: [X] }))),
    headers: { 'content-encoding': 'gzip', 'content-type': 'application/json' },
  },
  'a body that is said to be packed': {
    ...post('/v2/models/FP32/infer', JSON.stringify({ inputs: [X] })),
    headers: { 'content-encoding': 'gzip' },
  },
  'a coding that is none': {
    ...post('/v2/models/FP32/infer', JSON.stringify({ inputs: [X] })),
    headers: { 'content-encoding': 'zip' },
  },
  'an answer that is to be packed': {
    ...post('/v2/models/FP32/infer', JSON.stringify({ inputs: [X] })),
    headers: { 'accept-encoding': 'gzip' },
  },
  'another media type': {
    ...post('/v2/models/FP32/infer', JSON.stringify({ inputs: [X] })),
    headers: { 'content-type': 'text/plain' },
  },
};

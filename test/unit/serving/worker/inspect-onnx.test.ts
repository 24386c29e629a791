import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  ModelProtoSchema,
  TensorProto_DataType,
  type GraphProtoSchema,
} from '../../../../src/kernel/generated/onnx_pb';
import type { Inspection } from '../../../../src/serving/execution/backend';
import { OnnxBackend } from '../../../../src/serving/backends/onnx';
import { parseOnnx } from '../../../../src/serving/worker/onnx-file';
import { MAX_NODES } from '../../../../src/serving/worker/onnx-graph';
import { WorkerPool } from '../../../../src/serving/worker/worker-pool';
import {
  ONNX_DATATYPES,
  affine,
  centred,
  crashing,
  endlessLoop,
  externalData,
  floats,
  identity,
  layerNormWithEmptyBias,
  lookup,
  model,
  modelFile,
  oneNode,
  sequenceOutput,
  tensorType,
  value,
} from '../../../support/onnx-models';

const folder = mkdtempSync(join(tmpdir(), 'modelgraph-test-'));
const workerOptions = { providers: ['cpu'], intraOpNumThreads: 1, environment: {} };
// Models are tried in a process of their own: none of these tests needs the pool.
const noPool = new WorkerPool({ ...workerOptions, workers: 0 });
const backend = new OnnxBackend(noPool, workerOptions);
const impatient = new OnnxBackend(noPool, { ...workerOptions, inspectLimitMs: 300 });

afterAll(async () => {
  await Promise.all([backend.stop(), impatient.stop()]);
  rmSync(folder, { recursive: true });
});

const inspect = (bytes: Uint8Array): Promise<Inspection> => backend.inspect(modelFile(folder, bytes));

test('a tabular model says what it takes and gives, and shares runs', async () => {
  expect(await inspect(affine())).toEqual({
    ok: true,
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 30] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 3] }],
    batchable: true,
  });
});

test.each([...ONNX_DATATYPES])('%s is carried', async (datatype) => {
  expect(await inspect(identity(datatype, ['N', 2, -1]))).toMatchObject({
    ok: true,
    inputs: [{ datatype, shape: [-1, 2, -1] }],
    batchable: true,
  });
});

test('an input that the file gives a value for need not be sent', async () => {
  const x = value('x', 'FP32', ['N', 2]);
  const bias = value('bias', 'FP32', [2]);
  const bytes = oneNode(
    { opType: 'Add', input: ['x', 'bias'], output: ['y'] },
    [x, bias],
    [{ ...x, name: 'y' }],
    [floats('bias', [2], [1, 2])],
  );
  expect(await inspect(bytes)).toMatchObject({ ok: true, inputs: [{ name: 'x' }], batchable: true });
});

test('rows share runs only where running them together gives what each gives alone', async () => {
  expect(await inspect(centred())).toMatchObject({ ok: true, batchable: false });
});

test('a fixed number of rows is not a batch axis, and a size shared by two axes is not either', async () => {
  expect(await inspect(identity('FP32', [1, 2]))).toMatchObject({ ok: true, batchable: false });
  expect(await inspect(identity('FP32', ['N', 'N']))).toMatchObject({ ok: true, batchable: false });
});

test('a model that refuses every made-up input is accepted, and says that it was not proven', async () => {
  const reshape = oneNode(
    { opType: 'Reshape', input: ['x', 'shape'], output: ['y'] },
    [value('x', 'FP32', ['N', 5]), value('shape', 'INT64', [1])],
    [value('y', 'FP32', ['K'])],
  );
  expect(await inspect(reshape)).toMatchObject({
    ok: true,
    batchable: false,
    unproven: expect.stringContaining('Reshape'),
  });
});

test('a spelling that crashes the runtime is changed into the one that does not', async () => {
  expect(await inspect(layerNormWithEmptyBias())).toMatchObject({ ok: true, batchable: true });
  const normal = fromBinary(ModelProtoSchema, parseOnnx(layerNormWithEmptyBias()).bytes);
  expect(normal.graph?.node[0]?.input).toEqual(['x', 'scale']);
});

test('a file that needs no change is given to the runtime byte for byte', () => {
  const bytes = affine();
  expect(parseOnnx(bytes).bytes).toBe(bytes);
});

function withType(elemType: TensorProto_DataType): Uint8Array {
  const type = tensorType(elemType, ['N', 2]);
  return model({
    node: [{ opType: 'Identity', input: ['x'], output: ['y'] }],
    input: [{ name: 'x', type }],
    output: [{ name: 'y', type }],
  });
}

function named(name: string): Uint8Array {
  const x = value(name, 'FP32', ['N']);
  return oneNode({ opType: 'Identity', input: [name], output: ['y'] }, [x], [{ ...x, name: 'y' }]);
}

function nested(depth: number): MessageInitShape<typeof GraphProtoSchema> {
  const attribute =
    depth === 0
      ? []
      : [{ name: 'then_branch', type: AttributeProto_AttributeType.GRAPH, g: nested(depth - 1) }];
  return { name: 'g', node: [{ opType: 'If', attribute }], output: [value('y', 'FP32', [1])] };
}

test.each([
  ['text', Buffer.from('this is not a model'), 'NOT_ONNX', /not an ONNX model/],
  ['nothing', new Uint8Array(), 'NOT_ONNX', /not an ONNX model/],
  ['a truncated model', affine().subarray(0, 200), 'NOT_ONNX', /truncated/],
  ['values in another file', externalData('secret.bin'), 'EXTERNAL_DATA', /'w'.*another file/],
  ['a sequence', sequenceOutput(), 'UNSUPPORTED_TYPE', /'y' is a sequence/],
  [
    'a ZipMap',
    sequenceOutput({ maps: true }),
    'UNSUPPORTED_TYPE',
    /ZipMap.*skl2onnx.*options=\{'zipmap': False\}/,
  ],
  ['BFLOAT16', withType(TensorProto_DataType.BFLOAT16), 'UNSUPPORTED_ELEMENT_TYPE', /BFLOAT16, which ONNX/],
  ['COMPLEX64', withType(TensorProto_DataType.COMPLEX64), 'UNSUPPORTED_ELEMENT_TYPE', /COMPLEX64/],
  ['INT4', withType(TensorProto_DataType.INT4), 'UNSUPPORTED_ELEMENT_TYPE', /INT4/],
  ['FLOAT8E4M3FN', withType(TensorProto_DataType.FLOAT8E4M3FN), 'UNSUPPORTED_ELEMENT_TYPE', /FLOAT8E4M3FN/],
  ['a name with a line break', named('a\nb'), 'INVALID_NAME', /cannot be used/],
  ['the name __proto__', named('__proto__'), 'INVALID_NAME', /cannot be used/],
  [
    'an unknown operator',
    oneNode(
      { opType: 'Nonsense', input: ['x'], output: ['y'] },
      [value('x', 'FP32', [1])],
      [value('y', 'FP32', [1])],
    ),
    'CANNOT_LOAD',
    /Nonsense/,
  ],
  [
    'a compiled context',
    oneNode({ opType: 'EPContext', domain: 'com.microsoft', output: ['y'] }, [], [value('y', 'FP32', [1])]),
    'UNSUPPORTED_OPERATOR',
    /EPContext/,
  ],
  [
    'too many nodes',
    model({ node: Array.from({ length: MAX_NODES + 1 }, () => ({ opType: 'Identity' })) }),
    'TOO_MANY_NODES',
    /200000/,
  ],
  ['graphs nested too deep', model(nested(17)), 'MODEL_TOO_DEEP', /deeper than 16/],
  ['graphs nested absurdly deep', model(nested(60)), 'MODEL_TOO_DEEP', /deeper/],
])('%s is refused, and says why', async (_, bytes, code, message) => {
  expect(await inspect(bytes)).toEqual({ ok: false, code, message: expect.stringMatching(message) });
});

test('a model that does not end is refused when its time is over', async () => {
  expect(await impatient.inspect(modelFile(folder, endlessLoop()))).toEqual({
    ok: false,
    code: 'MODEL_TOO_SLOW',
    message: expect.stringContaining('0.3 s'),
  });
});

test('a model that kills its process is refused, and the next one is tried as ever', async () => {
  expect(await inspect(crashing())).toEqual({
    ok: false,
    code: 'MODEL_CRASHED_WORKER',
    message: expect.stringContaining('SIGFPE'),
  });
  expect(await inspect(affine())).toMatchObject({ ok: true });
});

test('weights said to be in the working folder are refused at every load, not only at inspection', () => {
  writeFileSync(join(folder, 'secret.bin'), 'secretly');
  expect(() => parseOnnx(externalData('secret.bin'))).toThrow('another file');
});

test('latency is measured with made-up rows, and with the row given', async () => {
  const made = await backend.measureLatency(modelFile(folder, affine()), 50);
  expect(made.p50Ms).toBeGreaterThan(0);
  expect(made.p99Ms).toBeGreaterThanOrEqual(made.p50Ms);
  const row = { name: 'i', datatype: 'INT64', shape: [1, 1], data: BigInt64Array.of(7n) } as const;
  await expect(backend.measureLatency(modelFile(folder, lookup(8)), 10, [row])).resolves.toHaveProperty(
    'p50Ms',
  );
  const wrong = { ...row, data: BigInt64Array.of(8n) };
  await expect(backend.measureLatency(modelFile(folder, lookup(8)), 10, [wrong])).rejects.toMatchObject({
    name: 'InvalidInput',
  });
});

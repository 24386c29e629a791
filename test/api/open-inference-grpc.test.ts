import type { MessageInitShape } from '@bufbuild/protobuf';
import type { InferTensorContentsSchema } from '../../src/kernel/generated/grpc_service_pb';
import { ARRAY_OF, type Datatype } from '../../src/kernel/tensors/tensor';
import { tensorBytes } from '../../src/kernel/tensors/tensor-bytes';
import { floatBytes, floatsIn, GrpcClient, type InferRequest } from '../support/grpc-client';
import { ONNX_DATATYPES, affine, affineAnswer, identity } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { deployEndpoint } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

type Contents = MessageInitShape<typeof InferTensorContentsSchema>;

const ROW = Array.from({ length: 30 }, (_, index) => (index % 17) / 8);

let server: TestServer;
let registry: RegistryClient;
let grpc: GrpcClient;
beforeAll(async () => {
  server = await startTestServer();
  registry = new RegistryClient(server);
  grpc = new GrpcClient(server.grpcAddress, server.key);
  await registry.version('affine', affine());
  await registry.version('affine', affine(30, 2));
  await registry.promote('affine@1.0.0', 'production');
  await deployEndpoint(server, 'scores', [{ ref: 'affine@production', weight: 1 }]);
});
afterAll(async () => {
  grpc.close();
  await server.stop();
});

const question = (more: Partial<InferRequest> = {}): InferRequest => ({
  modelName: 'scores',
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1n, 30n] }],
  rawInputContents: [floatBytes(ROW)],
  ...more,
});

test('raw contents are answered raw, under the names and the id that were asked with', async () => {
  const answer = await grpc.infer(question({ id: 'my-7' }));
  expect(answer).toMatchObject({
    modelName: 'scores',
    modelVersion: '1',
    id: 'my-7',
    outputs: [{ name: 'y', datatype: 'FP32', shape: [1n, 3n] }],
  });
  expect(floatsIn(answer.rawOutputContents[0])).toEqual(affineAnswer(ROW));
  expect(answer.parameters).toMatchObject({
    prediction_id: {
      parameterChoice: { case: 'stringParam', value: expect.stringMatching(/^[0-9a-f-]{36}/) },
    },
    variant: { parameterChoice: { value: 'affine@production' } },
  });
});

test('typed contents are answered the same', async () => {
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1n, 30n], contents: { fp32Contents: ROW } }];
  const answer = await grpc.infer(question({ inputs, rawInputContents: [] }));
  expect(floatsIn(answer.rawOutputContents[0])).toEqual(affineAnswer(ROW));
});

test.each([
  ['an endpoint', 'scores', '', '1'],
  ['a version behind an endpoint, by number', 'scores', '1.0.0', '1'],
  ['a version of its model, by its ordinal', 'scores', '2', '2'],
  ['a model', 'affine', '', '1'],
  ['a model and a version', 'affine', '2.0.0', '2'],
  ['a reference', 'affine@2.0.0', '', '2'],
])('%s is a model', async (_what, modelName, modelVersion, answered) => {
  const answer = await grpc.infer(question({ modelName, modelVersion }));
  expect(answer).toMatchObject({ modelName, modelVersion: answered });
});

test('a version of an endpoint is its variant’s, and one that no variant has answers by itself', async () => {
  const variants = [
    { name: 'usual', ref: 'affine@1.0.0', weight: 1 },
    { name: 'rare', ref: 'affine@2.0.0', weight: 0 },
  ];
  await deployEndpoint(server, 'versioned', variants, undefined, { maxBatch: 7 });
  const variantOf = async (modelName: string, modelVersion: string) =>
    (await grpc.infer(question({ modelName, modelVersion }))).parameters.variant?.parameterChoice.value;
  expect(await variantOf('versioned', '2')).toBe('rare');
  expect(await variantOf('versioned', '1.0.0')).toBe('usual');
  expect(await variantOf('scores', '2')).toBeUndefined();
  expect((await grpc.call('modelConfig', { name: 'versioned', version: '2' })).config).toMatchObject({
    maxBatchSize: 7,
    parameters: { variant: { stringValue: 'rare' } },
  });
});

test('many callers over one connection each get their own answer', async () => {
  const rowOf = (seed: number) => ROW.map((value, index) => value + ((seed * 31 + index) % 5) / 4);
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, seed) =>
      grpc.infer(question({ id: String(seed), rawInputContents: [floatBytes(rowOf(seed))] })),
    ),
  );
  answers.forEach(({ id, rawOutputContents }, seed) => {
    expect(id).toBe(String(seed));
    expect(floatsIn(rawOutputContents[0])).toEqual(affineAnswer(rowOf(seed)));
  });
});

test('the routing key of a request decides which variant answers it', async () => {
  await deployEndpoint(server, 'sticky', [
    { name: 'a', ref: 'affine@1.0.0', weight: 1 },
    { name: 'b', ref: 'affine@1.0.0', weight: 1 },
  ]);
  const variantOf = async (key: string) => {
    const parameters = { routing_key: { parameterChoice: { case: 'stringParam' as const, value: key } } };
    const answer = await grpc.infer(question({ modelName: 'sticky', parameters }));
    return answer.parameters.variant?.parameterChoice.value;
  };
  const keys = Array.from({ length: 20 }, (_, index) => `customer-${index}`);
  const first = await Promise.all(keys.map(variantOf));
  expect(await Promise.all(keys.map(variantOf))).toEqual(first);
  expect(new Set(first).size).toBe(2);
});

test('an endpoint’s rules may look at metadata, and at a parameter', async () => {
  const input = {
    name: 'ruled',
    variants: [
      { name: 'usual', ref: 'affine@1.0.0', weight: 1 },
      { name: 'special', ref: 'affine@2.0.0', weight: 0 },
    ],
    rules: [
      { header: 'x-plan', equals: ['gold'], variant: 'special' },
      { field: 'plan', equals: ['gold'], variant: 'special' },
    ],
  };
  await server.data(
    'mutation ($input: DeployEndpointInput!) { deployEndpoint(input: $input) { __typename } }',
    { input },
  );
  const variantOf = async (client: GrpcClient, plan: string) => {
    const parameters = { plan: { parameterChoice: { case: 'stringParam' as const, value: plan } } };
    const answer = await client.infer(question({ modelName: 'ruled', parameters }));
    return answer.parameters.variant?.parameterChoice.value;
  };
  const golden = new GrpcClient(server.grpcAddress, server.key);
  golden.metadata.set('x-plan', 'gold');
  expect(await variantOf(grpc, 'silver')).toBe('usual');
  expect(await variantOf(grpc, 'gold')).toBe('special');
  expect(await variantOf(golden, 'silver')).toBe('special');
  golden.close();
});

/** Values that are easily spoilt: bounds, NaN with its bits, text beyond ASCII. */
const VALUES: Readonly<Record<Exclude<Datatype, 'BF16'>, readonly (number | bigint | string)[]>> = {
  BOOL: [0, 1, 1, 0],
  UINT8: [0, 255, 1, 2],
  UINT16: [0, 65_535, 1, 2],
  UINT32: [0, 4_294_967_295, 1, 2],
  UINT64: [0n, 18_446_744_073_709_551_615n, 9_007_199_254_740_993n, 2n],
  INT8: [-128, 127, -1, 0],
  INT16: [-32_768, 32_767, -1, 0],
  INT32: [-2_147_483_648, 2_147_483_647, -1, 0],
  INT64: [-(2n ** 63n), 2n ** 63n - 1n, 9_007_199_254_740_993n, -1n],
  FP16: [0x7c00, 0xfc00, 0x7e01, 0x8000],
  FP32: [NaN, Infinity, -0, 1.17549435e-38],
  FP64: [NaN, -Infinity, -0, 5e-324],
  BYTES: ['größe 🐧', '', 'a\tb', 'line\nline'],
};
const FIELDS: Readonly<Partial<Record<Datatype, keyof Contents>>> = {
  BOOL: 'boolContents',
  INT8: 'intContents',
  INT16: 'intContents',
  INT32: 'intContents',
  INT64: 'int64Contents',
  UINT8: 'uintContents',
  UINT16: 'uintContents',
  UINT32: 'uintContents',
  UINT64: 'uint64Contents',
  FP32: 'fp32Contents',
  FP64: 'fp64Contents',
  BYTES: 'bytesContents',
};

function bytesOf(datatype: Datatype, values: readonly (number | bigint | string)[]): Uint8Array {
  if (datatype === 'BYTES') return tensorBytes(values as string[]);
  const data = new ARRAY_OF[datatype](values.length) as Float64Array;
  values.forEach((value, index) => (data[index] = value as number));
  return tensorBytes(data);
}

function contentsOf(datatype: Datatype, values: readonly (number | bigint | string)[]): Contents {
  const wire = values.map((value) => {
    if (datatype === 'BOOL') return value === 1;
    return typeof value === 'string' ? Buffer.from(value) : value;
  });
  return { [FIELDS[datatype] ?? '']: wire };
}

describe.each([...ONNX_DATATYPES])('%s', (datatype) => {
  const modelName = `echo-${datatype}@1.0.0`;
  beforeAll(() => registry.version(`echo-${datatype}`, identity(datatype, ['N', 2])));
  const ask = async (shape: bigint[], values: readonly (number | bigint | string)[], isRaw: boolean) => {
    const input = { name: 'x', datatype, shape };
    return grpc.infer(
      isRaw
        ? { modelName, inputs: [input], rawInputContents: [bytesOf(datatype, values)] }
        : { modelName, inputs: [{ ...input, contents: contentsOf(datatype, values) }] },
    );
  };
  const isTyped = datatype !== 'FP16';

  test('comes back bit by bit, raw and typed', async () => {
    const values = VALUES[datatype];
    const raw = await ask([2n, 2n], values, true);
    expect(raw.outputs).toMatchObject([{ name: 'y', datatype, shape: [2n, 2n] }]);
    expect(Buffer.from(raw.rawOutputContents[0] ?? [])).toEqual(Buffer.from(bytesOf(datatype, values)));
    if (isTyped)
      expect((await ask([2n, 2n], values, false)).rawOutputContents).toEqual(raw.rawOutputContents);
  });

  test('of no rows is an answer of no rows', async () => {
    const none = { outputs: [{ shape: [0n, 2n] }], rawOutputContents: [new Uint8Array()] };
    expect(await ask([0n, 2n], [], true)).toMatchObject(none);
    if (isTyped) expect(await ask([0n, 2n], [], false)).toMatchObject(none);
  });
});

test('a scalar has no axes and one value', async () => {
  await registry.version('scalar', identity('FP64', []));
  const inputs = [{ name: 'x', datatype: 'FP64', shape: [], contents: { fp64Contents: [Math.PI] } }];
  const { outputs, rawOutputContents } = await grpc.infer({ modelName: 'scalar@1.0.0', inputs });
  expect(outputs).toMatchObject([{ shape: [] }]);
  expect(Buffer.from(rawOutputContents[0] ?? []).readDoubleLE()).toBe(Math.PI);
});

test('a tensor of 600 kB comes back whole', async () => {
  await registry.version('image', identity('FP32', ['N', 3, 224, 224]));
  const pixels = floatBytes(Array.from({ length: 150_528 }, (_, index) => index / 7));
  const { rawOutputContents } = await grpc.infer({
    modelName: 'image@1.0.0',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1n, 3n, 224n, 224n] }],
    rawInputContents: [pixels],
  });
  expect(Buffer.from(rawOutputContents[0] ?? []).equals(pixels)).toBe(true);
});

test('the server is alive and ready, and says who it is', async () => {
  expect(await grpc.call('serverLive', {})).toMatchObject({ live: true });
  expect(await grpc.call('serverReady', {})).toMatchObject({ ready: true });
  expect(await grpc.call('serverMetadata', {})).toMatchObject({
    name: 'modelgraph',
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    extensions: expect.arrayContaining(['statistics', 'model_repository']),
  });
});

test('a model is ready, or it is not', async () => {
  expect(await grpc.call('modelReady', { name: 'scores' })).toMatchObject({ ready: true });
  expect(await grpc.call('modelReady', { name: 'affine', version: '2' })).toMatchObject({ ready: true });
  expect(await grpc.call('modelReady', { name: 'affine', version: '9.9.9' })).toMatchObject({ ready: false });
  expect(await grpc.call('modelReady', { name: 'nothing' })).toMatchObject({ ready: false });
});

test('a model says what it takes, what it gives, and which versions there are', async () => {
  expect(await grpc.call('modelMetadata', { name: 'scores' })).toMatchObject({
    name: 'scores',
    versions: ['2', '1'],
    platform: 'onnx_onnxv1',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1n, 30n] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1n, 3n] }],
  });
  const { config } = await grpc.call('modelConfig', { name: 'affine', version: '2.0.0' });
  expect(config).toMatchObject({
    name: 'affine',
    backend: 'onnxruntime',
    maxBatchSize: 128,
    input: [{ name: 'x', dataType: 11, dims: [30n] }],
    output: [{ name: 'y', dataType: 11, dims: [2n] }],
    schedulingChoice: { case: 'dynamicBatching' },
  });
});

test('statistics count what was asked, and how it went', async () => {
  await registry.version('counted', affine());
  const modelName = 'counted@1.0.0';
  const rows = { inputs: [{ name: 'x', datatype: 'FP32', shape: [2n, 30n] }] };
  await grpc.infer(question({ modelName, ...rows, rawInputContents: [floatBytes([...ROW, ...ROW])] }));
  await grpc.infer(question({ modelName }));
  await expect(grpc.infer(question({ modelName, ...rows }))).rejects.toMatchObject({ code: 3 });
  const { modelStats } = await grpc.call('modelStatistics', { name: 'counted', version: '1.0.0' });
  expect(modelStats).toMatchObject([
    {
      name: 'counted',
      version: '1',
      inferenceCount: 3n,
      executionCount: 2n,
      inferenceStats: { success: { count: 2n }, fail: { count: 1n }, computeInfer: { count: 2n } },
      batchStats: [{ batchSize: 1n }, { batchSize: 2n }],
    },
  ]);
  expect(modelStats[0]?.inferenceStats?.success?.ns).toBeGreaterThan(0n);
  expect(modelStats[0]?.memoryUsage).toMatchObject([{ type: 'CPU', id: 0n }]);
  const all = await grpc.call('modelStatistics', {});
  expect(all.modelStats.map(({ name }) => name)).toContain('counted');
});

test('the repository tells what there is; models are loaded and unloaded', async () => {
  await registry.version('shelved', affine(30, 4)); // bytes that nobody else holds
  const indexOf = async (ready: boolean) => (await grpc.call('repositoryIndex', { ready })).models;
  const name = 'shelved@1.0.0';
  await grpc.call('repositoryModelLoad', { modelName: name });
  expect(await indexOf(true)).toContainEqual(
    expect.objectContaining({ name: 'shelved', version: '1', state: 'READY' }),
  );
  await grpc.call('repositoryModelUnload', { modelName: name });
  expect(await indexOf(true)).not.toContainEqual(expect.objectContaining({ name: 'shelved' }));
  expect(await indexOf(false)).toContainEqual(
    expect.objectContaining({
      name: 'shelved',
      state: 'UNAVAILABLE',
      reason: expect.stringContaining('Not in memory'),
    }),
  );
});

test('an admin’s key may name the project', async () => {
  await server.keyFor('admin', 'elsewhere');
  const there = new GrpcClient(server.grpcAddress, server.key);
  there.metadata.set('x-modelgraph-project', 'elsewhere');
  await expect(there.infer(question())).rejects.toMatchObject({ code: 5 });
  expect((await there.call('repositoryIndex', {})).models).toEqual([]);
  there.close();
});

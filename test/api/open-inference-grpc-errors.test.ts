import { status as Code } from '@grpc/grpc-js';
import { ModelInferResponseSchema } from '../../src/kernel/generated/grpc_service_pb';
import { floatBytes, GrpcClient, type InferRequest } from '../support/grpc-client';
import { identity } from '../support/onnx-models';
import { RegistryClient, scaled } from '../support/registry-client';
import { deployEndpoint } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
let registry: RegistryClient;
let grpc: GrpcClient;
beforeAll(async () => {
  server = await startTestServer();
  registry = new RegistryClient(server);
  grpc = new GrpcClient(server.grpcAddress, server.key);
  await registry.version('double', scaled(2));
  await registry.version('double', scaled(3));
  await registry.version('half', identity('FP16', ['N', 2]));
  await registry.promote('double@1.0.0', 'production');
  await deployEndpoint(server, 'doubles', [{ ref: 'double@production', weight: 1 }]);
});
afterAll(async () => {
  grpc.close();
  await server.stop();
});

const X = { name: 'x', datatype: 'FP32', shape: [1n, 2n] };
const question = (more: Partial<InferRequest> = {}): InferRequest => ({
  modelName: 'doubles',
  inputs: [X],
  rawInputContents: [floatBytes([1, 2])],
  ...more,
});
const typed = (contents: object, input: object = {}): Partial<InferRequest> => ({
  inputs: [{ ...X, contents, ...input }],
  rawInputContents: [],
});
const text = (value: string) => ({ parameterChoice: { case: 'stringParam' as const, value } });
const number = (value: bigint) => ({ parameterChoice: { case: 'int64Param' as const, value } });

test.each<[string, Partial<InferRequest>, RegExp]>([
  [
    'a wrong datatype',
    { inputs: [{ ...X, datatype: 'FP64' }] },
    /inputs\[0\]\.datatype: expected FP32, got "FP64"/,
  ],
  [
    'a datatype that is none',
    { inputs: [{ ...X, datatype: 'float' }] },
    /inputs\[0\]\.datatype: expected FP32/,
  ],
  [
    'a wrong shape',
    { inputs: [{ ...X, shape: [1n, 3n] }] },
    /inputs\[0\]\.shape: expected \[-1, 2\].*got \[1,3\]/,
  ],
  ['a wrong rank', { inputs: [{ ...X, shape: [2n] }] }, /inputs\[0\]\.shape: expected \[-1, 2\]/],
  ['a negative size', { inputs: [{ ...X, shape: [-1n, 2n] }] }, /inputs\[0\]\.shape: expected/],
  ['sizes whose product overflows', { inputs: [{ ...X, shape: [2n ** 62n, 2n] }] }, /inputs\[0\]\.shape/],
  [
    'a product over 2^31',
    { inputs: [{ ...X, shape: [2n ** 31n, 2n] }] },
    /inputs\[0\]\.shape: expected at most/,
  ],
  ['a wrong name', { inputs: [{ ...X, name: 'z' }] }, /inputs\[0\]\.name: expected one of x, got z/],
  ['no inputs', { inputs: [], rawInputContents: [] }, /inputs: expected a tensor “x” of FP32, got none/],
  [
    'an input twice',
    { inputs: [X, X], rawInputContents: [floatBytes([1, 2]), floatBytes([1, 2])] },
    /inputs\[1\]\.name: expected each input once/,
  ],
  [
    'too few bytes',
    { rawInputContents: [floatBytes([1])] },
    /inputs\[0\]: expected 8 bytes, as the shape says, got 4/,
  ],
  ['too many bytes', { rawInputContents: [floatBytes([1, 2, 3])] }, /inputs\[0\]: expected 8 bytes/],
  [
    'raw contents for other inputs than there are',
    { rawInputContents: [floatBytes([1, 2]), floatBytes([1, 2])] },
    /raw_input_contents: expected 1, one for each input, got 2/,
  ],
  [
    'raw and typed contents',
    { inputs: [{ ...X, contents: { fp32Contents: [1, 2] } }] },
    /inputs\[0\]\.contents: expected none beside raw_input_contents, got some/,
  ],
  ['no contents at all', typed({}), /inputs\[0\]\.contents: expected 2 values in fp32_contents/],
  [
    'too few typed values',
    typed({ fp32Contents: [1] }),
    /inputs\[0\]\.contents: expected 2 values in fp32_contents, as the shape says, got 1/,
  ],
  [
    'too many typed values',
    typed({ fp32Contents: [1, 2, 3] }),
    /inputs\[0\]\.contents: expected 2 values.*more/,
  ],
  [
    'contents of another type',
    typed({ intContents: [1, 2] }),
    /inputs\[0\]\.contents: expected fp32_contents for FP32, got int_contents/,
  ],
  [
    'FP16 that is not raw',
    { modelName: 'half@1.0.0', ...typed({ fp32Contents: [1, 2] }, { datatype: 'FP16' }) },
    /inputs\[0\]\.contents: expected raw_input_contents/,
  ],
  [
    'memory that nobody shares',
    { inputs: [{ ...X, parameters: { shared_memory_region: text('mine') } }] },
    /inputs\[0\]\.parameters\.shared_memory_region: expected values in the request itself/,
  ],
  [
    'an answer into shared memory',
    { outputs: [{ name: 'y', parameters: { shared_memory_region: text('mine') } }] },
    /outputs\[0\]\.parameters\.shared_memory_region/,
  ],
  ['a file', { inputs: [{ ...X, parameters: { file: text('/etc/passwd') } }] }, /opens no files/],
  [
    'no classes',
    { outputs: [{ name: 'y', parameters: { classification: number(0n) } }] },
    /outputs\[0\]\.parameters\.classification: expected a whole number of classes from 1 on, got 0/,
  ],
  ['an output that is not there', { outputs: [{ name: 'z' }] }, /outputs: expected some of y, got z/],
  [
    'a timeout of 0',
    { parameters: { timeout: number(0n) } },
    /parameters\.timeout: expected 1 to 60000000 µs, got 0/,
  ],
  ['a timeout in words', { parameters: { timeout: text('soon') } }, /parameters\.timeout: expected 1 to/],
  [
    'a negative priority',
    { parameters: { priority: number(-1n) } },
    /parameters\.priority: expected a whole number/,
  ],
  [
    'a routing key that is none',
    { parameters: { routing_key: number(7n) } },
    /parameters\.routing_key: expected a text/,
  ],
])('%s: INVALID_ARGUMENT, and a sentence that helps', async (_what, wrong, sentence) => {
  await expect(grpc.infer(question(wrong))).rejects.toMatchObject({
    code: Code.INVALID_ARGUMENT,
    details: expect.stringMatching(sentence),
  });
});

test('bytes that are no message are refused, not guessed at', async () => {
  for (const name of ['ModelInfer', 'ModelMetadata'])
    await expect(
      grpc.send(name, Buffer.from([0x0a, 0x40, 0x66]), ModelInferResponseSchema),
    ).rejects.toMatchObject({
      code: Code.INVALID_ARGUMENT,
      details: expect.stringMatching(
        /message: expected an encoded inference\.Model\w+Request, got other bytes/,
      ),
    });
});

test.each<[string, Partial<InferRequest>, RegExp]>([
  ['a model that is not there', { modelName: 'nothing' }, /There is no endpoint or model “nothing”/],
  ['a name that could be none', { modelName: '../../etc' }, /There is no endpoint or model/],
  ['no name', { modelName: '' }, /There is no endpoint or model/],
  [
    'a version that is not there',
    { modelName: 'double', modelVersion: '9.9.9' },
    /No version of “double” is 9\.9\.9\. It has 1\.1\.0 \(2\), 1\.0\.0 \(1\)|It has 1\.0\.1 \(2\), 1\.0\.0 \(1\)/,
  ],
  ['an ordinal beyond the last', { modelName: 'doubles', modelVersion: '3' }, /It has .*1\.0\.0 \(1\)/],
  ['a version in words', { modelName: 'double', modelVersion: 'newest' }, /It has .*1\.0\.0 \(1\)/],
])('%s: NOT_FOUND, with the versions there are', async (_what, wrong, sentence) => {
  await expect(grpc.infer(question(wrong))).rejects.toMatchObject({
    code: Code.NOT_FOUND,
    details: expect.stringMatching(sentence),
  });
  const { modelName: name = '', modelVersion: version = '' } = wrong;
  for (const call of ['modelMetadata', 'modelConfig'] as const)
    await expect(grpc.call(call, { name, version })).rejects.toMatchObject({ code: Code.NOT_FOUND });
});

test('a model without a version in production says so', async () => {
  await expect(grpc.infer(question({ modelName: 'half' }))).rejects.toMatchObject({
    code: Code.NOT_FOUND,
    details: expect.stringMatching(/No version of “half” is in production\. It has 1\.0\.0 \(1\)/),
  });
});

test('a sentence about a long name is short, and may cut through any character', async () => {
  for (const name of ['🐧'.repeat(5_000), `a${'🐧'.repeat(5_000)}`])
    for (const wrong of [
      { modelName: name },
      { inputs: [{ ...X, name }] },
      { inputs: [{ ...X, datatype: name }] },
    ])
      await expect(grpc.infer(question(wrong))).rejects.toMatchObject({
        code: expect.any(Number),
        details: expect.stringMatching(/^.{20,800}$/su),
      });
});

test('what runs behind an endpoint is not unloaded', async () => {
  await expect(grpc.call('repositoryModelUnload', { modelName: 'doubles' })).rejects.toMatchObject({
    code: Code.FAILED_PRECONDITION,
    details: expect.stringContaining('runs behind the endpoint “doubles”'),
  });
});

test.each<[string, object, RegExp]>([
  ['a configuration', { parameters: { config: text('{}') } }, /parameters\.config: expected none/],
  [
    'a model’s file',
    {
      parameters: {
        'file:1/model.onnx': { parameterChoice: { case: 'bytesParam', value: new Uint8Array(9) } },
      },
    },
    /expected no file: register the model/,
  ],
  ['another repository', { repositoryName: 'theirs' }, /repository_name: expected none/],
])('a load call may not bring %s', async (_what, more, sentence) => {
  await expect(grpc.call('repositoryModelLoad', { modelName: 'doubles', ...more })).rejects.toMatchObject({
    code: Code.INVALID_ARGUMENT,
    details: expect.stringMatching(sentence),
  });
});

test.each([
  'systemSharedMemoryStatus',
  'systemSharedMemoryRegister',
  'systemSharedMemoryUnregister',
  'cudaSharedMemoryStatus',
  'cudaSharedMemoryRegister',
  'cudaSharedMemoryUnregister',
  'traceSetting',
  'logSettings',
] as const)('%s is not offered, and says why', async (name) => {
  await expect(grpc.call(name, {})).rejects.toMatchObject({
    code: Code.UNIMPLEMENTED,
    details: expect.stringMatching(/ is not offered: the server/),
  });
});

describe('credentials', () => {
  const withKey = async (key: string | null, work: (client: GrpcClient) => Promise<void>) => {
    const client = new GrpcClient(server.grpcAddress, key);
    try {
      await work(client);
    } finally {
      client.close();
    }
  };
  const UNAUTHENTICATED = {
    code: Code.UNAUTHENTICATED,
    details: 'This call needs a valid credential: send “Authorization: Bearer <key>”.',
  };

  test.each([
    ['none', null],
    ['a wrong one', `mg_${'x'.repeat(43)}`],
    ['what cannot be one', 'nonsense'],
  ])('with %s every call is refused', (_what, key) =>
    withKey(key, async (client) => {
      for (const call of [
        'serverLive',
        'serverReady',
        'serverMetadata',
        'repositoryIndex',
        'logSettings',
      ] as const)
        await expect(client.call(call, {})).rejects.toMatchObject(UNAUTHENTICATED);
      await expect(client.infer(question())).rejects.toMatchObject(UNAUTHENTICATED);
      expect(await client.openStream().status).toMatchObject(UNAUTHENTICATED);
    }),
  );

  test('a viewer may look, and may not ask', async () => {
    await withKey(await server.keyFor('viewer'), async (client) => {
      expect(await client.call('modelMetadata', { name: 'doubles' })).toMatchObject({ name: 'doubles' });
      await expect(client.infer(question())).rejects.toMatchObject({
        code: Code.PERMISSION_DENIED,
        details: 'This call requires the permission “endpoint:predict”.',
      });
      await expect(client.call('repositoryModelLoad', { modelName: 'doubles' })).rejects.toMatchObject({
        code: Code.PERMISSION_DENIED,
      });
    });
  });

  test('a key of another project sees nothing of this one', async () => {
    await withKey(await server.keyFor('admin', 'elsewhere'), async (client) => {
      await expect(client.infer(question())).rejects.toMatchObject({ code: Code.NOT_FOUND });
      client.metadata.set('x-modelgraph-project', 'nowhere');
      await expect(client.infer(question())).rejects.toMatchObject({ code: Code.PERMISSION_DENIED });
    });
  });
});

test('one bad request after another leaves the good ones alone', async () => {
  const outcomes = await Promise.allSettled(
    Array.from({ length: 60 }, (_, index) =>
      grpc.infer(question(index % 3 === 0 ? { modelName: 'nothing' } : {})),
    ),
  );
  outcomes.forEach(({ status }, index) => expect(status).toBe(index % 3 === 0 ? 'rejected' : 'fulfilled'));
});

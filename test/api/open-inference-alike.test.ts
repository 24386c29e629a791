import { status as Code } from '@grpc/grpc-js';
import { floatBytes, GrpcClient, type InferRequest } from '../support/grpc-client';
import { OpenInferenceClient } from '../support/open-inference-client';
import { RegistryClient, scaled } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

/** What is asked over HTTP and over gRPC in the same words is answered, or refused, in the same words. */
let server: TestServer;
let v2: OpenInferenceClient;
let grpc: GrpcClient;
beforeAll(async () => {
  server = await startTestServer();
  v2 = new OpenInferenceClient(server);
  grpc = new GrpcClient(server.grpcAddress, server.key);
  const registry = new RegistryClient(server);
  await registry.version('points', scaled(2));
  await registry.promote('points@1.0.0', 'production');
});
afterAll(async () => {
  grpc.close();
  await server.stop();
});

type Parameter = string | number | boolean;
interface Tensor {
  readonly name: string;
  readonly parameters?: Readonly<Record<string, Parameter>>;
}
/** A question as both doors can be asked it. */
interface Question {
  readonly model?: string;
  readonly inputs?: readonly Tensor[];
  readonly outputs?: readonly Tensor[];
  readonly parameters?: Readonly<Record<string, Parameter>>;
}
const X: Tensor = { name: 'x' };
const ROW = [1, 2];

const choice = (value: Parameter) => {
  if (typeof value === 'string') return { case: 'stringParam' as const, value };
  if (typeof value === 'boolean') return { case: 'boolParam' as const, value };
  return Number.isSafeInteger(value)
    ? { case: 'int64Param' as const, value: BigInt(value) }
    : { case: 'doubleParam' as const, value };
};
const asMessage = ({ name, parameters = {} }: Tensor) => ({ name, parameters: messages(parameters) });
const messages = (parameters: Readonly<Record<string, Parameter>>) =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, { parameterChoice: choice(value) }]),
  );

const overHttp = ({ model = 'points', inputs = [X], ...more }: Question) =>
  v2.infer(model, {
    inputs: inputs.map((input) => ({ ...input, datatype: 'FP32', shape: [1, 2], data: ROW })),
    ...more,
  });
const overGrpc = ({ model = 'points', inputs = [X], outputs, parameters = {} }: Question) => {
  const request: InferRequest = {
    modelName: model,
    inputs: inputs.map((input) => ({ ...asMessage(input), datatype: 'FP32', shape: [1n, 2n] })),
    outputs: (outputs ?? []).map(asMessage),
    parameters: messages(parameters),
    rawInputContents: inputs.map(() => floatBytes(ROW)),
  };
  return grpc.infer(request);
};
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`p${at}`, at]));

test.each<[string, Question, string]>([
  [
    'one output twice',
    { outputs: [{ name: 'y' }, { name: 'y' }] },
    'outputs[1].name: expected each output once, got "y".',
  ],
  [
    'one output twice, ranked once',
    { outputs: [{ name: 'y', parameters: { classification: 1 } }, { name: 'y' }] },
    'outputs[1].name: expected each output once, got "y".',
  ],
  ['one input twice', { inputs: [X, X] }, 'inputs[1].name: expected each input once, got x.'],
  ['another input', { inputs: [X, { name: 'z' }] }, 'inputs[1].name: expected one of x, got z.'],
  ['no inputs', { inputs: [] }, 'inputs: expected a tensor “x” of FP32, got none.'],
  ['an unknown output', { outputs: [{ name: 'z' }] }, 'outputs: expected some of y, got z.'],
  ['a nameless output', { outputs: [{ name: '' }] }, 'outputs: expected some of y, got .'],
  ['a timeout of 0', { parameters: { timeout: 0 } }, 'parameters.timeout: expected 1 to 60000000 µs, got 0.'],
  [
    'a timeout as text',
    { parameters: { timeout: '1000' } },
    'parameters.timeout: expected 1 to 60000000 µs, got "1000".',
  ],
  [
    'a timeout that is a flag',
    { parameters: { timeout: true } },
    'parameters.timeout: expected 1 to 60000000 µs, got true.',
  ],
  [
    'a priority as text',
    { parameters: { priority: '1' } },
    'parameters.priority: expected a whole number from 0 on, got "1".',
  ],
  [
    'a priority between two',
    { parameters: { priority: 1.5 } },
    'parameters.priority: expected a whole number from 0 on, got 1.5.',
  ],
  [
    'a priority below 0',
    { parameters: { priority: -1 } },
    'parameters.priority: expected a whole number from 0 on, got -1.',
  ],
  [
    'a routing key that is a number',
    { parameters: { routing_key: 7 } },
    'parameters.routing_key: expected a text, got 7.',
  ],
  [
    'classes as text',
    { outputs: [{ name: 'y', parameters: { classification: '1' } }] },
    'outputs[0].parameters.classification: expected a whole number of classes from 1 on, got "1".',
  ],
  [
    'classes of all outputs',
    { parameters: { classification: 1 } },
    'parameters.classification: expected a parameter of an output, which names so many classes then, got 1.',
  ],
  [
    'a region of memory',
    { inputs: [{ ...X, parameters: { shared_memory_region: 'mine' } }] },
    'inputs[0].parameters.shared_memory_region: expected values in the request itself; the server shares no memory with its callers, got "mine".',
  ],
  [
    'a file for all',
    { parameters: { file: '/etc/passwd' } },
    'parameters.file: expected values in the request itself; the server opens no files for its callers, got "/etc/passwd".',
  ],
  [
    'more parameters than anybody reads',
    { parameters: many(1_001) },
    'parameters: expected at most 1000 of them, got more.',
  ],
  [
    'a model that is not there, asked wrongly',
    { model: 'nobody', parameters: { timeout: 0 } },
    'There is no endpoint or model “nobody”.',
  ],
  ['a name that nothing can have', { model: 'no\0body' }, 'There is no endpoint or model “no body”.'],
  [
    'a model with an alias that none can have',
    { model: 'points@\0' },
    'No version of “points” is points@ . It has 1.0.0 (1).',
  ],
])('%s is refused in the same sentence', async (_what, question, sentence) => {
  const isThere = question.model === undefined;
  expect(await overHttp(question)).toMatchObject({
    status: isThere ? 400 : 404,
    json: { error: sentence },
  });
  await expect(overGrpc(question)).rejects.toMatchObject({
    code: isThere ? Code.INVALID_ARGUMENT : Code.NOT_FOUND,
    details: sentence,
  });
});

test.each<[string, Question]>([
  ['an empty list of outputs', { outputs: [] }],
  ['parameters that nobody knows', { parameters: { mine: 'yes', sequence: 7 } }],
  ['a sequence id that means none', { parameters: { sequence_id: 0, sequence_start: true } }],
  ['as many parameters as are read', { parameters: many(1_000) }],
  ['unknown parameters of a tensor', { inputs: [{ ...X, parameters: { mine: 1 } }] }],
  ['a priority of 0', { parameters: { priority: 0 } }],
  ['a low priority', { parameters: { priority: 2 ** 40 } }],
  ['a timeout with a fraction', { parameters: { timeout: 30_000_000.5 } }],
  ['an empty routing key', { parameters: { routing_key: '' } }],
])('%s is taken', async (_what, question) => {
  expect((await overHttp(question)).json.outputs?.[0]?.data).toEqual([2, 4]);
  expect((await overGrpc(question)).outputs).toMatchObject([{ name: 'y', shape: [1n, 2n] }]);
});

test('one output twice is refused by GraphQL, too', async () => {
  const inputs = [{ ...X, datatype: 'FP32', shape: [1, 2], data: ROW }];
  expect(await predict(server, { ref: 'points', inputs, outputs: ['y', 'y'] })).toMatchObject({
    __typename: 'InvalidInputError',
    message: 'outputs[1]: expected each output once, got y.',
  });
});

describe('what the server does not offer', () => {
  test.each([
    ['GET', '/systemsharedmemory/status', 'systemSharedMemoryStatus'],
    ['GET', '/systemsharedmemory/region/mine/status', 'systemSharedMemoryStatus'],
    ['POST', '/systemsharedmemory/region/mine/register', 'systemSharedMemoryRegister'],
    ['POST', '/systemsharedmemory/region/mine/unregister', 'systemSharedMemoryUnregister'],
    ['POST', '/systemsharedmemory/unregister', 'systemSharedMemoryUnregister'],
    ['GET', '/cudasharedmemory/status', 'cudaSharedMemoryStatus'],
    ['GET', '/cudasharedmemory/region/mine/status', 'cudaSharedMemoryStatus'],
    ['POST', '/cudasharedmemory/region/mine/register', 'cudaSharedMemoryRegister'],
    ['POST', '/cudasharedmemory/region/mine/unregister', 'cudaSharedMemoryUnregister'],
    ['POST', '/cudasharedmemory/unregister', 'cudaSharedMemoryUnregister'],
    ['GET', '/trace/setting', 'traceSetting'],
    ['POST', '/models/points/trace/setting', 'traceSetting'],
    ['GET', '/logging', 'logSettings'],
    ['POST', '/logging', 'logSettings'],
  ] as const)('%s %s says why, as gRPC does', async (method, path, call) => {
    const told = method === 'GET' ? await v2.get(path) : await v2.post(path, { key: '/mine', byte_size: 8 });
    const why = await grpc.call(call, {}).then(
      () => '',
      ({ details }: { details: string }) => details.replace(/^\w+/, ''),
    );
    expect(why).toMatch(/^ is not offered: the server/);
    expect(told).toMatchObject({
      status: 501,
      json: { error: expect.stringMatching(/^\w+ is not offered/) },
    });
    expect(told.json.error?.replace(/^\w+/, '')).toBe(why);
  });

  test.each(['/login', '/sharedmemory/status', '/models/points/trace'])('%s is nothing', async (path) => {
    expect(await v2.get(path)).toMatchObject({ status: 404 });
  });
});

describe('the repository', () => {
  const repositoryName = 'theirs';
  const error = 'repository_name: expected none: there is one repository, got theirs.';

  test.each([
    ['/repository/theirs/index', 'repositoryIndex', {}],
    ['/repository/theirs/models/points/load', 'repositoryModelLoad', { modelName: 'points' }],
    ['/repository/theirs/models/points/unload', 'repositoryModelUnload', { modelName: 'points' }],
  ] as const)('is one: %s', async (path, call, more) => {
    expect(await v2.post(path)).toMatchObject({ status: 400, json: { error } });
    await expect(grpc.call(call, { repositoryName, ...more })).rejects.toMatchObject({
      code: Code.INVALID_ARGUMENT,
      details: error,
    });
  });

  test.each(['config', 'file:1/model.onnx', 'file', 'uri'])('takes no %s with a load call', async (name) => {
    const { json, status } = await v2.post('/repository/models/points/load', { parameters: { [name]: 'x' } });
    expect({ status, json }).toEqual({ status: 400, json: { error: expect.stringContaining(name) } });
    const parameters = { [name]: { parameterChoice: choice('x') } };
    await expect(
      grpc.call('repositoryModelLoad', { modelName: 'points', parameters: parameters as never }),
    ).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT, details: json.error });
  });
});

test('the configuration tells the endpoint’s settings, by both doors', async () => {
  const settings = { maxBatch: 32, maxDelayMs: 1.5, maxQueue: 500, timeoutMs: 3_000, batchSizes: [8, 32] };
  const variants = [{ ref: 'points@1.0.0', weight: 1, instances: 1 }];
  await deployEndpoint(server, 'configured', variants, undefined, settings);
  expect((await v2.get('/models/configured/config')).json).toMatchObject({
    max_batch_size: 32,
    dynamic_batching: {
      preferred_batch_size: [8, 32],
      max_queue_delay_microseconds: 1_500,
      priority_levels: 3,
      default_priority_level: 2,
      default_queue_policy: {
        default_timeout_microseconds: 3_000_000,
        allow_timeout_override: true,
        max_queue_size: 500,
      },
    },
    instance_group: [{ name: 'configured', count: 1 }],
  });
  expect((await grpc.call('modelConfig', { name: 'configured' })).config).toMatchObject({
    maxBatchSize: 32,
    schedulingChoice: {
      case: 'dynamicBatching',
      value: {
        preferredBatchSize: [8, 32],
        maxQueueDelayMicroseconds: 1_500n,
        priorityLevels: 3n,
        defaultPriorityLevel: 2n,
        defaultQueuePolicy: {
          defaultTimeoutMicroseconds: 3_000_000n,
          allowTimeoutOverride: true,
          maxQueueSize: 500,
        },
      },
    },
    instanceGroup: [{ name: 'configured', count: 1 }],
  });
});

test('a version that is asked for itself is configured by the defaults', async () => {
  const { json } = await v2.get('/models/points/versions/1/config');
  expect(json).toMatchObject({ max_batch_size: 128 });
  expect(json).not.toHaveProperty('instance_group');
});

import { createServer } from 'node:net';
import { type Datatype, type Tensor } from '../../src/kernel/tensors/tensor';
import { parserOf } from '../../src/serving/values/value-parser';
import { newData } from '../../src/serving/values/tensor-json';
import { OpenInferenceGrpc } from '../../src/serving/backends/open-inference-grpc';
import { RemoteFailure } from '../../src/serving/backends/remote-failure';
import { freePort } from '../support/free-port';
import { ONNX_DATATYPES, identity } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { startTestServer, type TestServer } from '../support/test-server';

const LIMITS = { timeoutMs: 60_000 };

let server: TestServer;
let client: OpenInferenceGrpc;
beforeAll(async () => {
  server = await startTestServer();
  const registry = new RegistryClient(server);
  for (const datatype of ONNX_DATATYPES) await registry.version(datatype, identity(datatype));
  for (const datatype of ONNX_DATATYPES) await registry.promote(`${datatype}@1.0.0`, 'production');
  client = new OpenInferenceGrpc(new URL(`grpc://${server.grpcAddress}`), { token: server.key });
});
afterAll(async () => {
  client.close();
  await server.stop();
});

const VALUES: Partial<Record<Datatype, readonly unknown[]>> = {
  BOOL: [true, false],
  INT64: ['9007199254740993', -1],
  UINT64: ['18446744073709551615', 0],
  FP16: [1.5, 'NaN'],
  FP32: [0.1, '-Infinity'],
  FP64: [0.1, 'NaN'],
  BYTES: ['größe 🐧', ''],
};
function tensor(datatype: Datatype): Tensor {
  const data = newData(datatype, 2);
  (VALUES[datatype] ?? [1, 2]).forEach((value, at) => (data[at] = parserOf(datatype)(value) ?? ''));
  return { name: 'x', datatype, shape: [1, 2], data: data as unknown as Tensor['data'] };
}
const model = (name: string, version = '') => ({ name, version });
const faultOf = (call: Promise<unknown>) =>
  call.then(
    () => 'none',
    (error: unknown) => (error instanceof RemoteFailure ? error.fault : String(error)),
  );

test.each([...ONNX_DATATYPES])('%s goes to a remote and back with every bit', async (datatype) => {
  const sent = tensor(datatype);
  const outputs = await client.infer({ model: model(datatype), inputs: [sent] }, LIMITS);
  expect(outputs).toEqual([{ ...sent, name: 'y' }]);
});

test('it tells what a server and its models are', async () => {
  expect(await client.serverLive(LIMITS)).toBe(true);
  expect(await client.serverReady(LIMITS)).toBe(true);
  expect(await client.modelReady(model('FP32'), LIMITS)).toBe(true);
  expect(await client.modelReady(model('nobody'), LIMITS)).toBe(false);
  expect(await client.modelMetadata(model('FP32', '1'), LIMITS)).toEqual({
    versions: ['1'],
    platform: 'onnx_onnxv1',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
  });
});

test('it loads and unloads what a repository has', async () => {
  const stateOf = async () =>
    (await client.repositoryIndex(LIMITS)).find(({ name }) => name === 'INT8')?.state;
  await client.load('INT8', LIMITS);
  expect(await stateOf()).toBe('READY');
  await client.unload('INT8', LIMITS);
  expect(await stateOf()).toBe('UNAVAILABLE');
});

test('each way to fail has its name', async () => {
  const question = { model: model('FP32'), inputs: [tensor('FP32')] };
  const url = new URL(`grpc://${server.grpcAddress}`);
  const stranger = new OpenInferenceGrpc(url);
  const small = new OpenInferenceGrpc(url, { token: server.key, maxMessageBytes: 64 });
  try {
    expect(await faultOf(client.infer({ ...question, model: model('nobody') }, LIMITS))).toBe('not-found');
    expect(await faultOf(client.infer({ ...question, inputs: [tensor('INT8')] }, LIMITS))).toBe('refused');
    expect(await faultOf(client.infer(question, { timeoutMs: 0 }))).toBe('timeout');
    expect(await faultOf(stranger.infer(question, LIMITS))).toBe('denied');
    expect(await faultOf(small.infer(question, LIMITS))).toBe('broken');
    const many = { ...tensor('FP32'), shape: [50, 2], data: new Float32Array(100) };
    expect(await faultOf(small.infer({ ...question, inputs: [many] }, LIMITS))).toBe('refused');
  } finally {
    stranger.close();
    small.close();
    expect(await faultOf(small.infer(question, LIMITS))).toBe('unreachable'); // who asks again as we stop
  }
});

test('who has given up is not kept waiting', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as { port: number };
  const lost = new OpenInferenceGrpc(new URL(`grpc://127.0.0.1:${port}`));
  const gone = new AbortController();
  const answer = faultOf(lost.serverReady({ timeoutMs: 60_000, signal: gone.signal }));
  gone.abort();
  expect(await answer).toBe('cancelled');
  expect(await faultOf(lost.serverReady({ timeoutMs: 60_000, signal: gone.signal }))).toBe('cancelled');
  lost.close();
  await new Promise((resolve) => silent.close(resolve));
});

test('a server that is not there is unreachable, and found again once it is back', async () => {
  const port = await freePort();
  const lost = new OpenInferenceGrpc(new URL(`grpc://127.0.0.1:${port}`), { token: server.key });
  try {
    expect(await faultOf(lost.serverReady(LIMITS))).toBe('unreachable');
    const back = await startTestServer({ GRPC_PORT: String(port) });
    try {
      let fault = 'unreachable';
      while (fault === 'unreachable') fault = await faultOf(lost.serverReady(LIMITS));
      expect(fault).toBe('denied'); // another server, with keys of its own: but it answers
    } finally {
      await back.stop();
    }
  } finally {
    lost.close();
  }
});

import { status as Code } from '@grpc/grpc-js';
import { floatBytes, floatsIn, GrpcClient, type InferRequest } from '../support/grpc-client';
import { loopOnDemand } from '../support/onnx-models';
import { RegistryClient, scaled } from '../support/registry-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
let grpc: GrpcClient;
beforeAll(async () => {
  server = await startTestServer({ ONNX_WORKERS: '2', DRAIN_TIMEOUT_MS: '100' });
  grpc = new GrpcClient(server.grpcAddress, server.key);
  const registry = new RegistryClient(server);
  await registry.version('loop', loopOnDemand());
  await registry.version('double', scaled(2));
});
afterAll(async () => {
  grpc.close();
  await server.stop();
});

const double = (id: string, value: number, more: Partial<InferRequest> = {}): InferRequest => ({
  modelName: 'double@1.0.0',
  id,
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1n, 2n] }],
  rawInputContents: [floatBytes([value, 0])],
  ...more,
});
/** Rounds that a worker never ends. */
const FOR_EVER = 2n ** 50n;
const loop = (id: string, trips: bigint): InferRequest => ({
  modelName: 'loop@1.0.0',
  id,
  inputs: [{ name: 'trips', datatype: 'INT64', shape: [1n], contents: { int64Contents: [trips] } }],
});

test('every request of a stream is answered, and the stream ends when its client ends it', async () => {
  const stream = grpc.openStream();
  for (let id = 0; id < 1_000; id++) stream.ask(double(String(id), id));
  stream.call.end();
  expect(await stream.status).toMatchObject({ code: Code.OK });
  expect(stream.answers).toHaveLength(1_000);
  const ids = stream.answers.map(({ errorMessage, inferResponse }) => {
    expect(errorMessage).toBe('');
    expect(floatsIn(inferResponse?.rawOutputContents[0])[0]).toBe(2 * Number(inferResponse?.id));
    expect(inferResponse?.parameters.triton_final_response?.parameterChoice.value).toBe(true);
    return inferResponse?.id;
  });
  expect(new Set(ids).size).toBe(1_000);
});

test('a bad request is answered with its reason, and those around it as ever', async () => {
  const stream = grpc.openStream();
  stream.ask(double('before', 1));
  stream.ask(double('nobody', 1, { modelName: 'nothing' }));
  stream.ask(double('short', 1, { rawInputContents: [floatBytes([1])] }));
  stream.call.write(Buffer.from([0x0a, 0x40, 0x66])); // no message at all
  stream.ask(double('after', 3));
  const answers = await stream.received(5);
  const messageOf = (wanted: string) =>
    answers.find(({ inferResponse }) => inferResponse?.id === wanted)?.errorMessage;
  expect(messageOf('before')).toBe('');
  expect(messageOf('nobody')).toBe('There is no endpoint or model “nothing”.');
  expect(messageOf('short')).toBe('inputs[0]: expected 8 bytes, as the shape says, got 4 bytes.');
  expect(messageOf('')).toMatch(/^message: expected an encoded inference\.ModelInferRequest/);
  expect(messageOf('after')).toBe('');
  stream.call.end();
  expect(await stream.status).toMatchObject({ code: Code.OK });
});

test('who may not predict is told so for each request', async () => {
  const viewer = new GrpcClient(server.grpcAddress, await server.keyFor('viewer'));
  const stream = viewer.openStream();
  stream.ask(double('mine', 1));
  expect(await stream.received(1)).toMatchObject([
    {
      errorMessage: 'This call requires the permission “endpoint:predict”.',
      inferResponse: { id: 'mine', modelName: 'double@1.0.0' },
    },
  ]);
  viewer.close();
});

test('a stream does not outlive its key', async () => {
  const key = await server.keyFor('contributor');
  const client = new GrpcClient(server.grpcAddress, key);
  const stream = client.openStream();
  stream.ask(double('0', 1));
  await stream.received(1);
  await server.revoke(key);
  let isOver = false;
  const over = stream.status.finally(() => (isOver = true));
  // A known key is read again after some seconds: until then each request is still answered.
  for (let count = 2; !isOver; count++) {
    stream.ask(double(String(count), 1));
    await Promise.race([stream.received(count), over]);
  }
  expect(await over).toMatchObject({ code: Code.UNAUTHENTICATED });
  client.close();
});

test('the deadline of a stream ends it, and what is answered before is answered as ever', async () => {
  const stream = grpc.openStream({ deadline: Date.now() + 500 });
  let isOver = false;
  const over = stream.status.finally(() => (isOver = true));
  for (let count = 1; !isOver; count++) {
    stream.ask(double(String(count), 1));
    await Promise.race([stream.received(count), over]);
  }
  expect(await over).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
  expect(stream.answers.filter(({ errorMessage }) => errorMessage !== '')).toEqual([]);
});

test('a quick answer does not wait for one that takes for ever', async () => {
  const stream = grpc.openStream();
  stream.ask(loop('first', 1n));
  await stream.received(1);
  stream.ask(loop('slow', FOR_EVER));
  stream.ask(double('quick', 1));
  const answers = await stream.received(2);
  expect(answers.map(({ inferResponse }) => inferResponse?.id)).toEqual(['first', 'quick']);
  stream.call.cancel();
});

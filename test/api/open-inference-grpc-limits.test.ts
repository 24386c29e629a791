import { connect, constants, type ClientHttp2Session } from 'node:http2';
import { createServer, type AddressInfo } from 'node:net';
import { compressionAlgorithms, status as Code, type ServiceError } from '@grpc/grpc-js';
import { GRPCInferenceService, ModelInferResponseSchema } from '../../src/kernel/generated/grpc_service_pb';
import { GrpcClient, floatBytes, type InferRequest } from '../support/grpc-client';
import { loopOnDemand } from '../support/onnx-models';
import { RegistryClient, scaled } from '../support/registry-client';
import { startTestServer, type TestServer } from '../support/test-server';

/** Rounds that take a worker about a second, and rounds that it never ends. */
const A_WHILE = 1_000_000n;
const FOR_EVER = 2n ** 50n;
const MEBIBYTE = 1024 ** 2;

let server: TestServer;
let grpc: GrpcClient;
beforeAll(async () => {
  server = await startTestServer({ DRAIN_TIMEOUT_MS: '100' });
  grpc = new GrpcClient(server.grpcAddress, server.key);
  const registry = new RegistryClient(server);
  await registry.version('loop', loopOnDemand());
  await registry.version('double', scaled(2));
  await server.data(`mutation { deployEndpoint(input: {
    name: "narrow", variants: [{ ref: "loop@1.0.0", weight: 1 }], settings: { maxQueue: 1, timeoutMs: 60000 }
  }) { __typename } }`);
});
afterAll(async () => {
  grpc.close();
  await server.stop();
});

const loop = (trips: bigint, more: Partial<InferRequest> = {}): InferRequest => ({
  modelName: 'loop@1.0.0',
  inputs: [{ name: 'trips', datatype: 'INT64', shape: [1n], contents: { int64Contents: [trips] } }],
  ...more,
});
const double: InferRequest = {
  modelName: 'double@1.0.0',
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1n, 2n] }],
  rawInputContents: [floatBytes([1, 2])],
};
const timeout = (microseconds: bigint): Partial<InferRequest> => ({
  parameters: { timeout: { parameterChoice: { case: 'int64Param', value: microseconds } } },
});

/** For what comes behind something else, however long a busy machine takes for that. */
const PATIENCE = timeout(60_000_000n);

/** A call as bytes, to send what no client would. */
class RawCall {
  private readonly session: ClientHttp2Session;
  readonly stream;
  /** The status, of the headers where there is nothing else. */
  readonly status: Promise<{ code: number; details: string }>;

  constructor(name: string, headers: Record<string, string> = {}) {
    this.session = connect(`http://${server.grpcAddress}`);
    this.stream = this.session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: `/inference.GRPCInferenceService/${name}`,
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: `Bearer ${server.key}`,
      ...headers,
    });
    this.stream.on('error', () => undefined);
    this.status = new Promise((resolve) => {
      const look = (sent: Record<string, unknown>) => {
        if (sent['grpc-status'] === undefined) return;
        resolve({ code: Number(sent['grpc-status']), details: decodeURI(String(sent['grpc-message'])) });
        this.session.destroy();
      };
      this.stream.on('response', look);
      this.stream.on('trailers', look);
      this.stream.resume();
    });
  }

  /** Sends the head of a message, and not more of it than given. */
  sendPart(declaredBytes: number, bytes: Uint8Array): this {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(declaredBytes, 1);
    this.stream.write(Buffer.concat([head, bytes]));
    return this;
  }

  end(): this {
    this.stream.end();
    return this;
  }
}

test('a message of more than 64 MiB is refused before it is read, and the next is answered', async () => {
  const tooLarge = Buffer.alloc(64 * MEBIBYTE + 1);
  await expect(grpc.send('ModelInfer', tooLarge, ModelInferResponseSchema)).rejects.toMatchObject({
    code: Code.RESOURCE_EXHAUSTED,
    details: expect.stringContaining(String(64 * MEBIBYTE)),
  });
  expect(await new RawCall('ModelInfer').sendPart(2 ** 32 - 1, new Uint8Array(9)).status).toMatchObject({
    code: Code.RESOURCE_EXHAUSTED,
  });
  expect(await grpc.infer(double)).toMatchObject({ outputs: [{ name: 'y' }] });
});

test('a compressed message may not become more than 64 MiB', async () => {
  const squeezing = new GrpcClient(server.grpcAddress, server.key, {
    'grpc.default_compression_algorithm': compressionAlgorithms.gzip,
  });
  expect(await squeezing.infer(double)).toMatchObject({ outputs: [{ name: 'y' }] });
  const bomb = Buffer.alloc(65 * MEBIBYTE);
  await expect(squeezing.send('ModelInfer', bomb, ModelInferResponseSchema)).rejects.toMatchObject({
    code: Code.RESOURCE_EXHAUSTED,
    details: expect.stringContaining(String(64 * MEBIBYTE)),
  });
  squeezing.close();
});

test('a message that is no inference may have 128 KiB, of whatever', async () => {
  const unknown = Buffer.alloc(MEBIBYTE / 8, Buffer.from([0x78, 0x00]));
  const { output } = GRPCInferenceService.method.serverLive;
  expect(await grpc.send('ServerLive', unknown, output)).toMatchObject({ live: true });
  await expect(grpc.send('ServerLive', Buffer.concat([unknown, unknown]), output)).rejects.toMatchObject({
    code: Code.INVALID_ARGUMENT,
    details: expect.stringContaining('message: expected at most 131072 bytes'),
  });
});

test('a stranger’s message is not even read', async () => {
  const stranger = new RawCall('ModelInfer', { authorization: '' }).sendPart(2 ** 32 - 1, new Uint8Array(9));
  expect(await stranger.status).toMatchObject({ code: Code.UNAUTHENTICATED });
});

test('a message that is cut off is no message', async () => {
  expect(await new RawCall('ModelInfer').sendPart(100, new Uint8Array(10)).end().status).toEqual({
    code: Code.INVALID_ARGUMENT,
    details: 'The call ended before its message was complete.',
  });
});

test('the parameter timeout ends the wait', async () => {
  await expect(grpc.infer(loop(A_WHILE, timeout(20_000n)))).rejects.toMatchObject({
    code: Code.DEADLINE_EXCEEDED,
    details: 'The deadline passed before the model answered.',
  });
});

test('the deadline of a call is the server’s too, and what waits behind it then is answered', async () => {
  const message = grpc.encode('modelInfer', loop(A_WHILE));
  const call = new RawCall('ModelInfer', { 'grpc-timeout': '20m' }).sendPart(message.length, message).end();
  expect(await call.status).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
  await expect(grpc.infer(loop(A_WHILE), { deadline: Date.now() + 20 })).rejects.toMatchObject({
    code: Code.DEADLINE_EXCEEDED,
  });
  expect(await grpc.infer({ ...double, ...PATIENCE })).toMatchObject({ outputs: [{ name: 'y' }] });
});

test('who comes to a full queue is told when to come back; who leaves it makes room', async () => {
  const modelName = 'narrow';
  const comesLater = (microseconds = 50_000n) =>
    grpc.infer(loop(1n, { modelName, ...timeout(microseconds) })).then(
      () => null,
      (error: ServiceError) => error,
    );
  const runs = grpc.infer(loop(FOR_EVER, { modelName })).catch((error: unknown) => error);
  await until(() => comesLater(), isTooLate); // the first one runs: there was room
  let leave: () => void = () => undefined;
  const waits = grpc
    .call('modelInfer', loop(FOR_EVER, { modelName }), {}, (call) => (leave = () => call.cancel()))
    .catch((error: unknown) => error);
  const refused = await comesLater(60_000_000n); // at once, and not when its time is over
  expect(refused?.code).toBe(Code.RESOURCE_EXHAUSTED);
  expect(refused?.details).toMatch(/Too many predictions wait already.*Try again in \d+ ms\./);
  expect(Number(refused?.metadata.get('grpc-retry-pushback-ms')[0])).toBeGreaterThan(0);
  leave();
  expect(await waits).toMatchObject({ code: Code.CANCELLED });
  await until(() => comesLater(), isTooLate); // there is room again
  void runs;
});

const isTooLate = (error: ServiceError | null) => error?.code === Code.DEADLINE_EXCEEDED;

/** The first answer that is looked for; every one before it is asked for after the one before. */
async function until<Answer>(ask: () => Promise<Answer>, isIt: (answer: Answer) => boolean): Promise<Answer> {
  for (;;) {
    const answer = await ask();
    if (isIt(answer)) return answer;
  }
}

test('a server that stops answers what is in flight, and ends the streams', async () => {
  const stopping = await startTestServer({ DRAIN_TIMEOUT_MS: '60000' });
  await new RegistryClient(stopping).version('loop', loopOnDemand());
  const client = new GrpcClient(stopping.grpcAddress, stopping.key);
  const stream = client.openStream();
  stream.ask(loop(1n, { id: 'first' }));
  await stream.received(1); // the stream is known, and idle
  const inFlight = client.infer(loop(100_000n, PATIENCE));
  stream.ask(loop(100_000n, { id: 'second', ...PATIENCE }));
  await client.call('serverLive', {}); // what was sent before has arrived
  const stopped = stopping.stop();
  expect(await inFlight).toMatchObject({ outputs: [{ name: 'y' }] });
  expect(await stream.status).toMatchObject({
    code: Code.UNAVAILABLE,
    details: expect.stringContaining('The server is stopping'),
  });
  expect(stream.answers).toMatchObject([
    { inferResponse: { id: 'first' } },
    { inferResponse: { id: 'second' } },
  ]);
  await stopped;
  await expect(client.infer(double)).rejects.toMatchObject({ code: Code.UNAVAILABLE });
  client.close();
});

test('what has no end is cut off when the time to stop is over', async () => {
  const stopping = await startTestServer({ DRAIN_TIMEOUT_MS: '100' });
  await new RegistryClient(stopping).version('loop', loopOnDemand());
  const client = new GrpcClient(stopping.grpcAddress, stopping.key);
  const cutOff = client
    .infer(loop(FOR_EVER, timeout(60_000_000n)))
    .catch((error: ServiceError) => error.code);
  await client.call('serverLive', {}); // what was sent before has arrived
  await stopping.stop(); // long before the run or the caller would give up
  expect([Code.CANCELLED, Code.UNAVAILABLE]).toContain(await cutOff);
  client.close();
});

test('a port in use is named, with the setting that chooses another', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  await expect(startTestServer({ GRPC_PORT: String(port) })).rejects.toThrow(
    `gRPC cannot listen on 127.0.0.1:${port}: another program has it. Choose another port with GRPC_PORT, or stop what has it.`,
  );
  await new Promise((resolve) => other.close(resolve));
});

import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { gunzipSync, inflateSync } from 'node:zlib';
import { affine, affineAnswer, identity } from '../support/onnx-models';
import { floatBytes, GrpcClient } from '../support/grpc-client';
import { OpenInferenceClient } from '../support/open-inference-client';
import { RegistryClient } from '../support/registry-client';
import { startTestServer, type TestServer } from '../support/test-server';

/** How outputs may be wanted: ranked, or packed. */
let server: TestServer;
let v2: OpenInferenceClient;
let grpc: GrpcClient;
beforeAll(async () => {
  server = await startTestServer();
  v2 = new OpenInferenceClient(server);
  grpc = new GrpcClient(server.grpcAddress, server.key);
  const registry = new RegistryClient(server);
  await registry.register('affine', affine(), { labels: ['cat', 'dog', 'emu'] });
  await registry.register('words', identity('BYTES', ['N', 1]));
  await registry.register('wide', identity('FP32', ['N', 'M']));
  for (const name of ['affine', 'words', 'wide']) await registry.promote(`${name}@1.0.0`, 'production');
});
afterAll(async () => {
  grpc.close();
  await server.stop();
});

const ROW = Array.from({ length: 30 }, (_, index) => (index % 17) / 8);
const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 30], data: ROW }];
/** The two best, as Triton writes them. */
const BEST = affineAnswer(ROW)
  .map((value, index) => ({ value, text: `${value.toFixed(6)}:${index}:${['cat', 'dog', 'emu'][index]}` }))
  .sort((one, other) => other.value - one.value)
  .slice(0, 2)
  .map(({ text }) => text);
/** Each text after its length. */
const asBytes = (texts: readonly string[]) =>
  Buffer.concat(
    texts.flatMap((text) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(Buffer.byteLength(text));
      return [length, Buffer.from(text)];
    }),
  );

describe('classes instead of values', () => {
  test('in JSON', async () => {
    const outputs = [{ name: 'y', parameters: { classification: 2 } }];
    const { status, json } = await v2.infer('affine', { inputs, outputs });
    expect(status).toBe(200);
    expect(json.outputs).toEqual([{ name: 'y', datatype: 'BYTES', shape: [1, 2], data: BEST }]);
  });

  test('as bytes', async () => {
    const outputs = [{ name: 'y', parameters: { classification: 2, binary_data: true } }];
    const { json, bytes } = await v2.infer('affine', { inputs, outputs });
    expect(json.outputs).toMatchObject([{ name: 'y', datatype: 'BYTES', shape: [1, 2] }]);
    expect(bytes).toEqual(asBytes(BEST));
  });

  test('by gRPC', async () => {
    const parameter = { parameterChoice: { case: 'int64Param' as const, value: 2n } };
    const answer = await grpc.infer({
      modelName: 'affine',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1n, 30n] }],
      outputs: [{ name: 'y', parameters: { classification: parameter } }],
      rawInputContents: [floatBytes(ROW)],
    });
    expect(answer.outputs).toMatchObject([{ name: 'y', datatype: 'BYTES', shape: [1n, 2n] }]);
    expect(Buffer.from(answer.rawOutputContents[0] ?? [])).toEqual(asBytes(BEST));
  });

  test('of texts there are none', async () => {
    const words = [{ name: 'x', datatype: 'BYTES', shape: [1, 1], data: ['a'] }];
    const outputs = [{ name: 'y', parameters: { classification: 1 } }];
    expect(await v2.infer('words', { inputs: words, outputs })).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining('expected an output of numbers, got BYTES') },
    });
  });
});

describe('packed answers', () => {
  const LARGE = 10_000;
  const question = (count: number) => ({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, count], data: Array(count).fill(0.5) as number[] }],
  });

  /** As it comes over the wire: `fetch` would unpack it. */
  async function raw(
    body: object,
    acceptEncoding: string,
  ): Promise<{ message: IncomingMessage; body: Buffer }> {
    const call = request(`${server.url}/v2/models/wide/infer`, {
      method: 'POST',
      headers: { ...server.headers, 'accept-encoding': acceptEncoding },
    });
    call.end(JSON.stringify(body));
    const [message] = (await once(call, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    return { message, body: Buffer.concat(chunks) };
  }

  test.each([
    ['gzip', gunzipSync],
    ['deflate', inflateSync],
  ])('who asks for %s and nothing else gets it', async (coding, unpack) => {
    const { message, body } = await raw(question(LARGE), coding);
    expect(message.headers).toMatchObject({ 'content-encoding': coding, vary: 'accept-encoding' });
    expect(body.length).toBeLessThan(LARGE);
    const answer = JSON.parse(unpack(body).toString()) as { outputs: [{ data: number[] }] };
    expect(answer.outputs[0].data).toEqual(question(LARGE).inputs[0]?.data);
  });

  test('bytes are packed too; their header tells the length of the JSON as it is unpacked', async () => {
    const { message, body } = await raw(
      { ...question(LARGE), parameters: { binary_data_output: true } },
      'gzip',
    );
    const whole = gunzipSync(body);
    const jsonLength = Number(message.headers['inference-header-content-length']);
    expect(JSON.parse(whole.toString('utf8', 0, jsonLength))).toMatchObject({ outputs: [{ name: 'y' }] });
    expect(whole.length - jsonLength).toBe(4 * LARGE);
  });

  test.each([
    ['a list, which is only what a library can read', LARGE, 'gzip, deflate, br'],
    ['another coding', LARGE, 'br'],
    ['a small answer', 10, 'gzip'],
  ])('%s is answered plain', async (_what, count, acceptEncoding) => {
    const { message, body } = await raw(question(count), acceptEncoding);
    expect(message.headers['content-encoding']).toBeUndefined();
    expect(message.headers['content-length']).toBe(String(body.length));
    expect(JSON.parse(body.toString())).toMatchObject({ outputs: [{ name: 'y' }] });
  });

  test('a client that leaves in the middle of one leaves nothing behind', async () => {
    const call = request(`${server.url}/v2/models/wide/infer`, {
      method: 'POST',
      headers: { ...server.headers, 'accept-encoding': 'gzip' },
    });
    call.on('error', () => undefined);
    const data = Array.from({ length: 500_000 }, (_, index) => Math.sin(index));
    call.end(JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, data.length], data }] }));
    const [message] = (await once(call, 'response')) as [IncomingMessage];
    message.destroy();
    expect((await raw(question(LARGE), 'gzip')).message.statusCode).toBe(200);
  });
});

import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { loopOnDemand } from '../support/onnx-models';
import { OpenInferenceClient } from '../support/open-inference-client';
import { answers, bytes } from '../support/raw-http';
import { RegistryClient, scaled } from '../support/registry-client';
import { deployEndpoint } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

const MEBIBYTE = 1024 * 1024;

let server: TestServer;
let v2: OpenInferenceClient;
let registry: RegistryClient;
beforeAll(async () => {
  server = await startTestServer();
  v2 = new OpenInferenceClient(server);
  registry = new RegistryClient(server);
  const models = {
    points: scaled(2),
    slow: loopOnDemand(),
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

describe('bodies that would do harm', () => {
  test('a bomb is refused before it is large, whatever it is packed in', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * MEBIBYTE));
    expect(bomb.length).toBeLessThan(MEBIBYTE);
    const plain = await v2.infer('points', bomb, { 'content-encoding': 'gzip' });
    expect(plain).toMatchObject({ status: 413, json: { error: 'A body may have at most 16777216 bytes.' } });
    const headers = { 'content-encoding': 'gzip', 'inference-header-content-length': '10' };
    expect(await v2.infer('points', bomb, headers)).toMatchObject({
      status: 413,
      json: { error: 'A body may have at most 67108864 bytes.' },
    });
  });

  test.each([
    ['gzip', Buffer.from('not packed'), 400, 'The body is not gzip'],
    ['gzip', gzipSync('{}').subarray(0, 12), 400, 'The body is not gzip'],
    ['deflate', Buffer.from('not packed'), 400, 'The body is not deflate'],
    ['br', Buffer.from('{}'), 415, 'expected gzip or deflate, got “br”'],
  ])('%s that is none', async (encoding, body, status, error) => {
    const answer = await v2.infer('points', body, { 'content-encoding': encoding });
    expect(answer).toMatchObject({ status, json: { error: expect.stringContaining(error) } });
  });

  test('a body that never ends is answered while it still comes', async () => {
    const path = '/v2/models/points/infer';
    const sending = httpRequest(`${server.url}${path}`, { method: 'POST', headers: server.headers });
    sending.on('error', () => undefined); // the connection may be closed on us
    const chunk = Buffer.alloc(MEBIBYTE, ' ');
    const more = () => void (sending.destroyed || sending.write(chunk, more));
    more();
    const [response] = (await once(sending, 'response')) as [{ statusCode: number }];
    expect(response.statusCode).toBe(413);
    sending.destroy();
  });

  test('a body that is cut off harms nobody', async () => {
    const socket = await send('/models/points/infer', 1000, '{"inputs"');
    socket.end();
    await once(socket.resume(), 'close');
  });
});

describe('callers who cannot wait', () => {
  const slowly = (trips: number, more: object = {}) => ({
    inputs: [{ name: 'trips', datatype: 'INT64', shape: [1], data: [trips] }],
    ...more,
  });

  test('a deadline that passes is 503', async () => {
    const answer = await v2.infer('slow', slowly(300_000, { parameters: { timeout: 20_000 } }));
    expect(answer).toMatchObject({ status: 503, json: { error: expect.stringContaining('deadline') } });
  });

  test('a caller who leaves while another one is answered is forgotten', async () => {
    const failedBefore = await failures();
    const patience = { parameters: { timeout: 60_000_000 } };
    const other = v2.infer('slow', slowly(1_000_000, patience)); // a second, and many on a busy machine
    await v2.get('/health/live');
    await v2.get('/health/live');
    const body = JSON.stringify(slowly(1, patience));
    const socket = await send('/models/slow/infer', body.length, body);
    // What came first is heard first: after two answers it is on its way.
    await v2.get('/health/live');
    await v2.get('/health/live');
    socket.destroy();
    expect((await other).status).toBe(200);
    while ((await failures()) === failedBefore);
  });

  /** Of the slow model, as the statistics tell. */
  const failures = async (): Promise<number | undefined> => {
    const { json } = await v2.get('/models/slow/stats');
    return json.model_stats?.[0]?.inference_stats.fail.count;
  };
});

/** A call whose body may be less than it says. */
async function send(path: string, contentLength: number, body: string): Promise<Socket> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const head = `POST /v2${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${server.key}\r\ncontent-length: ${contentLength}`;
  socket.write(`${head}\r\n\r\n${body}`);
  return socket;
}

test('a request with two Host headers is refused, in the protocol’s form', async () => {
  const { port } = new URL(server.url);
  const head = `GET /v2 HTTP/1.1\r\nhost: a\r\nhost: b\r\nauthorization: Bearer ${server.key}\r\n\r\n`;
  const error = 'A request has one Host header; this one has several.';
  expect(await answers(Number(port), bytes(head), 1)).toMatchObject([
    { status: 400, body: `${JSON.stringify({ error })}\n` },
  ]);
});

describe('who may do what', () => {
  test('a viewer may look, and not ask', async () => {
    const viewer = new OpenInferenceClient(await server.as('viewer'));
    expect((await viewer.get('/models/points')).status).toBe(200);
    const answer = await viewer.infer('points', question({}));
    expect(answer).toMatchObject({
      status: 403,
      json: { error: 'This call requires the permission “endpoint:predict”.' },
    });
  });

  test('another project’s models do not exist', async () => {
    const other = new OpenInferenceClient(await server.as('admin', 'elsewhere'));
    expect((await other.infer('points', question({}))).status).toBe(404);
    expect((await other.post('/repository/index')).json).toEqual([]);
    expect((await other.get('/models/stats')).json).toEqual({ model_stats: [] });
  });
});

test('an endpoint whose model cannot be read is refused by name, and the others answer', async () => {
  await registry.version('lost', scaled(5));
  await deployEndpoint(server, 'lost-endpoint', [{ ref: 'lost@1.0.0', weight: 1 }]);
  expect((await v2.infer('lost-endpoint', question({}))).status).toBe(200);
  const sha256 = await server.upload(scaled(5));
  await server.store.spoil(sha256, null);
  await server.restart();
  const error = `The endpoint “lost-endpoint” has no variant that could answer. Its variant “lost@1.0.0” leads to lost@1.0.0: The store has lost the bytes of ${sha256}. Restore them, or send them again.`;
  expect(await v2.infer('lost-endpoint', question({}))).toMatchObject({ status: 404, json: { error } });
  expect(await v2.get('/models/lost-endpoint/ready')).toMatchObject({ status: 404, json: { error } });
});

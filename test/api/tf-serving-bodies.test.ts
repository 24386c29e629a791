import { deflateSync, gzipSync } from 'node:zlib';
import { identity } from '../support/onnx-models';
import { RegistryClient, scaled } from '../support/registry-client';
import { startTestServer, type TestServer } from '../support/test-server';
import { answered, refused, TfServingClient } from '../support/tf-serving-client';

/** What TensorFlow Serving's clients may send, and how much of it. */
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  const registry = new RegistryClient(server);
  for (const [name, bytes] of [
    ['points', scaled(2)],
    ['single', identity('FP32', [1, 2])],
    ['triple', identity('BYTES', [3])],
  ] as const) {
    await registry.version(name, bytes);
    await registry.promote(`${name}@1.0.0`, 'production');
  }
});
afterAll(() => server.stop());

const call = (path: string, init?: RequestInit) => new TfServingClient(server).call(path, init);
const post = (...asked: Parameters<TfServingClient['post']>) => new TfServingClient(server).post(...asked);

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['GZip', gzipSync],
])('a body may be compressed by %s', async (encoding, compress) => {
  const body = compress('{"instances": [[1, 2]]}');
  expect(await post('/points:predict', body, { 'content-encoding': encoding })).toEqual(
    answered({ predictions: [[2, 4]] }),
  );
});

test('a model that was made for a number of rows takes just as many', async () => {
  const one = [[1, 2]];
  expect(await post('/single:predict', { instances: one })).toEqual(answered({ predictions: one }));
  expect(await post('/single:predict', { instances: [{ x: one[0] }] })).toEqual(
    answered({ predictions: one }),
  );
  expect(await post('/single:predict', { instances: [...one, ...one] })).toEqual(
    refused(400, /exactly one instance at a time, got 2/),
  );
  const three = ['a', 'b', 'c'];
  expect(await post('/triple:predict', { instances: three })).toEqual(answered({ predictions: three }));
  expect(await post('/triple:predict', { instances: ['a'] })).toEqual(refused(400, /exactly 3 instances/));
});

test('a body over the limit, whether it says so or not', async () => {
  const body = Buffer.alloc(16 * 1024 * 1024 + 1, ' ');
  expect(await post('/points:predict', body)).toEqual(refused(413, /at most 16777216 bytes/));
  const stream = new Blob([body]).stream();
  const init = { method: 'POST', headers: server.headers, body: stream, duplex: 'half' };
  expect(await call('/points:predict', init)).toEqual(refused(413, /at most 16777216 bytes/));
});

test('a large body that is refused unread does not cost the answer', async () => {
  const body = Buffer.alloc(16 * 1024 * 1024, ' ');
  expect(await post('/nothing:predict', body)).toEqual(refused(404, /no endpoint or model/));
  expect(await post('/points:regress', body)).toEqual(refused(501, /“:predict” instead/));
});

test.each([
  ['a bomb', 'gzip', gzipSync(Buffer.alloc(200 * 1024 * 1024, ' ')), 413, /at most 16777216 bytes/],
  ['what is not packed', 'gzip', Buffer.from('{"instances": [[1, 2]]}'), 400, /not gzip/],
  ['what is cut off', 'deflate', deflateSync('{"instances": [[1, 2]]}').subarray(0, 9), 400, /not deflate/],
  ['another coding', 'br', Buffer.from('{}'), 415, /expected gzip or deflate, got “br”/],
])('a body packed as %s', async (_what, encoding, body, status, sentence) => {
  expect(await post('/points:predict', body, { 'content-encoding': encoding })).toEqual(
    refused(status, sentence),
  );
  expect(await post('/points:predict', { instances: [[1, 2]] })).toEqual(answered({ predictions: [[2, 4]] }));
});

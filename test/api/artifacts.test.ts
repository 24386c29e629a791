import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { Artifacts } from '../../src/kernel/artifacts/artifacts';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
beforeAll(async () => (server = await startTestServer({ MAX_ARTIFACT_BYTES: '1000000' })));
afterAll(() => server.stop());

const hashOf = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
const call = (sha256: string, init: RequestInit = {}) =>
  fetch(`${server.url}/artifacts/sha256/${sha256}`, {
    ...init,
    headers: { ...server.headers, ...init.headers },
  });

test('bytes come back as they were sent, as an attachment', async () => {
  const bytes = Buffer.from('<script>alert(1)</script>');
  const sha256 = await server.upload(bytes);
  const response = await call(sha256);
  expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
  expect(response.headers.get('content-disposition')).toMatch(/^attachment/);
  expect(response.headers.get('content-type')).toBe('application/octet-stream');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
});

test('an upload is idempotent: 201 the first time, 200 after', async () => {
  const body = Buffer.from('twice');
  expect((await call(hashOf(body), { method: 'PUT', body })).status).toBe(201);
  expect((await call(hashOf(body), { method: 'PUT', body })).status).toBe(200);
});

test('an empty artifact is an artifact', async () => {
  const sha256 = await server.upload('');
  expect((await call(sha256)).status).toBe(200);
});

test('bytes with another hash are refused and nothing is kept', async () => {
  const address = hashOf('what was promised');
  const response = await call(address, { method: 'PUT', body: 'what was sent' });
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({ code: 'HASH_MISMATCH' });
  expect((await call(address)).status).toBe(404);
  expect((await call(hashOf('what was sent'))).status).toBe(404);
  expect(await server.store.unfinished()).toEqual([]);
});

test('an artifact that is too large is refused and nothing is kept', async () => {
  const body = Buffer.alloc(1_000_001);
  const response = await call(hashOf(body), { method: 'PUT', body });
  expect(response.status).toBe(413);
  expect(await server.store.unfinished()).toEqual([]);
});

test('knowing a hash is not enough to send nothing', async () => {
  const sha256 = await server.upload('mine');
  expect((await call(sha256, { method: 'PUT', body: '' })).status).toBe(422);
});

test.each([
  ['bytes=0-2', 206, 'abc', 'bytes 0-2/6'],
  ['bytes=4-', 206, 'ef', 'bytes 4-5/6'],
  ['bytes=-2', 206, 'ef', 'bytes 4-5/6'],
  ['bytes=2-100', 206, 'cdef', 'bytes 2-5/6'],
  ['Bytes=5-5', 206, 'f', 'bytes 5-5/6'],
  ['bytes=-100', 206, 'abcdef', 'bytes 0-5/6'],
  ['bytes=0-1,3-4', 200, 'abcdef', null],
  ['bytes=4-2', 200, 'abcdef', null],
  ['bytes=-', 200, 'abcdef', null],
  ['bytes=a-b', 200, 'abcdef', null],
  ['lines=1-2', 200, 'abcdef', null],
])('range %s', async (range, status, text, contentRange) => {
  const response = await call(await server.upload('abcdef'), { headers: { range } });
  expect([response.status, await response.text(), response.headers.get('content-range')]).toEqual([
    status,
    text,
    contentRange,
  ]);
});

test.each([
  ['abcdef', 'bytes=6-', 'bytes */6'],
  ['abcdef', `bytes=${'9'.repeat(400)}-`, 'bytes */6'],
  ['abcdef', 'bytes=-0', 'bytes */6'],
  ['', 'bytes=0-', 'bytes */0'],
  ['', 'bytes=-1', 'bytes */0'],
])('of “%s” the range %s is 416', async (bytes, range, contentRange) => {
  const response = await call(await server.upload(bytes), { headers: { range } });
  expect([response.status, response.headers.get('content-range')]).toEqual([416, contentRange]);
  expect(await response.json()).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE' });
});

describe('a range under a condition', () => {
  const hash = hashOf('abcdef');
  test.each([
    ['the hash', `"${hash}"`, 206, 'ef'],
    ['another hash', `"${hashOf('other')}"`, 200, 'abcdef'],
    ['a weak hash', `W/"${hash}"`, 200, 'abcdef'],
    ['the hash without quotes', hash, 200, 'abcdef'],
    ['a date', 'Sun, 29 Nov 2026 00:00:00 GMT', 200, 'abcdef'],
  ])('%s', async (_, condition, status, text) => {
    const headers = { range: 'bytes=4-', 'if-range': condition };
    const response = await call(await server.upload('abcdef'), { headers });
    expect([response.status, await response.text()]).toEqual([status, text]);
    expect(response.headers.get('etag')).toBe(`"${hash}"`);
    expect(response.headers.get('accept-ranges')).toBe('bytes');
  });
});

test('HEAD tells of the whole, whatever part it names', async () => {
  const init = { method: 'HEAD', headers: { range: 'bytes=4-' } };
  const response = await call(await server.upload('abcdef'), init);
  expect([response.status, response.headers.get('content-length')]).toEqual([200, '6']);
  expect([response.headers.get('accept-ranges'), response.headers.get('content-range')]).toEqual([
    'bytes',
    null,
  ]);
});

describe('bytes that the store has lost', () => {
  const losses: [string, string | null][] = [
    ['altogether', null],
    ['in part', 'los'],
  ];
  const asked: [string, RequestInit][] = [
    ['GET', {}],
    ['HEAD', { method: 'HEAD' }],
    ['a range', { headers: { range: 'bytes=1-2' } }],
  ];

  test.each(losses.flatMap(([how, rest]) => asked.map(([what, init]) => [how, what, rest, init] as const)))(
    '%s never begin as a success: %s is a 500 until they are sent again',
    async (how, what, rest, init) => {
      const sha256 = await server.upload(`lost ${how}, then ${what}`);
      await server.store.spoil(sha256, rest);
      const response = await call(sha256, init);
      expect(response.status).toBe(500);
      expect(response.headers.get('etag')).toBeNull();
      const text = await response.text();
      if (what !== 'HEAD') expect(JSON.parse(text)).toMatchObject({ code: 'INTERNAL_SERVER_ERROR' });
      await server.upload(`lost ${how}, then ${what}`);
      expect((await call(sha256, init)).ok).toBe(true);
    },
  );
});

test.each([
  ['GET', {}],
  ['HEAD', { method: 'HEAD' }],
])('%s leaves no file open', async (_, init) => {
  const sha256 = await server.upload('abcdef');
  const read = jest.spyOn(Artifacts.prototype, 'read');
  await (await call(sha256, init)).text();
  const bytes = (await read.mock.results[0]?.value) as Readable;
  read.mockRestore();
  if (!bytes.closed) await once(bytes, 'close');
});

test('HEAD tells the size and sends nothing', async () => {
  const response = await call(await server.upload('abcdef'), { method: 'HEAD' });
  expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([
    200,
    '6',
    '',
  ]);
});

test.each(['../../etc/passwd', '%2e%2e%2fadmin.key', 'A'.repeat(64), 'ab', `${'a'.repeat(64)}/x`])(
  '“%s” names no artifact',
  async (name) => {
    const response = await fetch(`${server.url}/artifacts/sha256/${name}`, { headers: server.headers });
    expect([400, 404]).toContain(response.status);
  },
);

test('another method is 405', async () => {
  const response = await call('a'.repeat(64), { method: 'DELETE' });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, PUT']);
});

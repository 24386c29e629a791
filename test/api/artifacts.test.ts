import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { ArtifactFolder } from '../../src/kernel/artifact-folder';
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
const incoming = () => readdir(join(server.config.storeFolder, 'artifacts', 'incoming'));

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
  expect(await incoming()).toEqual([]);
});

test('an artifact that is too large is refused and nothing is kept', async () => {
  const body = Buffer.alloc(1_000_001);
  const response = await call(hashOf(body), { method: 'PUT', body });
  expect(response.status).toBe(413);
  expect(await incoming()).toEqual([]);
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
  ['bytes=0-1,3-4', 200, 'abcdef', null],
  ['lines=1-2', 200, 'abcdef', null],
])('range %s', async (range, status, text, contentRange) => {
  const response = await call(await server.upload('abcdef'), { headers: { range } });
  expect([response.status, await response.text(), response.headers.get('content-range')]).toEqual([
    status,
    text,
    contentRange,
  ]);
});

test('a range beyond the end is 416', async () => {
  const response = await call(await server.upload('abcdef'), { headers: { range: 'bytes=6-' } });
  expect([response.status, response.headers.get('content-range')]).toEqual([416, 'bytes */6']);
});

describe('bytes that the store has lost', () => {
  const fileOf = (sha256: string) =>
    join(server.config.storeFolder, 'artifacts/sha256', sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  const losses: [string, (file: string) => Promise<void>][] = [
    ['altogether', (file) => rm(file)],
    ['in part', (file) => truncate(file, 3)],
  ];
  const asked: [string, RequestInit][] = [
    ['GET', {}],
    ['HEAD', { method: 'HEAD' }],
    ['a range', { headers: { range: 'bytes=1-2' } }],
  ];

  test.each(losses.flatMap(([how, lose]) => asked.map(([what, init]) => [how, what, lose, init] as const)))(
    '%s never begin as a success: %s is a 500 until they are sent again',
    async (how, what, lose, init) => {
      const sha256 = await server.upload(`lost ${how}, then ${what}`);
      await lose(fileOf(sha256));
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
  const read = jest.spyOn(ArtifactFolder.prototype, 'read');
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

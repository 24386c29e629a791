import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ArtifactBucket } from '../../src/kernel/artifacts/artifact-bucket';
import { ArtifactLost, StoreFull } from '../../src/kernel/artifacts/artifacts';
import { createLogger } from '../../src/kernel/logger';
import { describeArtifactStore } from '../support/artifact-store-contract';
import { S3Server, sha256Of, type Fault, type S3Request } from '../support/s3-server';

const PREFIX = 'team/models/';
const LIMIT = 64 * 1024 ** 2;
const CACHE_BYTES = 48 * 1024 ** 2;
const LOGGER = createLogger('silent');
const AWAY = { code: 'UNAVAILABLE', facts: { retryable: true } };

let server: S3Server;
let bucket: string;
let folder: string;
let store: ArtifactBucket;
beforeAll(async () => {
  server = await S3Server.start();
  bucket = await server.newBucket();
  folder = await mkdtemp(join(tmpdir(), 'modelgraph-bucket-'));
  store = await open();
});
afterEach(() => (server.fault = () => null));
afterAll(async () => {
  store.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

function open(
  options: { bucket?: string; isReadOnly?: boolean; cacheBytes?: number; cacheFolder?: string } = {},
) {
  const cacheFolder = join(folder, 'cache');
  return ArtifactBucket.open(
    { ...server.access, bucket, prefix: PREFIX, cacheFolder, cacheBytes: CACHE_BYTES, ...options },
    LOGGER,
  );
}

/** Over a bucket that nobody has written yet. */
const openEmpty = async () => open({ bucket: await server.newBucket(), isReadOnly: true });

async function put(bytes: Buffer, into = store) {
  const sha256 = sha256Of(bytes);
  await into.write(sha256, Readable.from([bytes]), LIMIT);
  return { sha256, sizeBytes: bytes.length };
}
let count = 0;
/** Bytes that no other test has. */
const some = (size = 1_000) => Buffer.alloc(size, `${(count += 1)} `);
/** The fault, for so many requests that fit. */
const times = (limit: number, fault: Fault, fits: (request: S3Request) => boolean) => {
  let left = limit;
  return (request: S3Request) => (fits(request) && left-- > 0 ? fault : null);
};
const isGet = ({ method }: S3Request) => method === 'GET';
const isPut = ({ method }: S3Request) => method === 'PUT';

describeArtifactStore('a bucket', () =>
  Promise.resolve({
    store,
    spoil: (sha256, bytes) => server.spoil(bucket, PREFIX, sha256, bytes),
    unfinished: async () => [
      ...(await server.unfinished(bucket)),
      ...(await readdir(join(folder, 'cache/1/incoming'))),
    ],
  }),
);

describe('files of artifacts', () => {
  test('are fetched once for all who want them at once, and then not again', async () => {
    const { sha256 } = await put(some());
    const before = server.requests.filter(isGet).length;
    const leases = await Promise.all(Array.from({ length: 20 }, () => store.lease(sha256)));
    leases.push(await store.lease(sha256));
    expect(new Set(leases.map(({ path }) => path)).size).toBe(1);
    expect(server.requests.filter(isGet).length - before).toBe(1);
    for (const { release } of leases) release();
  });

  test('go when there is no room, least recently used first, and never while somebody holds them', async () => {
    const small = await open({ cacheBytes: 3_000_000 });
    const [a, b, c, d] = await Promise.all([1, 2, 3, 4].map(() => put(some(1_000_000), small)));
    if (!a || !b || !c || !d) throw new Error('Four were put.');
    const held = await small.lease(a.sha256);
    for (const { sha256 } of [b, c, b]) (await small.lease(sha256)).release();
    (await small.lease(d.sha256)).release(); // c goes
    const before = server.requests.filter(isGet).length;
    for (const { sha256 } of [a, b, d]) (await small.lease(sha256)).release();
    expect(server.requests.filter(isGet).length).toBe(before);
    expect((await readFile(held.path)).length).toBe(1_000_000);
    (await small.lease(c.sha256)).release();
    expect(server.requests.filter(isGet).length).toBe(before + 1);
    held.release();
    small.stop();
  });

  test('that would not fit beside those in use are refused, until one is released', async () => {
    const small = await open({ cacheBytes: 1_500_000 });
    const [a, b] = [await put(some(1_000_000), small), await put(some(1_000_000), small)];
    const held = await small.lease(a.sha256);
    await expect(small.lease(b.sha256)).rejects.toMatchObject({
      ...AWAY,
      message: expect.stringContaining('ARTIFACT_CACHE_MB'),
    });
    held.release();
    (await small.lease(b.sha256)).release();
    small.stop();
  });

  test('of what is removed stay until they are released, and come again if it comes again', async () => {
    const bytes = some();
    const { sha256 } = await put(bytes);
    const held = await store.lease(sha256);
    await store.remove(sha256);
    expect(await store.has(sha256)).toBe(false);
    await expect(store.lease(sha256)).rejects.toThrow(ArtifactLost);
    expect(await readFile(held.path)).toEqual(bytes);
    await put(bytes);
    const again = await store.lease(sha256);
    held.release();
    expect(await readFile(again.path)).toEqual(bytes);
    again.release();
  });

  test('stay for the next start', async () => {
    const cacheFolder = join(folder, 'kept');
    const first = await open({ cacheFolder });
    const { sha256 } = await put(some(), first);
    (await first.lease(sha256)).release();
    first.stop();
    const second = await open({ cacheFolder });
    const before = server.requests.filter(isGet).length;
    (await second.lease(sha256)).release();
    expect(server.requests.filter(isGet).length).toBe(before);
    second.stop();
  });

  test('that somebody has tidied away are fetched again', async () => {
    const bytes = some();
    const { sha256 } = await put(bytes);
    const lease = await store.lease(sha256);
    lease.release();
    await rm(lease.path);
    const again = await store.lease(sha256);
    expect(await readFile(again.path)).toEqual(bytes);
    again.release();
  });

  test('are hashed as they come: what is not what its name says is no artifact', async () => {
    const { sha256, sizeBytes } = await put(some());
    await server.spoil(bucket, PREFIX, sha256, some(sizeBytes));
    await expect(store.lease(sha256)).rejects.toThrow(ArtifactLost);
    expect(await readdir(join(folder, 'cache/1/incoming'))).toEqual([]);
  });

  test('of two processes lie apart', async () => {
    const other = await open();
    const { sha256 } = await put(some());
    const [here, there] = await Promise.all([store.lease(sha256), other.lease(sha256)]);
    expect(here.path).not.toBe(there.path);
    for (const { release } of [here, there]) release();
    other.stop();
  });
});

describe('a line that breaks', () => {
  test.each(['lost', 'cut-request'] as const)(
    '(%s) while parts are sent costs another try',
    async (fault) => {
      server.fault = times(2, fault, isPut);
      const bytes = some(20_000_000);
      const artifact = await put(bytes);
      server.fault = () => null;
      expect((await buffer(await store.read(artifact))).equals(bytes)).toBe(true);
    },
  );

  test('in the middle of an answer costs the rest of it', async () => {
    const bytes = some(5_000_000);
    const artifact = await put(bytes);
    server.fault = times(3, 'cut-answer', isGet);
    expect((await buffer(await store.read(artifact))).equals(bytes)).toBe(true);
    server.fault = times(3, 'cut-answer', isGet);
    const part = await buffer(await store.read(artifact, { start: 1_000, end: 4_000_000 }));
    expect(part.equals(bytes.subarray(1_000, 4_000_001))).toBe(true);
    server.fault = times(3, 'cut-answer', isGet);
    const lease = await store.lease(artifact.sha256);
    expect((await readFile(lease.path)).equals(bytes)).toBe(true);
    lease.release();
  });

  test('for good is told as what may work later, and leaves nothing', async () => {
    const artifact = await put(some());
    server.fault = () => 'lost';
    const large = some(20_000_000);
    await expect(put(large)).rejects.toMatchObject(AWAY);
    await expect(store.read(artifact)).rejects.toMatchObject(AWAY);
    await expect(store.lease(artifact.sha256)).rejects.toMatchObject(AWAY);
    await expect(store.has(artifact.sha256)).rejects.toMatchObject(AWAY);
    await expect(store.remove(artifact.sha256)).rejects.toMatchObject(AWAY);
    await expect(store.check()).rejects.toMatchObject(AWAY);
    server.fault = () => null;
    await store.check();
    await expect(store.lease(sha256Of(large))).rejects.toThrow(ArtifactLost);
    expect(await readdir(join(folder, 'cache/1/incoming'))).toEqual([]);
  });

  test('for good in the middle of an answer ends the answer', async () => {
    const artifact = await put(some(5_000_000));
    let isBegun = false;
    server.fault = () => (isBegun ? 'lost' : ((isBegun = true), 'cut-answer'));
    await expect(buffer(await store.read(artifact))).rejects.toMatchObject(AWAY);
  });
});

describe('a server that refuses', () => {
  test('for want of room is full', async () => {
    server.fault = times(100, { status: 507, code: 'XMinioStorageFull' }, isPut);
    await expect(put(some())).rejects.toThrow(StoreFull);
    await expect(put(some(20_000_000))).rejects.toThrow(StoreFull);
    server.fault = () => null;
    expect(await server.unfinished(bucket)).toEqual([]);
  });

  test('what credentials may not do needs a person, and callers are told nothing of the bucket', async () => {
    const artifact = await put(some());
    server.fault = () => ({ status: 403, code: 'AccessDenied' });
    for (const ask of [() => put(some()), () => store.read(artifact), () => store.check()]) {
      const error = await ask().then(
        () => null,
        (thrown: Error) => thrown,
      );
      expect(error).toMatchObject({ code: 'UNAVAILABLE', facts: { retryable: false } });
      expect(error?.message).not.toContain(bucket);
    }
  });

  test.each<[string, Fault, RegExp]>([
    [
      'credentials',
      { status: 403, code: 'AccessDenied' },
      /credentials may not use the bucket “test-.*AccessDenied/,
    ],
    ['the clock', { status: 403, code: 'RequestTimeTooSkewed' }, /clock/],
    ['the region', { status: 301, code: 'PermanentRedirect' }, /another region: correct AWS_REGION/],
    ['the line', 'lost', /cannot be reached right now/],
  ])('is told at the start by what is wrong: %s', async (_, fault, words) => {
    server.fault = () => fault;
    await expect(open({ cacheFolder: join(folder, 'refused') })).rejects.toThrow(words);
  });

  test('is told at the start where there is no such bucket', async () => {
    const nowhere = open({ bucket: 'no-such-bucket', cacheFolder: join(folder, 'refused') });
    await expect(nowhere).rejects.toThrow('There is no bucket “no-such-bucket”. Make it first');
  });
});

test('whoever only reads writes nothing, and need not be allowed to', async () => {
  const artifact = await put(some());
  const before = server.requests.length;
  server.fault = ({ method }) => (method === 'GET' ? null : { status: 403, code: 'AccessDenied' });
  for (const reader of [await open({ isReadOnly: true }), await openEmpty()]) {
    expect(server.requests.slice(before).every(isGet)).toBe(true);
    reader.stop();
  }
  const reader = await open({ isReadOnly: true });
  (await reader.lease(artifact.sha256)).release();
  reader.stop();
});

test('uploads that nobody will end are given up by the next start', async () => {
  // This server says of every upload that it began in 2010.
  await server.s3.beginUpload({ bucket, key: `${PREFIX}artifacts/sha256/ab/cd/abcd` });
  await server.s3.beginUpload({ bucket, key: 'somebody/elses' });
  (await open()).stop();
  expect(await server.unfinished(bucket)).toEqual(['somebody/elses']);
});

test('a store that may not list uploads works all the same', async () => {
  server.fault = ({ url }) => (url.includes('?uploads&') ? { status: 403, code: 'AccessDenied' } : null);
  const other = await open();
  await put(some(), other);
  other.stop();
});

test('a check waits for the one that is under way', async () => {
  const before = server.requests.length;
  await Promise.all([store.check(), store.check(), store.check()]);
  expect(server.requests.length).toBe(before + 1);
});

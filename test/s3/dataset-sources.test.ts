import { existsSync } from 'node:fs';
import fs, { readFile } from 'node:fs/promises';
import type { Member } from '../support/api-client';
import { S3Server, sha256Of } from '../support/s3-server';
import { startTestServer, type TestServer } from '../support/test-server';

let s3: S3Server;
let server: TestServer;
let bucket: string;
let other: string;
let csv: Buffer;
beforeAll(async () => {
  s3 = await S3Server.start();
  [bucket, other] = [await s3.newBucket(), await s3.newBucket()];
  server = await startTestServer({
    DATASET_SOURCES: `s3://${bucket}/data/`,
    S3_ENDPOINT: s3.access.endpoint ?? '',
    MAX_ARTIFACT_BYTES: '100000',
  });
  csv = await readFile('examples/penguins/penguins.csv');
});
beforeEach(() => put('data/penguins.csv', csv));
afterEach(() => (s3.fault = () => null));
afterAll(async () => {
  await server.stop();
  await s3.stop();
});

const put = (key: string, bytes: Buffer, into = bucket) =>
  s3.s3.put({ bucket: into, key }, bytes, Buffer.from(sha256Of(bytes), 'hex').toString('base64'));

const REGISTER = `mutation ($input: RegisterDatasetVersionInput!) { registerDatasetVersion(input: $input) {
  __typename
  ... on RegisterDatasetVersionSuccess { created version { ref uri format sizeBytes rowCount sha256 target columns { name } } }
  ... on UserError { code message }
} }`;
type Registered = Member & { version: { ref: string; columns: { name: string }[] } };
const at = (key: string, more: object = {}) => ({
  uri: `s3://${bucket}/${key}`,
  sha256: sha256Of(csv),
  ...more,
});
const register = async (dataset: string, input: object) =>
  (await server.data<{ registerDatasetVersion: Registered }>(REGISTER, { input: { dataset, ...input } }))
    .registerDatasetVersion;
/** Folders that were made for what was read here: others may read at the same time. */
const made = jest.spyOn(fs, 'mkdtemp');
const leftovers = async () => {
  const folders = await Promise.all(made.mock.results.map(({ value }) => value as Promise<string>));
  const ofSources = folders.filter((folder) => folder.includes('modelgraph-source-'));
  expect(ofSources).not.toEqual([]);
  return ofSources.filter((folder) => existsSync(folder));
};

test('data that lies in a named bucket is read there, and only its profile is kept', async () => {
  const registered = await register('penguins', at('data/penguins.csv', { target: 'species' }));
  expect(registered).toMatchObject({
    created: true,
    version: {
      format: 'CSV',
      rowCount: 344,
      target: 'species',
      sha256: sha256Of(csv),
      sizeBytes: csv.length,
    },
  });
  expect(registered.version.columns.map(({ name }) => name)).toContain('species');
  const bytes = await fetch(`${server.url}/artifacts/sha256/${sha256Of(csv)}`, { headers: server.headers });
  expect(bytes.status).toBe(404);
  expect(await leftovers()).toEqual([]);
});

test('the same again is the same version, for which nothing is read', async () => {
  await register('again', at('data/penguins.csv'));
  const before = s3.requests.length;
  expect(await register('again', at('data/penguins.csv'))).toMatchObject({ created: false });
  expect(s3.requests.length).toBe(before);
});

test('it is split and compared where it lies, as long as it is what it was', async () => {
  await register('source', at('data/penguins.csv', { target: 'species' }));
  const splits = [
    { name: 'train', fraction: 0.75 },
    { name: 'test', fraction: 0.25 },
  ];
  const split = async (seed: number) =>
    (
      await server.data<{ splitDatasetVersion: Member }>(
        `mutation ($input: SplitDatasetVersionInput!) { splitDatasetVersion(input: $input) {
           __typename ... on UserError { code message } } }`,
        { input: { ref: 'source', splits, seed } },
      )
    ).splitDatasetVersion;
  expect(await split(1)).toMatchObject({ __typename: 'SplitDatasetVersionSuccess' });
  const overlap = `{ datasetVersion(ref: "source-test") { overlap(other: "source") { share } } }`;
  expect(await server.data(overlap)).toEqual({ datasetVersion: { overlap: { share: 1 } } });

  await put('data/penguins.csv', Buffer.from('a\n1\n'));
  expect(await split(2)).toMatchObject({ __typename: 'InvalidArtifactError', code: 'SOURCE_CHANGED' });
  await s3.s3.remove({ bucket, key: 'data/penguins.csv' });
  expect(await split(3)).toMatchObject({ __typename: 'InvalidArtifactError', code: 'SOURCE_NOT_FOUND' });
});

test.each<[string, () => object | Promise<object>, string]>([
  ['has another hash', () => at('data/penguins.csv', { sha256: sha256Of('x') }), 'SOURCE_CHANGED'],
  ['is not there', () => at('data/nothing.csv'), 'SOURCE_NOT_FOUND'],
  [
    'is no table',
    async () => {
      const bytes = Buffer.from('\0\0');
      await put('data/odd', bytes);
      return at('data/odd', { sha256: sha256Of(bytes) });
    },
    'INVALID_CSV',
  ],
  [
    'is too large',
    async () => {
      const bytes = Buffer.alloc(100_001, 'a\n');
      await put('data/large', bytes);
      return at('data/large', { sha256: sha256Of(bytes) });
    },
    'SOURCE_TOO_LARGE',
  ],
])('data that %s is refused', async (_, input, code) => {
  expect(await register('refused', await input())).toMatchObject({
    __typename: 'InvalidArtifactError',
    code,
  });
  expect(await leftovers()).toEqual([]);
});

test('what the server may not read is said so, and what is away may come later', async () => {
  s3.fault = () => ({ status: 403, code: 'AccessDenied' });
  expect(await register('denied', at('data/penguins.csv'))).toMatchObject({ code: 'SOURCE_NOT_READABLE' });
  s3.fault = () => 'lost';
  const { errors } = await server.graphql(REGISTER, {
    input: { dataset: 'away', ...at('data/penguins.csv') },
  });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
});

test.each([
  ['another bucket', () => `s3://${other}/data/penguins.csv`],
  ['another part of the bucket', () => `s3://${bucket}/secret.csv`],
  ['a way out of its part', () => `s3://${bucket}/data/../secret.csv`],
  ['a bucket whose name begins alike', () => `s3://${bucket}x/data/penguins.csv`],
  ['another scheme', () => `http://127.0.0.1:1/data/penguins.csv`],
])('%s is never asked: the version is a reference that nobody has checked', async (_, uri) => {
  const before = s3.requests.length;
  const registered = await register('reference', { uri: uri(), sha256: sha256Of(uri()) });
  expect(registered).toMatchObject({ version: { format: null, rowCount: null } });
  expect(s3.requests.length).toBe(before);
});

test('without a hash the address is a reference, which is not read', async () => {
  const before = s3.requests.length;
  const registered = await register('unnamed', { uri: `s3://${bucket}/data/penguins.csv` });
  expect(registered).toMatchObject({ version: { format: null, sha256: null } });
  expect(s3.requests.length).toBe(before);
});

import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MlflowClient } from '../support/mlflow-client';
import { startTestServer, type TestServer } from '../support/test-server';

const MAX_BYTES = 100_000;

let server: TestServer;
let mlflow: MlflowClient;
beforeAll(async () => {
  server = await startTestServer({ MAX_ARTIFACT_BYTES: String(MAX_BYTES) });
  mlflow = new MlflowClient(server);
});
afterAll(() => server.stop());

interface Credential {
  readonly url: string;
  readonly part_number: number;
}
interface Upload {
  /** Of the folder, as MLflow's client has it. */
  readonly folder: string;
  readonly path: string;
  readonly upload_id: string;
  readonly credentials: readonly Credential[];
}
type Mpu = 'create' | 'complete' | 'abort';

const call = (what: Mpu, folder: string, fields: object, by = mlflow) =>
  by.raw('POST', `/api/2.0/mlflow-artifacts/mpu/${what}/${folder}`, JSON.stringify(fields));
const drafts = () => readdir(join(server.config.storeFolder, 'artifacts', 'incoming'));
const etagOf = (bytes: Uint8Array | string) => `"${createHash('sha256').update(bytes).digest('hex')}"`;

/** Where the files of a new run are. */
async function newFolder(): Promise<string> {
  const { info } = await mlflow.run('0');
  return info.artifact_uri.replace('mlflow-artifacts:/', '');
}

async function open(parts: number, path = '/home/ada/whole.bin', folder?: string): Promise<Upload> {
  const place = folder ?? (await newFolder());
  const { status, body } = await call('create', place, { path, num_parts: parts });
  expect(status).toBe(200);
  return { folder: place, path, ...(body as unknown as Pick<Upload, 'upload_id' | 'credentials'>) };
}

/** As the client does: without any header of its own. */
const put = ({ credentials }: Upload, number: number, bytes: Uint8Array | string) =>
  fetch(credentials[number - 1]?.url ?? '', { method: 'PUT', body: Buffer.from(bytes) });

const finish = (what: Mpu, upload: Upload, fields: object = {}, by = mlflow) =>
  call(what, upload.folder, { path: upload.path, upload_id: upload.upload_id, ...fields }, by);
const partsOf = (...etags: readonly string[]) => ({
  parts: etags.map((etag, index) => ({ part_number: index + 1, etag, url: 'http://whatever' })),
});
const fileOf = async ({ folder }: Upload, name = 'whole.bin') => {
  const url = `${server.url}/api/2.0/mlflow-artifacts/artifacts/${folder}/${name}`;
  const response = await fetch(url, { headers: server.headers });
  return response.status === 200 ? Buffer.from(await response.arrayBuffer()) : response.status;
};

test('parts in any order, through a restart, are one file in theirs', async () => {
  const pieces = [randomBytes(30_000), randomBytes(30_000), randomBytes(7)];
  const upload = await open(3);
  expect(upload.credentials.map(({ part_number }) => part_number)).toEqual([1, 2, 3]);
  const etags: string[] = [];
  for (const number of [3, 1]) {
    const response = await put(upload, number, pieces[number - 1] as Buffer);
    expect(response.status).toBe(200);
    etags[number - 1] = response.headers.get('etag') ?? '';
  }
  expect(await fileOf(upload)).toBe(404);
  await server.restart();
  const moved = upload.credentials.map(({ url, ...rest }) => ({
    ...rest,
    url: url.replace(/^http:\/\/[^/]+/, server.url),
  }));
  const response = await put({ ...upload, credentials: moved }, 2, pieces[1] as Buffer);
  etags[1] = response.headers.get('etag') ?? '';
  expect(etags).toEqual(pieces.map(etagOf));
  expect(await finish('complete', upload, partsOf(...etags))).toEqual({ status: 200, body: {} });
  expect(await fileOf(upload)).toEqual(Buffer.concat(pieces));
  expect(await drafts()).toEqual([]);
  // A client that has not heard the answer asks again.
  expect((await finish('complete', upload, partsOf(...etags))).status).toBe(200);
  expect((await put({ ...upload, credentials: moved }, 2, 'too late')).status).toBe(404);
  expect(await drafts()).toEqual([]);
});

test('a part that is sent again takes the place of the first, whose ETag is then wrong', async () => {
  const upload = await open(1);
  await put(upload, 1, 'first');
  await put(upload, 1, 'second');
  expect(await drafts()).toHaveLength(1);
  expect(await finish('complete', upload, partsOf(etagOf('first')))).toMatchObject({
    status: 400,
    body: {
      error_code: 'INVALID_PARAMETER_VALUE',
      message: expect.stringContaining('parts[0].etag'),
    },
  });
  expect((await finish('complete', upload, partsOf(etagOf('second')))).status).toBe(200);
  expect(await fileOf(upload)).toEqual(Buffer.from('second'));
});

test.each([
  ['a part that was never sent', [1, 2], 'which has not'],
  ['fewer parts than were announced', [1], 'all 2 parts'],
  ['no parts', [], 'all 2 parts'],
  ['the same part twice', [1, 1], 'parts[1].part_number'],
])('%s makes no file', async (_, numbers, message) => {
  const upload = await open(2);
  await put(upload, 1, 'one');
  const parts = numbers.map((part_number) => ({ part_number, etag: etagOf('one') }));
  expect(await finish('complete', upload, { parts })).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining(message) },
  });
  expect(await fileOf(upload)).toBe(404);
  expect((await finish('abort', upload)).status).toBe(200);
});

test('what is aborted is gone, and takes nothing more', async () => {
  const upload = await open(2);
  await put(upload, 1, 'one');
  expect(await finish('abort', upload)).toEqual({ status: 200, body: {} });
  expect(await drafts()).toEqual([]);
  expect((await put(upload, 2, 'two')).status).toBe(404);
  expect(await drafts()).toEqual([]);
  for (const what of ['complete', 'abort'] as const)
    expect(await finish(what, upload, partsOf(etagOf('one'), etagOf('two')))).toMatchObject({
      status: 404,
      body: { error_code: 'RESOURCE_DOES_NOT_EXIST' },
    });
});

test('an upload is for one file: another one cannot be made of it', async () => {
  const upload = await open(1);
  await put(upload, 1, 'mine');
  const parts = partsOf(etagOf('mine'));
  const elsewhere = { ...upload, folder: await newFolder() };
  expect((await finish('complete', elsewhere, parts)).status).toBe(404);
  expect((await finish('complete', { ...upload, path: 'other.bin' }, parts)).status).toBe(404);
  expect((await finish('complete', upload, parts)).status).toBe(200);
});

test('the file may be one of a folder, and its name on another machine may be any', async () => {
  const upload = await open(1, 'C:\\temp\\weights.bin', `${await newFolder()}/deep%20er/est`);
  await put(upload, 1, 'w');
  expect((await finish('complete', upload, partsOf(etagOf('w')))).status).toBe(200);
  expect(await fileOf(upload, 'weights.bin')).toEqual(Buffer.from('w'));
});

describe('who may', () => {
  test('another project finds neither the upload nor its parts', async () => {
    const upload = await open(1);
    const stranger = new MlflowClient(await server.as('contributor', 'strangers'));
    const address = new URL(upload.credentials[0]?.url ?? '');
    expect((await stranger.raw('PUT', address.pathname, 'theirs')).status).toBe(404);
    for (const what of ['complete', 'abort'] as const)
      expect((await finish(what, upload, partsOf(etagOf('x')), stranger)).status).toBe(404);
    // With a credential of the project an address needs no token.
    expect((await mlflow.raw('PUT', address.pathname, 'ours')).status).toBe(200);
    expect((await finish('complete', upload, partsOf(etagOf('ours')))).status).toBe(200);
  });

  test('a token is good for the parts of its own upload', async () => {
    const [one, other] = [await open(2), await open(2)];
    const [address, foreign] = [one, other].map(({ credentials }) => new URL(credentials[0]?.url ?? ''));
    if (!address || !foreign) throw new Error('There are addresses.');
    const status = async (url: string, method = 'PUT') =>
      (await fetch(url, { method, ...(method === 'PUT' && { body: 'x' }) })).status;
    expect(await status(`${server.url}${address.pathname}${foreign.search}`)).toBe(404);
    expect(await status(`${server.url}${address.pathname}?token=`)).toBe(404);
    expect(await status(`${server.url}${address.pathname}`)).toBe(401);
    expect(await status(address.href, 'GET')).toBe(404);
    const abort = address.href.replace(/parts.*\?/, `abort/${one.folder}?`);
    expect(await status(abort)).toBe(401);
    expect(await drafts()).toEqual([]);
  });

  test('a viewer sends nothing', async () => {
    const viewer = new MlflowClient(await server.as('viewer'));
    const answer = await call('create', await newFolder(), { path: 'a', num_parts: 1 }, viewer);
    expect(answer).toMatchObject({ status: 403, body: { error_code: 'PERMISSION_DENIED' } });
  });
});

describe('limits', () => {
  test.each([
    [{ path: 'a', num_parts: 10_001 }, 'num_parts'],
    [{ path: 'a', num_parts: -1 }, 'num_parts'],
    [{ path: 'folder/', num_parts: 1 }, 'name'],
    [{ path: '..', num_parts: 1 }, 'Invalid path'],
    [{ num_parts: 1 }, 'path'],
  ])('%j is refused', async (fields, message) => {
    expect(await call('create', await newFolder(), fields)).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining(message) },
    });
  });

  test('a run that is not there has no files', async () => {
    const answer = await call('create', '0/nobody/artifacts', { path: 'a', num_parts: 1 });
    expect(answer).toMatchObject({ status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST' } });
  });

  test('parts may not be more than announced, nor together larger than an artifact', async () => {
    const upload = await open(2);
    const address = upload.credentials[1]?.url ?? '';
    expect((await fetch(address.replace('/2?', '/3?'), { method: 'PUT', body: 'x' })).status).toBe(400);
    expect((await put(upload, 1, Buffer.alloc(60_000))).status).toBe(200);
    const tooMuch = await put(upload, 2, Buffer.alloc(MAX_BYTES - 60_000 + 1));
    expect(tooMuch.status).toBe(400);
    expect(await tooMuch.json()).toMatchObject({
      message: expect.stringContaining(String(MAX_BYTES)),
    });
    expect(await drafts()).toHaveLength(1);
    expect((await put(upload, 2, Buffer.alloc(MAX_BYTES - 60_000))).status).toBe(200);
    await finish('abort', upload);
  });
});

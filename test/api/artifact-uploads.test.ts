import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ENTITIES } from '../../src/entities';
import { ArtifactFolder } from '../../src/kernel/artifacts/artifact-folder';
import { ArtifactUploads, MAX_OPEN_UPLOADS } from '../../src/kernel/artifacts/artifact-uploads';
import { Artifacts } from '../../src/kernel/artifacts/artifacts';
import { createDataSource } from '../../src/kernel/database/data-source';
import { Database } from '../../src/kernel/database/database';
import { newId } from '../../src/kernel/ids';
import { createLogger } from '../../src/kernel/logger';
import { TEST_ENGINE } from '../support/template-database';
import { openTestDatabase } from '../support/test-database';

let database: Database;
let folder: string;
let uploads: ArtifactUploads;
let close: () => Promise<void>;
beforeAll(async () => {
  const { connection, stop } = await openTestDatabase();
  database = new Database(createDataSource({ connection, entities: ENTITIES, migrations: [] }), TEST_ENGINE);
  await database.open();
  folder = await mkdtemp(join(tmpdir(), 'modelgraph-uploads-'));
  const artifacts = new Artifacts(database, await ArtifactFolder.open(folder), 1_000_000);
  uploads = new ArtifactUploads(database, artifacts, createLogger('silent'));
  close = async () => {
    await database.stop();
    await stop();
    await rm(folder, { recursive: true });
  };
});
afterAll(() => close());

const drafts = () => readdir(join(folder, 'incoming'));

async function openUpload(place: string, projectId = newId<'project'>()) {
  const opened = await uploads.open(projectId, { place, partCount: 1 });
  if (!opened.ok) throw new Error(opened.error.message);
  const send = async (text: string) => {
    const kept = await uploads.putPart({ projectId }, opened.id, 1, Readable.from([Buffer.from(text)]));
    if (!kept.ok) throw new Error(kept.error.message);
    return [{ number: 1, sha256: kept.sha256 }];
  };
  return { projectId, id: opened.id, place, send };
}

test('what was never finished goes when its time is over, with its bytes, and nothing else goes', async () => {
  const [old, young] = [await openUpload('old'), await openUpload('young')];
  await old.send('old');
  const sent = await young.send('young');
  await database.query(`UPDATE artifact_upload SET created_at = now() - interval '21 hours' WHERE id = $1`, [
    old.id,
  ]);
  await uploads.sweep();
  expect(await drafts()).toHaveLength(1);
  expect(await uploads.abort(old.projectId, old)).toMatchObject({ ok: false, error: { code: 'NOT_FOUND' } });
  expect(await uploads.join(young.projectId, { ...young, sent })).toMatchObject({ ok: true });
  expect(await drafts()).toEqual([]);
});

test('calls that join the same at once all get the same artifact', async () => {
  const upload = await openUpload('rivals');
  const sent = await upload.send('all of it');
  const joined = await Promise.all([1, 2, 3].map(() => uploads.join(upload.projectId, { ...upload, sent })));
  const [first] = joined;
  expect(first).toMatchObject({ ok: true, artifact: { sizeBytes: 9 } });
  expect(joined).toEqual([first, first, first]);
});

test('bytes that the store has damaged or lost make no file', async () => {
  const upload = await openUpload('damaged');
  const sent = await upload.send('whole');
  const [name = ''] = await drafts();
  await truncate(join(folder, 'incoming', name), 3);
  const refusal = { ok: false, error: { code: 'INVALID_INPUT' } };
  expect(await uploads.join(upload.projectId, { ...upload, sent })).toMatchObject(refusal);
  await rm(join(folder, 'incoming', name));
  expect(await uploads.join(upload.projectId, { ...upload, sent })).toMatchObject(refusal);
  expect(await drafts()).toEqual([]);
});

test('parts that come at once are together no larger than an artifact', async () => {
  const opened = await uploads.open(newId(), { place: 'large', partCount: 4 });
  if (!opened.ok) throw new Error('It is open.');
  const part = (number: number) =>
    uploads
      .putPart({ token: opened.token }, opened.id, number, Readable.from([Buffer.alloc(400_000)]))
      .then(() => 'kept')
      .catch((error: Error) => error.constructor.name);
  const kept = await Promise.all([1, 2, 3, 4].map(part));
  expect(kept.filter((what) => what === 'kept')).toHaveLength(2);
  expect(kept.filter((what) => what === 'ArtifactTooLarge')).toHaveLength(2);
  expect(await drafts()).toHaveLength(2);
});

test('a project has at most so many open uploads; those that are joined do not count', async () => {
  const full = newId<'project'>();
  await database.query(
    `INSERT INTO artifact_upload (id, project_id, place, part_count, token_hash, sha256)
     SELECT gen_random_uuid(), $1, 'x', 1, repeat('0', 64), CASE WHEN n > $2 THEN repeat('0', 64) END
     FROM generate_series(1, $2 + 5) AS n`,
    [full, MAX_OPEN_UPLOADS - 1],
  );
  await openUpload('the last', full);
  expect(await uploads.open(full, { place: randomUUID(), partCount: 1 })).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining(String(MAX_OPEN_UPLOADS)) },
  });
});

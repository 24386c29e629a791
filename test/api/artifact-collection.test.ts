import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ARTIFACT_REFERENCES } from '../../src/compose-collector';
import { ArtifactCollector } from '../../src/kernel/artifacts/artifact-collector';
import { ArtifactFolder } from '../../src/kernel/artifacts/artifact-folder';
import { Artifacts, type ArtifactStore } from '../../src/kernel/artifacts/artifacts';
import type { Artifact, Sha256 } from '../../src/kernel/artifacts/artifact';
import { newId, type ProjectId } from '../../src/kernel/ids';
import { createLogger } from '../../src/kernel/logger';
import { affine } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { seededRandom } from '../support/seeded-random';
import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';

let server: TestServer;
let folder: ArtifactFolder;
beforeAll(async () => {
  server = await startTestServer({ ARTIFACT_GRACE_HOURS: '8760' }); // its own collector finds nothing old enough
  folder = await ArtifactFolder.open(join(server.config.storeFolder, 'artifacts'));
});
afterAll(() => server.stop());

const hashOf = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex') as Sha256;
const status = async (sha256: string, headers = server.headers) =>
  (await fetch(`${server.url}/artifacts/sha256/${sha256}`, { headers, method: 'HEAD' })).status;
const hasBytes = (sha256: string) =>
  existsSync(
    join(server.config.storeFolder, 'artifacts/sha256', sha256.slice(0, 2), sha256.slice(2, 4), sha256),
  );
/** As if so much time had passed since anybody used any artifact. */
const grow = (hours: number, sha256s: readonly string[] | null = null) =>
  server.database.query(
    `UPDATE artifact SET used_at = now() - make_interval(hours => $1)
     WHERE $2::text[] IS NULL OR sha256 = ANY($2::char(64)[])`,
    [hours, sha256s],
  );
/** A collector that looks at everything once. */
const collector = (store: ArtifactStore = folder) =>
  new ArtifactCollector({
    ...{ database: server.database, store, references: ARTIFACT_REFERENCES },
    ...{ graceHours: 24, logger: createLogger('silent') },
  });
const collect = (store?: ArtifactStore) => collector(store).pass();

/** The folder, with something to happen at some moments. */
function watched(moments: {
  readonly written?: () => Promise<void>;
  readonly removing?: () => Promise<void>;
  readonly removed?: () => Promise<void>;
}): ArtifactStore {
  return {
    write: async (...args) => {
      const written = await folder.write(...args);
      await moments.written?.();
      return written;
    },
    read: (artifact, range) => folder.read(artifact, range),
    lease: (sha256) => folder.lease(sha256),
    has: (sha256) => folder.has(sha256),
    remove: async (sha256) => {
      await moments.removing?.();
      await folder.remove(sha256);
      await moments.removed?.();
    },
    writeDraft: (...args) => folder.writeDraft(...args),
    readDraft: (id) => folder.readDraft(id),
    removeDraft: (id) => folder.removeDraft(id),
    check: () => folder.check(),
  };
}

test('every column that holds hashes of artifacts keeps them', async () => {
  const rows = await server.database.query<{ name: string }>(
    `SELECT DISTINCT table_name AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name LIKE '%sha256%'`,
  );
  // What comes in parts: drafts, and for some hours what was made of them, which whoever joins it refers to at once.
  const uploads = ['artifact_upload', 'artifact_upload_part'];
  const keeping = ARTIFACT_REFERENCES.map(({ table }) => table);
  const known = new Set(['artifact', 'artifact_removal', ...uploads, ...keeping]);
  expect(rows.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([]);
});

test('what nothing refers to goes a day after it was used last, and what something refers to stays', async () => {
  const registry = new RegistryClient(server);
  const tracking = new TrackingClient(server);
  const [old, young, logged] = await Promise.all(['old', 'young', 'logged'].map((one) => server.upload(one)));
  const runId = await tracking.newRun();
  await tracking.logArtifact({ runId, path: 'a.txt', artifact: { sha256: logged } });
  await registry.dataset('kept', 'a,b\n1,2\n');
  const onnx = await server.upload(affine());
  await registry.registerUploaded('kept', onnx, {});
  const listed = await server.upload('a file of a version that has several');
  await server.database.query(
    `UPDATE model_version SET files = jsonb_build_array(jsonb_build_object('path', 'p', 'sha256', $1::text, 'sizeBytes', 1))`,
    [listed],
  );
  await grow(25);
  await grow(23, [young as string]);
  await collect();
  const left = await Promise.all(
    [old, young, logged, hashOf('a,b\n1,2\n'), onnx, listed].map((one) => status(one as string)),
  );
  expect(left).toEqual([404, 200, 200, 200, 200, 200]);
  expect([old, young, logged, onnx, listed].map((one) => hasBytes(one as string))).toEqual([
    false,
    true,
    true,
    true,
    true,
  ]);
  // Sent again, it is there again.
  await server.upload('old');
  expect(await status(old as string)).toBe(200);
});

test('whoever has found an artifact may refer to it, however old it is', async () => {
  const sha256 = await server.upload('found again');
  await grow(25, [sha256]);
  expect(await status(sha256)).toBe(200);
  await collect();
  expect(await status(sha256)).toBe(200);
});

test('a project that loses its row leaves the bytes to another that has one', async () => {
  const other = await server.as('contributor', 'other');
  const sha256 = await server.upload('two of us');
  await other.upload('two of us');
  await server.database.query(
    `UPDATE artifact SET used_at = now() - interval '25 hours'
     WHERE sha256 = $1 AND project_id = (SELECT id FROM project WHERE name = 'default')`,
    [sha256],
  );
  await collect();
  expect([await status(sha256), await status(sha256, other.headers)]).toEqual([404, 200]);
  expect(hasBytes(sha256)).toBe(true);
});

describe('an upload of bytes that are being removed', () => {
  const projectId = newId<'project'>() as ProjectId;
  const uploadTo = (store: ArtifactStore, body: string, project = projectId) =>
    new Artifacts(server.database, store, 1_000).put(
      project,
      hashOf(body),
      Readable.from([Buffer.from(body)]),
    );
  const rowsOf = async (sha256: string) =>
    server.database.query<Artifact>('SELECT sha256 FROM artifact WHERE sha256 = $1', [sha256]);

  test('is refused where they went between their arrival and its row, and works the next time', async () => {
    await uploadTo(folder, 'gone meanwhile');
    await grow(25, [hashOf('gone meanwhile')]);
    const upload = uploadTo(watched({ written: () => collect() }), 'gone meanwhile');
    await expect(upload).rejects.toMatchObject({ code: 'UNAVAILABLE', facts: { retryable: true } });
    expect(await rowsOf(hashOf('gone meanwhile'))).toEqual([]);
    await uploadTo(folder, 'gone meanwhile');
    expect(hasBytes(hashOf('gone meanwhile'))).toBe(true);
  });

  test('keeps them where its row is there before they are removed', async () => {
    await uploadTo(folder, 'saved in time');
    await grow(25, [hashOf('saved in time')]);
    const sha256 = hashOf('saved in time');
    // The row goes, the bytes are next; that is when they are sent again.
    await server.database.query(`DELETE FROM artifact WHERE sha256 = $1`, [sha256]);
    await server.database.query(`INSERT INTO artifact_removal (sha256, project_id) VALUES ($1, $2)`, [
      sha256,
      projectId,
    ]);
    await uploadTo(folder, 'saved in time');
    await collect();
    expect(hasBytes(sha256)).toBe(true);
    expect(await server.database.query('SELECT 1 FROM artifact_removal WHERE done_at IS NULL')).toEqual([]);
  });

  test('knows of a removal that somebody began and did not live to tell of', async () => {
    const sha256 = hashOf('killed in between');
    await uploadTo(folder, 'killed in between');
    await grow(25, [sha256]);
    const dying = watched({ removed: () => Promise.reject(new Error('killed')) });
    const upload = uploadTo(watched({ written: () => collect(dying) }), 'killed in between');
    await expect(upload).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await rowsOf(sha256)).toEqual([]);
    await collect(); // somebody else ends it
    await uploadTo(folder, 'killed in between');
    expect(hasBytes(sha256)).toBe(true);
  });

  test('over and over, from several sides: bytes of a row are always there', async () => {
    const random = seededRandom(7);
    const nap = () => new Promise<void>((resolve) => setTimeout(resolve, random() * 4));
    const bodies = ['a', 'b', 'c'].map((name) => `raced for: ${name}`);
    const projects = [projectId, newId<'project'>() as ProjectId];
    const store = watched({ written: nap, removing: nap, removed: nap });
    let [kept, refused] = [0, 0];
    const send = async (body: string, project: ProjectId) => {
      await nap();
      const isKept = await uploadTo(store, body, project).then(
        () => true,
        (error: { code?: string }) => {
          if (error.code !== 'UNAVAILABLE') throw error;
          return false;
        },
      );
      if (isKept) kept += 1;
      else refused += 1;
    };
    for (let round = 0; round < 40; round += 1) {
      const work = bodies.flatMap((body) => projects.map((project) => send(body, project)));
      const removers = [nap().then(() => collect(store)), nap().then(() => collect(store))];
      await Promise.all([...work, ...removers, nap().then(() => grow(25, bodies.map(hashOf)))]);
      const rows = await server.database.query<{ sha256: Sha256; size: string }>(
        'SELECT DISTINCT sha256, size_bytes AS size FROM artifact WHERE sha256 = ANY($1::char(64)[])',
        [bodies.map(hashOf)],
      );
      for (const { sha256, size } of rows)
        expect(hashOf(await text(await folder.read({ sha256, sizeBytes: Number(size) })))).toBe(sha256);
      if (round % 3 === 0) {
        await grow(25, bodies.map(hashOf));
        await collect(store); // so that every third round begins with nothing
      }
    }
    expect(kept).toBeGreaterThan(100);
    expect(kept + refused).toBe(40 * 6);
  });
});

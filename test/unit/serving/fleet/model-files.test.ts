import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ArtifactFolder } from '../../../../src/kernel/artifacts/artifact-folder';
import { ArtifactLost } from '../../../../src/kernel/artifacts/artifacts';
import type { Sha256 } from '../../../../src/kernel/artifacts/artifact';
import { ModelFiles } from '../../../../src/serving/fleet/model-files';

const BYTES = 'a whole model';
const sha256 = createHash('sha256').update(BYTES).digest('hex') as Sha256;

let folder: string;
let store: ArtifactFolder;
let nowMs: number;
let files: ModelFiles;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelgraph-files-'));
  store = await ArtifactFolder.open(folder);
  nowMs = 1_000_000;
  files = new ModelFiles(store, () => nowMs);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

/** Ten seconds of one api process, which asks twice a second what the worker holds; resolves to the times it read. */
async function readsWhileAttended(message: RegExp): Promise<number> {
  const lease = jest.spyOn(store, 'lease');
  const before = lease.mock.calls.length;
  for (let look = 0; look < 20; look++) {
    await expect(files.of(sha256)).rejects.toThrow(message);
    nowMs += 500;
  }
  return lease.mock.calls.length - before;
}

test('bytes that were wrong are read again after half a minute, and not each time somebody asks', async () => {
  await store.write(sha256, Readable.from([BYTES]), 1_000);
  const { path } = await store.lease(sha256);
  await writeFile(path, 'half');
  expect(await readsWhileAttended(/SHA-256 is another one.*again after 30 s/)).toBe(1);
  await writeFile(path, BYTES);
  nowMs += 20_000;
  expect(await files.of(sha256)).toMatchObject({ sha256, sizeBytes: BYTES.length });
});

test('so are those that a bucket has found wrong on their way here', async () => {
  await store.write(sha256, Readable.from([BYTES]), 1_000);
  jest.spyOn(store, 'lease').mockImplementation(() => Promise.reject(new ArtifactLost(sha256)));
  expect(await readsWhileAttended(/SHA-256 is another one/)).toBe(1);
});

test('bytes that are not there yet are found as soon as they are', async () => {
  expect(await readsWhileAttended(/has no bytes of/)).toBe(20);
  await store.write(sha256, Readable.from([BYTES]), 1_000);
  expect(await files.of(sha256)).toMatchObject({ sha256 });
});

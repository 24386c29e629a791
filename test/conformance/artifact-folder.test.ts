import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArtifactFolder } from '../../src/kernel/artifacts/artifact-folder';
import type { Sha256 } from '../../src/kernel/artifacts/artifact';
import { describeArtifactStore } from '../support/artifact-store-contract';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'modelgraph-folder-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

describeArtifactStore('a folder', async () => {
  const pathOf = (sha256: Sha256) => join(folder, 'sha256', sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  return {
    store: await ArtifactFolder.open(folder),
    spoil: (sha256, bytes) => (bytes === null ? rm(pathOf(sha256)) : writeFile(pathOf(sha256), bytes)),
    unfinished: () => readdir(join(folder, 'incoming')),
  };
});

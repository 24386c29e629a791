import { createHash } from 'node:crypto';
import { access, constants, mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import {
  ArtifactLost,
  ArtifactTooLarge,
  StoreFull,
  type Artifact,
  type ArtifactStore,
  type ByteRange,
  type Sha256,
} from './artifacts';
import { newId } from './ids';

/** Age of a draft that nobody can still be writing, in ms: no request lasts longer than an hour. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;

/**
 * Artifacts as files: `artifacts/sha256/ab/cd/abcd…`. A file appears under its name only when it is whole, hashed
 * and on disk, so whatever a crash leaves behind is in `incoming/`, which a later start clears.
 */
export class ArtifactFolder implements ArtifactStore {
  private constructor(
    private readonly root: string,
    private readonly incoming: string,
  ) {}

  static async open(folder: string): Promise<ArtifactFolder> {
    const incoming = join(folder, 'incoming');
    await mkdir(incoming, { recursive: true, mode: 0o700 });
    await removeAbandoned(incoming);
    return new ArtifactFolder(join(folder, 'sha256'), incoming);
  }

  async write(expected: Sha256, body: Readable, maxBytes: number) {
    const draft = join(this.incoming, newId());
    try {
      const file = await open(draft, 'wx', 0o600);
      const { sha256: actual, sizeBytes } = await copyHashing(body, file, maxBytes).finally(() =>
        file.close(),
      );
      if (actual === expected) await this.keep(draft, actual);
      return { actual, sizeBytes };
    } catch (error) {
      throw isDiskFull(error) ? new StoreFull('There is no space left for artifacts.') : error;
    } finally {
      await rm(draft, { force: true });
    }
  }

  async read({ sha256, sizeBytes }: Artifact, range?: ByteRange): Promise<Readable> {
    const file = await open(this.pathOf(sha256)).catch((error: unknown) => refuseMissing(error, sha256));
    const { size } = await file.stat();
    if (size === sizeBytes) return file.createReadStream(range);
    await file.close();
    throw new ArtifactLost(sha256);
  }

  async localPath(sha256: Sha256): Promise<string> {
    const path = this.pathOf(sha256);
    await stat(path).catch((error: unknown) => refuseMissing(error, sha256));
    return path;
  }

  async check(): Promise<void> {
    await access(this.incoming, constants.W_OK);
  }

  private async keep(draft: string, sha256: Sha256): Promise<void> {
    const path = this.pathOf(sha256);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rename(draft, path);
    await syncFolder(dirname(path));
  }

  private pathOf(sha256: Sha256): string {
    return join(this.root, sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  }
}

/** Another server may be writing into the same folder right now: only old drafts go. */
async function removeAbandoned(incoming: string): Promise<void> {
  for (const name of await readdir(incoming)) {
    const draft = join(incoming, name);
    const { mtimeMs } = await stat(draft);
    if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) await rm(draft, { force: true });
  }
}

async function copyHashing(body: Readable, file: FileHandle, maxBytes: number) {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new ArtifactTooLarge(maxBytes);
    hash.update(chunk);
    await file.write(chunk);
  }
  await file.sync();
  return { sha256: hash.digest('hex') as Sha256, sizeBytes };
}

/** A renamed file is only sure to be found after a power cut once its folder is on disk too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

function refuseMissing(error: unknown, sha256: Sha256): never {
  throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? new ArtifactLost(sha256) : error;
}

function isDiskFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

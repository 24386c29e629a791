import { access, constants, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { isDiskFull, writeHashing } from './artifact-digest';
import { ArtifactLost, StoreFull, type ArtifactStore, type ByteRange, type LocalFile } from './artifacts';
import type { Artifact, Sha256 } from './artifact';
import { DRAFT_KEPT_MS, DraftLost, type DraftId } from './drafts';
import { newId } from '../ids';
import { makeFolder } from '../make-folder';

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
    makeFolder(incoming);
    await removeAbandoned(incoming);
    return new ArtifactFolder(join(folder, 'sha256'), incoming);
  }

  async write(expected: Sha256 | null, body: Readable, maxBytes: number) {
    const draft = newId<'draft'>();
    try {
      const written = await this.writeDraft(draft, body, maxBytes);
      if (expected === null || written.actual === expected) await this.keep(draft, written.actual);
      return written;
    } finally {
      await this.removeDraft(draft);
    }
  }

  async writeDraft(id: DraftId, body: Readable, maxBytes: number) {
    const path = this.draftPath(id);
    try {
      const { sha256: actual, sizeBytes } = await writeHashing(body, path, maxBytes);
      return { actual, sizeBytes };
    } catch (error) {
      await this.removeDraft(id);
      throw isDiskFull(error) ? new StoreFull('There is no space left for artifacts.') : error;
    }
  }

  async readDraft(id: DraftId): Promise<Readable> {
    const file = await open(this.draftPath(id)).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? new DraftLost('bytes that the store has lost') : error;
    });
    return file.createReadStream();
  }

  async removeDraft(id: DraftId): Promise<void> {
    await rm(this.draftPath(id), { force: true });
  }

  async read({ sha256, sizeBytes }: Artifact, range?: ByteRange): Promise<Readable> {
    const file = await open(this.pathOf(sha256)).catch((error: unknown) => refuseMissing(error, sha256));
    const { size } = await file.stat();
    if (size === sizeBytes) return file.createReadStream(range);
    await file.close();
    throw new ArtifactLost(sha256);
  }

  /** The file itself: nothing moves it, and only `remove` takes it away. */
  async lease(sha256: Sha256): Promise<LocalFile> {
    if (!(await this.has(sha256))) throw new ArtifactLost(sha256);
    return { path: this.pathOf(sha256), release: () => undefined };
  }

  async has(sha256: Sha256): Promise<boolean> {
    return stat(this.pathOf(sha256)).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return false;
        throw error;
      },
    );
  }

  async remove(sha256: Sha256): Promise<void> {
    await rm(this.pathOf(sha256), { force: true });
  }

  async check(): Promise<void> {
    await access(this.incoming, constants.W_OK);
  }

  private async keep(draft: DraftId, sha256: Sha256): Promise<void> {
    const path = this.pathOf(sha256);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rename(this.draftPath(draft), path);
    await syncFolder(dirname(path));
  }

  private draftPath(id: DraftId): string {
    return join(this.incoming, id);
  }

  private pathOf(sha256: Sha256): string {
    return join(this.root, sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  }
}

/** Another server may be writing into the same folder right now: only old drafts go. */
async function removeAbandoned(incoming: string): Promise<void> {
  for (const name of await readdir(incoming)) {
    const draft = join(incoming, name);
    const { mtimeMs } = await stat(draft).catch(() => ({ mtimeMs: Infinity })); // its server has just used it up
    if (Date.now() - mtimeMs > DRAFT_KEPT_MS) await rm(draft, { force: true });
  }
}

/** A renamed file is only sure to be found after a power cut once its folder is on disk too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

function refuseMissing(error: unknown, sha256: Sha256): never {
  throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? new ArtifactLost(sha256) : error;
}

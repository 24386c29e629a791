import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { ArtifactLost, parseSha256, type ArtifactStore } from '../../kernel/artifacts/artifacts';
import type { Sha256 } from '../../kernel/artifacts/artifact';
import { BoundedMap } from '../../kernel/bounded-map';
import type { ModelFile } from '../execution/backend';
import { InvalidInput } from '../execution/invalid-input';
import { shorten } from '../../kernel/errors';
import { WorkerUnavailable } from '../execution/worker-unavailable';

/** Models whose bytes were read and found right, or wrong; the oldest are read again. */
const MAX_KNOWN = 4_096;
/** Time after which bytes that were wrong are read again, in ms: they are asked for twice a second, and may be many. */
const REREAD_AFTER_MS = 30_000;

/**
 * Models by the SHA-256 of their bytes, from the store that all processes share. The bytes are read once before they
 * are used: a volume that others write is not ours alone, and half a file would be run as if it were a model.
 */
export class ModelFiles {
  private readonly known = new BoundedMap<string, Promise<ModelFile>>(MAX_KNOWN);
  /** When bytes that were wrong are to be read again. */
  private readonly rereadAt = new BoundedMap<Sha256, number>(MAX_KNOWN);

  /** @param nowMs a clock that is never put back */
  constructor(
    private readonly store: ArtifactStore,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** @throws InvalidInput for what is no SHA-256, WorkerUnavailable where the bytes are not there or are others */
  of(name: string): Promise<ModelFile> {
    const known = this.known.get(name);
    if (known) return known;
    const file = this.read(name);
    this.known.set(name, file);
    file.catch(() => this.known.delete(name)); // they may come yet
    return file;
  }

  private async read(name: string): Promise<ModelFile> {
    const sha256 = parseSha256(name);
    if (sha256 === null)
      throw new InvalidInput(
        `“${shorten(name)}” is no model here: workers know models by the SHA-256 of their bytes.`,
      );
    if (this.nowMs() < (this.rereadAt.get(sha256) ?? -Infinity)) throw wrong(sha256);
    const sizeBytes = await this.sizeOf(sha256).catch((error: unknown) => {
      throw new WorkerUnavailable('load-failed', missing(name, error));
    });
    if (sizeBytes !== null) return { sha256, sizeBytes, lease: () => this.store.lease(sha256) };
    this.rereadAt.set(sha256, this.nowMs() + REREAD_AFTER_MS);
    throw wrong(sha256);
  }

  /** Null where the bytes are not what their name says. */
  private async sizeOf(sha256: Sha256): Promise<number | null> {
    try {
      const { actual, sizeBytes } = await this.digest(sha256);
      return actual === sha256 ? sizeBytes : null;
    } catch (error) {
      // Those of a bucket are hashed on their way here, and lost where they are others.
      if (error instanceof ArtifactLost && (await this.store.has(sha256))) return null;
      throw error;
    }
  }

  private async digest(sha256: Sha256): Promise<{ readonly actual: string; readonly sizeBytes: number }> {
    const file = await this.store.lease(sha256);
    try {
      return await digestOf(file.path);
    } finally {
      file.release();
    }
  }
}

const wrong = (sha256: Sha256) =>
  new WorkerUnavailable(
    'load-failed',
    `The bytes of ${sha256} in this worker’s store are not what they were: their SHA-256 is another one. Restore them; they are read again after ${REREAD_AFTER_MS / 1_000} s.`,
  );

function missing(name: string, error: unknown): string {
  return error instanceof ArtifactLost
    ? `This worker’s store has no bytes of ${name}. MODEL_STORE must be the bucket, the folder, or a volume with the folder, that the API process keeps artifacts in.`
    : `This worker cannot read the bytes of ${name}: ${error instanceof Error ? error.message : String(error)}`;
}

async function digestOf(path: string) {
  const sha256 = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    sha256.update(chunk);
    sizeBytes += chunk.length;
  }
  return { actual: sha256.digest('hex'), sizeBytes };
}

import { hash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { ArtifactCache } from './artifact-cache';
import { isDiskFull, writeHashing } from './artifact-digest';
import { ArtifactLost, StoreFull, type ArtifactStore, type ByteRange, type LocalFile } from './artifacts';
import type { Artifact, Sha256 } from './artifact';
import { BucketDrafts } from './bucket-drafts';
import { BucketRead } from './bucket-read';
import { BucketUpload } from './bucket-upload';
import type { DraftId } from './drafts';
import type { Logger } from '../logger';
import { S3, type S3Access, type S3Place } from './s3';
import { isMissing, S3Failed, s3Failure } from './s3-failure';
import { Turns } from '../turns';

export interface BucketOptions extends S3Access {
  /** Whether it is only read, by whoever need not be allowed more. */
  readonly isReadOnly?: boolean;
  readonly bucket: string;
  /** Empty, or with a slash at its end: before all keys. */
  readonly prefix: string;
  /** Folder of copies for programs that read files, and of uploads on their way. */
  readonly cacheFolder: string;
  readonly cacheBytes: number;
}

/** Parts that are in memory at a time, of all uploads together: 64 MiB, and enough to fill a fast line. */
const PARTS_AT_ONCE = 8;
/** Age of an upload that nobody can still be sending, in ms: no request lasts longer than an hour. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;
/** How long a check waits, in ms: whoever comes meanwhile waits with it, and must soon hear that all is well again. */
const PROBE_LIMIT_MS = 2_000;
const PROBE = Buffer.from('Modelgraph keeps artifacts here.\n');
const PROBE_SHA256 = hash('sha256', PROBE, 'base64');

/**
 * Artifacts as objects of a bucket: `artifacts/sha256/ab/cd/abcd…`, as in a folder. What comes goes to a file of this
 * machine, is hashed on its way, and is sent from there; an object appears only when it is whole and what its name
 * says.
 */
export class ArtifactBucket implements ArtifactStore {
  private readonly turns = new Turns(PARTS_AT_ONCE);
  private readonly drafts: BucketDrafts;
  private checking: Promise<void> | null = null;
  /** What was wrong when it was looked at last. */
  private complaint: string | null = null;

  private constructor(
    private readonly s3: S3,
    private readonly cache: ArtifactCache,
    private readonly options: BucketOptions,
    private readonly logger: Logger,
  ) {
    const { bucket, prefix } = options;
    const folder = { bucket, key: `${prefix}artifacts/drafts/` };
    this.drafts = new BucketDrafts(s3, cache, this.turns, folder, logger);
  }

  /** @throws Error that says what an operator must do, where the bucket cannot be used */
  static async open(options: BucketOptions, logger: Logger): Promise<ArtifactBucket> {
    const s3 = new S3(options);
    const cache = await ArtifactCache.open(options.cacheFolder, options.cacheBytes);
    const store = new ArtifactBucket(s3, cache, options, logger);
    try {
      await (options.isReadOnly ? store.tryReading() : store.tryWriting());
      return store;
    } catch (error) {
      store.stop();
      throw error;
    }
  }

  async write(expected: Sha256 | null, body: Readable, maxBytes: number) {
    const draft = this.cache.draft();
    // Where nobody says what it will be, it has no key before its end.
    let upload = expected === null ? null : this.upload(expected, draft);
    try {
      const { sha256: actual, sizeBytes } = await writeHashing(body, draft, maxBytes, (size) =>
        upload?.written(size),
      );
      if (expected === null || actual === expected) {
        upload ??= this.upload(actual, draft);
        await upload.complete(sizeBytes, actual);
      } else await upload?.abort();
      return { actual, sizeBytes };
    } catch (error) {
      await upload
        ?.abort()
        .catch((err: unknown) => this.logger.warn({ err }, 'an upload could not be undone'));
      throw isDiskFull(error) ? new StoreFull('There is no space left for artifacts.') : s3Failure(error);
    } finally {
      await rm(draft, { force: true });
    }
  }

  writeDraft(id: DraftId, body: Readable, maxBytes: number) {
    return this.drafts.writeDraft(id, body, maxBytes);
  }

  readDraft(id: DraftId): Promise<Readable> {
    return this.drafts.readDraft(id);
  }

  removeDraft(id: DraftId): Promise<void> {
    return this.drafts.removeDraft(id);
  }

  async read({ sha256, sizeBytes }: Artifact, range?: ByteRange): Promise<Readable> {
    const object = await this.get(sha256, range);
    if (object.sizeBytes === sizeBytes) return this.reading(sha256, object, range);
    object.body.destroy();
    throw new ArtifactLost(sha256);
  }

  lease(sha256: Sha256): Promise<LocalFile> {
    return this.cache.lease(sha256, async () => {
      const object = await this.get(sha256);
      return { body: this.reading(sha256, object), sizeBytes: object.sizeBytes };
    });
  }

  async has(sha256: Sha256): Promise<boolean> {
    if (this.cache.has(sha256)) return true;
    try {
      await this.s3.sizeOf(this.placeOf(sha256));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw s3Failure(error);
    }
  }

  async remove(sha256: Sha256): Promise<void> {
    await this.s3.remove(this.placeOf(sha256)).catch((error: unknown) => {
      throw s3Failure(error);
    });
    await this.cache.forget(sha256);
  }

  /** Whoever asks meanwhile hears the same answer: probes come more often than a server that is away says so. */
  check(): Promise<void> {
    this.checking ??= this.look().finally(() => (this.checking = null));
    return this.checking;
  }

  stop(): void {
    this.s3.stop();
    this.cache.stop();
  }

  private async look(): Promise<void> {
    try {
      await this.readProbe();
      if (this.complaint) this.logger.info({ bucket: this.options.bucket }, 'the bucket can be used again');
      this.complaint = null;
    } catch (error) {
      if (!(error instanceof S3Failed)) throw error;
      const { message, trouble } = error;
      if (message !== this.complaint) this.logger[trouble === 'away' ? 'warn' : 'error'](message);
      this.complaint = message;
      throw s3Failure(error);
    }
  }

  private async tryWriting(): Promise<void> {
    await this.s3.put(this.probe, PROBE, PROBE_SHA256);
    await this.removeAbandoned();
  }

  /** Whoever writes may not have started yet. */
  private async tryReading(): Promise<void> {
    await this.s3.probe(this.probe, PROBE_LIMIT_MS).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }

  /** A lost bucket is told from a lost probe, which somebody may have tidied up. */
  private async readProbe(): Promise<void> {
    try {
      await this.s3.probe(this.probe, PROBE_LIMIT_MS);
    } catch (error) {
      if (!isMissing(error)) throw error;
      await this.s3.put(this.probe, PROBE, PROBE_SHA256);
    }
  }

  private async get(sha256: Sha256, range?: ByteRange, etag?: string) {
    try {
      return await this.s3.get(this.placeOf(sha256), range, etag);
    } catch (error) {
      throw isMissing(error) ? new ArtifactLost(sha256) : s3Failure(error);
    }
  }

  private reading(
    sha256: Sha256,
    {
      body,
      sizeBytes,
      etag,
    }: { readonly body: Readable; readonly sizeBytes: number; readonly etag: string | undefined },
    range: ByteRange = { start: 0, end: sizeBytes - 1 },
  ): Readable {
    return new BucketRead(body, range.start, range.end + 1, (start) =>
      this.get(sha256, { start, end: range.end }, etag),
    );
  }

  private upload(sha256: Sha256, path: string): BucketUpload {
    return new BucketUpload(this.s3, this.placeOf(sha256), path, this.turns);
  }

  /** Another server may be sending right now: only old uploads go. Whoever may not list them keeps them. */
  private async removeAbandoned(): Promise<void> {
    const before = new Date(Date.now() - ABANDONED_AFTER_MS);
    const { bucket, prefix } = this.options;
    try {
      const uploads = await this.s3.unfinishedUploads(bucket, `${prefix}artifacts/`, before);
      for (const upload of uploads) await this.s3.abortUpload(upload);
      await this.drafts.removeAbandoned();
    } catch (err) {
      this.logger.warn(
        { err },
        'uploads that were given up are kept in the bucket: they could not be listed or removed',
      );
    }
  }

  private get probe(): S3Place {
    return { bucket: this.options.bucket, key: `${this.options.prefix}artifacts/README` };
  }

  private placeOf(sha256: Sha256): S3Place {
    const key = `${this.options.prefix}artifacts/sha256/${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}`;
    return { bucket: this.options.bucket, key };
  }
}

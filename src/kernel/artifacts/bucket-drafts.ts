import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { ArtifactCache } from './artifact-cache';
import { isDiskFull, writeHashing } from './artifact-digest';
import { StoreFull } from './artifacts';
import { BucketRead } from './bucket-read';
import { BucketUpload } from './bucket-upload';
import { DRAFT_KEPT_MS, DraftLost, type DraftId, type DraftStore } from './drafts';
import type { Logger } from '../logger';
import type { S3, S3Place } from './s3';
import { isMissing, s3Failure } from './s3-failure';
import type { Turns } from '../turns';

/** Objects of one step of tidying up. */
const REMOVED_AT_ONCE = 1_000;

/** Drafts as objects of a bucket, so that all servers of the store see them: `artifacts/drafts/<id>`. */
export class BucketDrafts implements DraftStore {
  /** @param turns of parts that are in memory, of all uploads together */
  constructor(
    private readonly s3: S3,
    private readonly cache: ArtifactCache,
    private readonly turns: Turns,
    private readonly folder: S3Place,
    private readonly logger: Logger,
  ) {}

  async writeDraft(id: DraftId, body: Readable, maxBytes: number) {
    const path = this.cache.draft();
    const upload = new BucketUpload(this.s3, this.placeOf(id), path, this.turns);
    try {
      const { sha256: actual, sizeBytes } = await writeHashing(body, path, maxBytes, (size) =>
        upload.written(size),
      );
      await upload.complete(sizeBytes, actual);
      return { actual, sizeBytes };
    } catch (error) {
      await upload
        .abort()
        .catch((err: unknown) => this.logger.warn({ err }, 'an upload could not be undone'));
      throw isDiskFull(error) ? new StoreFull('There is no space left for artifacts.') : s3Failure(error);
    } finally {
      await rm(path, { force: true });
    }
  }

  async readDraft(id: DraftId): Promise<Readable> {
    const { body, sizeBytes, etag } = await this.get(id);
    return new BucketRead(body, 0, sizeBytes, async (start) =>
      this.get(id, { start, end: sizeBytes - 1 }, etag),
    );
  }

  async removeDraft(id: DraftId): Promise<void> {
    await this.s3.remove(this.placeOf(id)).catch((error: unknown) => {
      throw s3Failure(error);
    });
  }

  /** Removes what servers that are gone have left. Throws `S3Failed`. */
  async removeAbandoned(): Promise<void> {
    const before = new Date(Date.now() - DRAFT_KEPT_MS);
    const { bucket, key } = this.folder;
    const left = await this.s3.objectsBefore(bucket, key, before, REMOVED_AT_ONCE);
    for (const place of left) await this.s3.remove(place);
  }

  private async get(id: DraftId, ...part: [range?: { start: number; end: number }, etag?: string]) {
    try {
      return await this.s3.get(this.placeOf(id), ...part);
    } catch (error) {
      throw isMissing(error) ? new DraftLost('bytes that the store has lost') : s3Failure(error);
    }
  }

  private placeOf(id: DraftId): S3Place {
    return { bucket: this.folder.bucket, key: this.folder.key + id };
  }
}

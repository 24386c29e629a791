import { open } from 'node:fs/promises';
import { ArtifactTooLarge } from './artifacts';
import type { S3, S3Part, S3Place, S3Upload } from './s3';
import type { Turns } from '../turns';

const MEBIBYTE = 1024 ** 2;
/** Parts of an upload: S3 allows 10,000, and none but the last below 5 MiB. */
const MAX_PARTS = 10_000;
const PART_BYTES = 8 * MEBIBYTE;
/** So many have that size; then they grow, so that 10,000 are enough for a terabyte. */
const SMALL_PARTS = 2_000;
const LARGE_PART_BYTES = 128 * MEBIBYTE;

/** Where a part begins, counted from 0. */
export const partStart = (index: number): number =>
  Math.min(index, SMALL_PARTS) * PART_BYTES + Math.max(0, index - SMALL_PARTS) * LARGE_PART_BYTES;

/** Largest artifact of a bucket: 0.96 TiB. */
export const MAX_UPLOAD_BYTES = partStart(MAX_PARTS);

/**
 * Sends a file that is still being written, in parts that are read from it when their turn comes: so an upload takes no
 * memory while it waits, for a slow sender or for others. Nothing appears under the key before `complete`.
 */
export class BucketUpload {
  private upload: Promise<S3Upload> | null = null;
  private readonly parts: Promise<S3Part>[] = [];
  private failure: Error | null = null;

  /** @param turns of parts that are in memory, of all uploads together */
  constructor(
    private readonly s3: S3,
    private readonly place: S3Place,
    private readonly path: string,
    private readonly turns: Turns,
  ) {}

  /** The file has so many bytes by now. Throws what has gone wrong with a part meanwhile. */
  written(sizeBytes: number): void {
    if (sizeBytes > MAX_UPLOAD_BYTES) throw new ArtifactTooLarge(MAX_UPLOAD_BYTES);
    if (this.failure) throw this.failure;
    // The byte after it must be there: a file of one part is sent without an upload.
    while (sizeBytes > partStart(this.parts.length + 1)) this.addPart(partStart(this.parts.length + 1));
  }

  /** Resolves once the whole file is under its key. */
  async complete(sizeBytes: number, sha256: string): Promise<void> {
    this.written(sizeBytes);
    if (this.upload === null) {
      await this.turns.take(async () =>
        this.s3.put(
          this.place,
          await this.bytes(0, sizeBytes),
          Buffer.from(sha256, 'hex').toString('base64'),
        ),
      );
      return;
    }
    this.addPart(sizeBytes);
    const parts = await Promise.all(this.parts);
    const upload = await this.upload;
    const lost = await this.s3.completeUpload(upload, parts).catch((error: Error) => error);
    // An answer that was lost, and a second try that finds no upload any more, are no failure.
    const kept = await this.s3.sizeOf(this.place).catch((error: Error) => error);
    if (kept === sizeBytes) return;
    throw (
      lost ?? (kept instanceof Error ? kept : new Error(`The bucket keeps ${kept} of ${sizeBytes} bytes.`))
    );
  }

  /** Nothing of it is kept. Parts on their way are waited for, since one that comes late would stay for ever. */
  async abort(): Promise<void> {
    if (this.upload === null) return;
    this.failure ??= new Error('The upload was given up.');
    await Promise.allSettled(this.parts);
    const upload = await this.upload.catch(() => null);
    if (upload) await this.s3.abortUpload(upload);
  }

  private addPart(end: number): void {
    this.upload ??= this.s3.beginUpload(this.place);
    const part = this.sendPart(this.upload, this.parts.length, end);
    part.catch((error: Error) => (this.failure ??= error));
    this.parts.push(part);
  }

  private async sendPart(upload: Promise<S3Upload>, index: number, end: number): Promise<S3Part> {
    const begun = await upload;
    return this.turns.take(async () => {
      if (this.failure) throw this.failure;
      return this.s3.uploadPart(begun, index + 1, await this.bytes(partStart(index), end));
    });
  }

  private async bytes(start: number, end: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(end - start);
    const file = await open(this.path);
    try {
      for (let filled = 0; filled < bytes.length;) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled);
        if (bytesRead === 0) throw new Error(`${this.path} has lost its end.`);
        filled += bytesRead;
      }
      return bytes;
    } finally {
      await file.close();
    }
  }
}

import { randomBytes } from 'node:crypto';
import { closeSync, fdatasync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const sync = promisify(fdatasync);
export const SEGMENT_NAME = /^\d{8}-[0-9a-f]{16}\.spool$/;

/** A name that no other segment ever has, on any machine: what is sent is known by it. They sort in their order. */
export const segmentName = (index: number): string =>
  `${String(index).padStart(8, '0')}-${randomBytes(8).toString('hex')}.spool`;

/** A file that is only ever written at its end. */
export class SegmentWriter {
  private readonly fd: number;
  private syncing: Promise<void> | null = null;
  private isDirty = false;
  private isClosed = false;
  size = 0;

  constructor(
    folder: string,
    readonly name: string,
  ) {
    this.fd = openSync(join(folder, name), 'ax', 0o600);
  }

  /** All of it or nothing: what was written of it before a failure is taken away again. Throws what the system says. */
  append(bytes: Buffer): void {
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.fd, bytes, written);
    } catch (error) {
      if (written > 0) ftruncateSync(this.fd, this.size);
      throw error;
    }
    this.size += bytes.length;
    this.isDirty = true;
  }

  /**
   * Resolves when all that was written before is on the disk, as far as the disk does what it is told: one that fails
   * to is no reason to stop a training, and what was written still outlives a kill. The thread is not held up.
   */
  async synced(): Promise<void> {
    while (this.syncing) await this.syncing;
    if (!this.isDirty || this.isClosed) return;
    this.isDirty = false;
    this.syncing = sync(this.fd)
      .catch(() => undefined)
      .finally(() => (this.syncing = null));
    await this.syncing;
  }

  async close(): Promise<void> {
    await this.synced();
    if (this.isClosed) return;
    this.isClosed = true;
    closeSync(this.fd);
  }
}

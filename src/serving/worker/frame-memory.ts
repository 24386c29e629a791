/** Frames from here on, in bytes, are worth it: memory of their own comes from the system page by page. */
const MIN_BYTES = 64 * 1024;
/** Largest memory that is kept, in bytes: some pictures. What is larger is rare, and not worth its place. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Memory of one large frame, which the next one may have again: a worker does one thing after the other. New memory for
 * each costs a frame of 600 kB a sixth of a millisecond, and the garbage collector as much again.
 */
export class FrameMemory {
  private spare: ArrayBufferLike | undefined;

  /** So many bytes that nobody else has; they begin on a multiple of 16. */
  take(sizeBytes: number): Buffer {
    const { spare } = this;
    // Never from Node's shared pool: a frame's start must be aligned, and views may outlive it.
    if (spare === undefined || sizeBytes < MIN_BYTES || sizeBytes > spare.byteLength)
      return Buffer.allocUnsafeSlow(sizeBytes);
    this.spare = undefined;
    return Buffer.from(spare, 0, sizeBytes);
  }

  /** @param frame one that was taken here, into which nobody looks any more */
  giveBack({ buffer }: Buffer): void {
    if (buffer.byteLength < MIN_BYTES || buffer.byteLength > MAX_BYTES) return;
    if (buffer.byteLength > (this.spare?.byteLength ?? 0)) this.spare = buffer;
  }
}

/** Copies of predictions that one shadow may hold at a time: a full batch. Beyond it copies are dropped, not queued. */
export const MAX_COPIES = 128;
/** Bytes of their inputs, a sixteenth of what may wait for workers in all: image tensors would fill the queue first. */
export const MAX_COPY_BYTES = 16 * 1024 * 1024;

/** How many copies a shadow has in hand: one that is slow must not fill the queues of those who wait for an answer. */
export class ShadowRoom {
  private copies = 0;
  private bytes = 0;

  /** Whether there is room; then it is taken, until `leave` is called with the same number. */
  enter(bytes: number): boolean {
    const fits = this.copies === 0 || (this.copies < MAX_COPIES && this.bytes + bytes <= MAX_COPY_BYTES);
    if (!fits) return false;
    this.copies += 1;
    this.bytes += bytes;
    return true;
  }

  leave(bytes: number): void {
    this.copies -= 1;
    this.bytes -= bytes;
  }
}

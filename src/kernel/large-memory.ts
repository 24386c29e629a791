/** Bodies from here on, in bytes, are worth it: below, the engine's own memory is as quick. */
const MIN_BYTES = 64 * 1024;
/** Largest piece that is kept, in bytes: some pictures. What is larger is rare, and not worth its place. */
const MAX_PIECE_BYTES = 8 * 1024 * 1024;
/** Most that is kept in all, in bytes: fifty pictures, which are on their way at once in a busy server. */
const MAX_SPARE_BYTES = 32 * 1024 * 1024;
/** Sizes are rounded up to it, in bytes, so that bodies which differ in a name can have each other's memory. */
const STEP_BYTES = 64 * 1024;
/** How much larger than what is asked for a piece may be: small bodies do not sit in the memory of large ones. */
const MAX_SURPLUS = 2;
/** Without a large body for so long, in ms, all is let go of. */
const QUIET_MS = 10_000;

/**
 * Memory of large bodies, for the next ones. What the engine is given anew for each counts as growth: with pictures of
 * 600 kB it marked all that lives, code and schema, several times a second.
 *
 * What is given back moves: whoever still looked at it finds nothing there any more, and never another caller's values.
 */
export class LargeMemory {
  private readonly lent = new WeakSet<ArrayBuffer>();
  private readonly spares: ArrayBuffer[] = [];
  private spareBytes = 0;
  private quiet: NodeJS.Timeout | undefined;

  /** What waits to be taken. */
  get keptBytes(): number {
    return this.spareBytes;
  }

  /** So many bytes that nobody else has, with whatever is in them; they begin on a multiple of 16. */
  take(sizeBytes: number): Buffer {
    if (sizeBytes < MIN_BYTES || sizeBytes > MAX_PIECE_BYTES) return Buffer.allocUnsafeSlow(sizeBytes);
    const memory = this.spareFor(sizeBytes) ?? newMemory(sizeBytes);
    this.lent.add(memory);
    return Buffer.from(memory, 0, sizeBytes);
  }

  /**
   * Whoever has taken bytes says that they are of no use any more; nothing happens where they are not from here, or
   * have been given back.
   *
   * @param bytes any view of them; all views are empty from now on
   */
  giveBack({ buffer }: Uint8Array): void {
    if (!(buffer instanceof ArrayBuffer) || !this.lent.delete(buffer)) return;
    const memory = structuredClone(buffer, { transfer: [buffer] });
    if (this.spareBytes + memory.byteLength > MAX_SPARE_BYTES) return;
    this.spares.push(memory);
    this.spareBytes += memory.byteLength;
    this.quiet = this.quiet?.refresh() ?? setTimeout(() => this.forget(), QUIET_MS).unref();
  }

  /** The one that was given back last, since it is likeliest to be in the processor's cache. */
  private spareFor(sizeBytes: number): ArrayBuffer | undefined {
    const at = this.spares.findLastIndex(
      ({ byteLength }) => byteLength >= sizeBytes && byteLength <= sizeBytes * MAX_SURPLUS,
    );
    const [memory] = at === -1 ? [] : this.spares.splice(at, 1);
    this.spareBytes -= memory?.byteLength ?? 0;
    return memory;
  }

  private forget(): void {
    this.quiet = undefined;
    this.spares.length = 0;
    this.spareBytes = 0;
  }
}

function newMemory(sizeBytes: number): ArrayBuffer {
  const { buffer } = Buffer.allocUnsafeSlow(Math.ceil(sizeBytes / STEP_BYTES) * STEP_BYTES);
  if (!(buffer instanceof ArrayBuffer)) throw new Error('Memory that is shared cannot be moved.');
  return buffer;
}

import type { BytesElement, Tensor, TensorData } from '../../kernel/tensors/tensor';

/** An answer that is kept. Nobody writes into its tensors. */
export interface RememberedAnswer {
  readonly outputs: readonly Tensor[];
  /** When it was computed, in ms since 1970: another process may have done so. */
  readonly storedAtMs: number;
}

interface Entry extends RememberedAnswer {
  readonly key: string;
  readonly sizeBytes: number;
}

/** What an entry costs besides its values: its key, its place in two tables, and its objects, in bytes as measured. */
const ENTRY_BYTES = 300;
/** A tensor besides its values: its object, its shape, and the head of its array, in bytes as measured. */
const TENSOR_BYTES = 200;
/** A text besides its characters, in bytes. */
const TEXT_BYTES = 24;
/**
 * An element that is no text besides its bytes, where all of a tensor's are views of one buffer: as measured, in bytes.
 */
const VIEW_BYTES = 104;
/** Answers whose time is over and that are dropped for each new one: more than come in, and nobody waits for it. */
const EXPIRED_PER_PUT = 2;
/**
 * How far the clocks of machines that share answers may be apart, in ms. What is from further ahead is not believed.
 */
const MAX_CLOCK_SKEW_MS = 60_000;

/** Null where the answer is too old, or from a time that has not come. */
export function ageOf(storedAtMs: number, nowMs: number, ttlMs: number): number | null {
  const ageMs = nowMs - storedAtMs;
  return ageMs < ttlMs && ageMs > -MAX_CLOCK_SKEW_MS ? Math.max(0, ageMs) : null;
}

/** Answers of one endpoint, bounded in bytes: the longest unused goes first. */
export class AnswerMemory {
  /** In order of use: a key that is used is put to the end. */
  private readonly byKey = new Map<string, Entry>();
  /** In order of arrival, which is the order in which they grow too old. */
  private readonly byArrival = new Set<Entry>();
  private bytes = 0;

  constructor(
    private maxBytes: number,
    private ttlMs: number,
  ) {}

  get size(): number {
    return this.byKey.size;
  }

  get sizeBytes(): number {
    return this.bytes;
  }

  configure(maxBytes: number, ttlMs: number): void {
    this.maxBytes = maxBytes;
    this.ttlMs = ttlMs;
    this.makeRoom();
  }

  get(key: string, nowMs: number): RememberedAnswer | undefined {
    const entry = this.byKey.get(key);
    if (!entry) return undefined;
    this.byKey.delete(key);
    if (ageOf(entry.storedAtMs, nowMs, this.ttlMs) === null) {
      this.bytes -= entry.sizeBytes;
      this.byArrival.delete(entry);
      return undefined;
    }
    this.byKey.set(key, entry);
    return entry;
  }

  /** @param outputs belong to the memory from now on */
  put(key: string, outputs: readonly Tensor[], storedAtMs: number, nowMs: number): void {
    const sizeBytes = sizeOf(key, outputs);
    if (sizeBytes > this.maxBytes) return;
    const before = this.byKey.get(key);
    if (before) this.forget(before);
    const entry: Entry = { key, outputs, storedAtMs, sizeBytes };
    this.byKey.set(key, entry);
    this.byArrival.add(entry);
    this.bytes += sizeBytes;
    this.makeRoom();
    this.forgetExpired(nowMs, EXPIRED_PER_PUT);
  }

  /** Drops answers whose time is over, at most `limit`. */
  forgetExpired(nowMs: number, limit: number): void {
    let left = limit;
    for (const entry of this.byArrival) {
      if (left === 0 || ageOf(entry.storedAtMs, nowMs, this.ttlMs) !== null) return;
      this.forget(entry);
      left -= 1;
    }
  }

  /** Age of the answer that has been here the longest; null where there is none. */
  oldestAgeMs(nowMs: number): number | null {
    for (const { storedAtMs } of this.byArrival) return Math.max(0, nowMs - storedAtMs);
    return null;
  }

  private makeRoom(): void {
    for (const longestUnused of this.byKey.values()) {
      if (this.bytes <= this.maxBytes) return;
      this.forget(longestUnused);
    }
  }

  private forget(entry: Entry): void {
    this.byKey.delete(entry.key);
    this.byArrival.delete(entry);
    this.bytes -= entry.sizeBytes;
  }
}

/** Tensors in memory of their own: a batch's memory is larger than one caller's rows, and would be kept for them. */
export const ownCopies = (tensors: readonly Tensor[]): Tensor[] =>
  tensors.map((tensor) => ({ ...tensor, data: ownCopy(tensor.data) }));

/** A Buffer's `slice` is a view, and so is an element that is no text. */
export function ownCopy(data: TensorData): TensorData {
  if (ArrayBuffer.isView(data)) return Buffer.isBuffer(data) ? new Uint8Array(data) : data.slice();
  return ownElements(data);
}

/** In one buffer for all, since one for each element takes another 100 bytes. */
function ownElements(elements: readonly BytesElement[]): readonly BytesElement[] {
  const lengths = elements.map((element) => (typeof element === 'string' ? 0 : element.byteLength));
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  return elements.map((element) => {
    if (typeof element === 'string') return element;
    bytes.set(element, at);
    return bytes.subarray(at, (at += element.byteLength));
  });
}

function sizeOf(key: string, outputs: readonly Tensor[]): number {
  let sizeBytes = ENTRY_BYTES + key.length;
  for (const { data } of outputs) sizeBytes += TENSOR_BYTES + valueBytes(data);
  return sizeBytes;
}

/** Memory of the values, where they are copies of our own; for texts about so much. */
export function valueBytes(data: TensorData): number {
  if (ArrayBuffer.isView(data)) return data.byteLength;
  let sizeBytes = 0;
  for (const element of data)
    sizeBytes +=
      typeof element === 'string' ? TEXT_BYTES + 2 * element.length : VIEW_BYTES + element.byteLength;
  return sizeBytes;
}

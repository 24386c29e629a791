import type { Resident } from './memory-budget';

/** Models whose size is remembered; the one not loaded for longest is forgotten first. */
const MAX_REMEMBERED = 1_024;

/** What models were seen to take, by any worker. */
export class ModelSizes {
  private readonly bytes = new Map<string, number>();

  /** 0 where it was never loaded. */
  of(sha256: string): number {
    return this.bytes.get(sha256) ?? 0;
  }

  learn(sha256: string, bytes: number): void {
    this.bytes.delete(sha256);
    this.bytes.set(sha256, bytes);
    const oldest = this.bytes.keys().next();
    if (this.bytes.size > MAX_REMEMBERED && !oldest.done) this.bytes.delete(oldest.value);
  }
}

/**
 * What takes a worker's memory. A model takes what the process grew by when it was loaded and has grown by in its runs
 * since, but never less than its file: memory that an earlier model has left behind may be taken again without growth.
 */
export class ModelMemory {
  /** Size of the process when it last told. */
  private rssBytes = 0;
  /** Least recently used first. */
  private readonly models = new Map<string, { bytes: number; readonly leastBytes: number }>();

  constructor(private readonly sizes: ModelSizes) {}

  /** A new process, without models. */
  begin(rssBytes: number): void {
    this.models.clear();
    this.rssBytes = rssBytes;
  }

  has(sha256: string): boolean {
    return this.models.has(sha256);
  }

  used(sha256: string): void {
    const model = this.models.get(sha256);
    if (model === undefined) return;
    this.models.delete(sha256);
    this.models.set(sha256, model);
  }

  added(sha256: string, fileBytes: number, rssBytes: number): void {
    this.models.set(sha256, { bytes: 0, leastBytes: fileBytes });
    this.grew(sha256, rssBytes);
  }

  /** The process told its size after it had run the model. */
  grew(sha256: string, rssBytes: number): void {
    const model = this.models.get(sha256);
    if (model !== undefined) {
      model.bytes = Math.max(model.leastBytes, model.bytes + rssBytes - this.rssBytes);
      this.sizes.learn(sha256, model.bytes);
    }
    this.told(rssBytes);
  }

  removed(sha256: string): void {
    this.models.delete(sha256);
  }

  /** The process told its size, which no model is the reason of. */
  told(rssBytes: number): void {
    this.rssBytes = rssBytes;
  }

  residents(isLeased: (sha256: string) => boolean): readonly Resident[] {
    return [...this.models].map(([sha256, { bytes }]) => ({ sha256, bytes, leased: isLeased(sha256) }));
  }

  /** Of the process, with its models and all that models have left behind. */
  get usedBytes(): number {
    return this.rssBytes;
  }

  get bytesByModel(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.models].map(([sha256, { bytes }]) => [sha256, bytes]));
  }

  get names(): readonly string[] {
    return [...this.models.keys()];
  }
}

import type { Resident, Use } from './memory-budget';

/** How long a model counts as loaded or asked lately, in ms: what is asked every few minutes keeps its place. */
export const LATELY_MS = 600_000;

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

interface Held {
  bytes: number;
  readonly fileBytes: number;
  readonly loadedAt: number;
  askedAt: number;
}

/** What the pool knows of the models that one of its workers holds. */
interface UseInPool {
  use(sha256: string): Use;
  isCopied(sha256: string): boolean;
  /** Whether another worker was asked it lately. */
  isAsked(sha256: string): boolean;
}

/** The pool is asked only for what is read: most decisions need that of few models, and are made for every batch. */
class HeldResident implements Resident {
  constructor(
    readonly sha256: string,
    private readonly held: Held,
    private readonly isFreshHere: (held: Held) => boolean,
    private readonly pool: UseInPool,
  ) {}

  get bytes(): number {
    return this.held.bytes;
  }

  get use(): Use {
    return this.pool.use(this.sha256);
  }

  get isCopied(): boolean {
    return this.pool.isCopied(this.sha256);
  }

  get isFresh(): boolean {
    return this.isFreshHere(this.held) || this.pool.isAsked(this.sha256);
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
  private readonly models = new Map<string, Held>();
  private bareBytes = 0;

  /** @param nowMs in ms; never put back */
  constructor(
    private readonly sizes: ModelSizes,
    private readonly nowMs: () => number,
  ) {}

  /** A new process, without models. */
  begin(rssBytes: number): void {
    this.models.clear();
    this.rssBytes = rssBytes;
    this.bareBytes = rssBytes;
  }

  has(sha256: string): boolean {
    return this.models.has(sha256);
  }

  used(sha256: string): void {
    const model = this.models.get(sha256);
    if (model === undefined) return;
    this.models.delete(sha256);
    this.models.set(sha256, model);
    model.askedAt = this.nowMs();
  }

  added(sha256: string, fileBytes: number, rssBytes: number): void {
    this.models.set(sha256, { bytes: 0, fileBytes, loadedAt: this.nowMs(), askedAt: -Infinity });
    this.grew(sha256, rssBytes);
  }

  /** The process told its size after it had run the model. */
  grew(sha256: string, rssBytes: number): void {
    const model = this.models.get(sha256);
    if (model !== undefined) {
      model.bytes = Math.max(model.fileBytes, model.bytes + rssBytes - this.rssBytes);
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

  isAsked(sha256: string): boolean {
    return this.isLately(this.models.get(sha256)?.askedAt);
  }

  /** Undefined where it is not held. */
  fileBytes(sha256: string): number | undefined {
    return this.models.get(sha256)?.fileBytes;
  }

  residents(pool: UseInPool): readonly Resident[] {
    const isFreshHere = ({ loadedAt, askedAt }: Held) => this.isLately(Math.max(loadedAt, askedAt));
    return Array.from(this.models, ([sha256, held]) => new HeldResident(sha256, held, isFreshHere, pool));
  }

  /** Of the process, with its models and all that models have left behind. */
  get usedBytes(): number {
    return this.rssBytes;
  }

  /** As `usedBytes`, were all that may be garbage gone. */
  get usedAtLeastBytes(): number {
    const models = [...this.models.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    return Math.min(this.rssBytes, this.bareBytes + models);
  }

  get bytesByModel(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.models].map(([sha256, { bytes }]) => [sha256, bytes]));
  }

  get names(): readonly string[] {
    return [...this.models.keys()];
  }

  private isLately(at = -Infinity): boolean {
    return this.nowMs() - at < LATELY_MS;
  }
}

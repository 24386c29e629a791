/** What can come, in the order in which it is told. */
export const COUNTED = [
  ...(['experiments', 'runs', 'points', 'params', 'tags', 'datasets', 'files', 'bytes'] as const),
  ...(['loggedModels', 'registeredModels', 'modelVersions', 'aliases'] as const),
] as const;
export type Counted = (typeof COUNTED)[number];

/** Something that did not come. */
export interface NotImported {
  readonly what: string;
  readonly why: string;
  /** Whether it should have come: then the command fails, and the next start tries again. */
  readonly isFailure: boolean;
  readonly count: number;
  /** Where, of the first few. */
  readonly examples: readonly string[];
}

/** Of one reason, so many places are named. */
const MAX_EXAMPLES = 5;
/** Different reasons that are told one by one; texts of others may be in them. */
const MAX_REASONS = 500;

/** Counts what came and what did not, and why. */
export class Tally {
  private readonly came = new Map<Counted, number>();
  private readonly before = new Map<Counted, number>();
  private readonly missed = new Map<string, NotImported>();

  add(what: Counted, count = 1): void {
    this.came.set(what, this.cameOf(what) + count);
  }

  /** An earlier start has brought it. */
  wasThere(what: Counted, count = 1): void {
    this.before.set(what, this.beforeOf(what) + count);
  }

  /** The kind has no place here: that is no failure. */
  leaveOut(what: string, why: string, where: string, count = 1): void {
    this.miss({ what, why, isFailure: false, count, examples: [where] });
  }

  fail(what: string, why: string, where: string, count = 1): void {
    this.miss({ what, why, isFailure: true, count, examples: [where] });
  }

  cameOf = (what: Counted): number => this.came.get(what) ?? 0;
  beforeOf = (what: Counted): number => this.before.get(what) ?? 0;

  get notImported(): readonly NotImported[] {
    return [...this.missed.values()];
  }

  get hasFailures(): boolean {
    return this.notImported.some(({ isFailure }) => isFailure);
  }

  private miss(one: NotImported): void {
    const named = `${one.isFailure}\0${one.what}\0${one.why}`;
    const isNew = !this.missed.has(named);
    const entry = isNew && this.missed.size >= MAX_REASONS ? { ...one, why: 'other reasons' } : one;
    const key = `${entry.isFailure}\0${entry.what}\0${entry.why}`;
    const known = this.missed.get(key);
    if (!known) this.missed.set(key, entry);
    else
      this.missed.set(key, {
        ...known,
        count: known.count + entry.count,
        examples: [...known.examples, ...entry.examples].slice(0, MAX_EXAMPLES),
      });
  }
}

import type { Leases } from './leases';
import { bytesToLoad, harmBy, hasRoom, type Demand, type Elsewhere } from './memory-budget';
import { ModelMemory, type ModelSizes } from './model-memory';

/** What the workers of a pool have in common. */
export interface RoomNeeds {
  /** Memory that one worker may take, in bytes. */
  readonly budgetBytes: () => number;
  readonly sizes: ModelSizes;
  readonly leases: Leases;
  /** In ms; never put back. */
  readonly nowMs: () => number;
}

/** What one worker holds, and may take in beside that: other workers can answer for what they hold. */
export class WorkerRoom {
  readonly memory: ModelMemory;
  private readonly coming = new Set<string>();

  /** @param others the rooms of the other workers that are up */
  constructor(
    private readonly needs: RoomNeeds,
    private readonly others: () => readonly WorkerRoom[],
  ) {
    this.memory = new ModelMemory(needs.sizes, needs.nowMs);
  }

  /** From when it is sure to have room until it is there, or has failed. */
  comes(sha256: string): void {
    this.coming.add(sha256);
  }

  isComing(sha256: string): boolean {
    return this.coming.has(sha256);
  }

  cameOrFailed(sha256: string): void {
    this.coming.delete(sha256);
  }

  /** What endpoints would lose if it were loaded here: see `harmBy`. */
  harmOf(sha256: string, fileBytes: number): number {
    return harmBy(this.demand(sha256, fileBytes, this.elsewhere(sha256)));
  }

  /** Whether there may be room for one more copy of a model that another worker holds. */
  mayFit(sha256: string): boolean {
    return this.fits(sha256, this.memory.usedAtLeastBytes);
  }

  /**
   * Whether a run may have a model loaded here that another worker holds. No caller waits for one more copy of what
   * endpoints run: that is brought without being asked for.
   */
  mayBring(sha256: string): boolean {
    return this.needs.leases.use(sha256) === 'none' && this.fits(sha256, this.memory.usedBytes);
  }

  /** Whether it alone answers for something that endpoints run. */
  get isNeeded(): boolean {
    const { leases } = this.needs;
    return this.memory.names.some(
      (model) => leases.use(model) === 'running' && this.holders(model).length === 0,
    );
  }

  elsewhere(sha256: string): Elsewhere {
    if (this.holders(sha256).length > 0) return 'held';
    return this.others().some((other) => other.isComing(sha256)) ? 'coming' : 'nowhere';
  }

  demand(sha256: string, fileBytes: number, elsewhere: Elsewhere): Demand {
    const { sizes, leases, budgetBytes } = this.needs;
    const others = this.others();
    const isAsked = (model: string) => others.some(({ memory }) => memory.isAsked(model));
    const isCopied = (model: string) => others.some(({ memory }) => memory.has(model));
    return {
      ...{ sha256, elsewhere },
      bytes: bytesToLoad(fileBytes, sizes.of(sha256)),
      use: leases.use(sha256),
      isAsked: isAsked(sha256),
      residents: this.memory.residents({ use: (model) => leases.use(model), isCopied, isAsked }),
      budgetBytes: budgetBytes(),
      usedBytes: this.memory.usedBytes,
    };
  }

  private fits(sha256: string, usedBytes: number): boolean {
    const [holder] = this.holders(sha256);
    const demand = this.demand(sha256, holder?.memory.fileBytes(sha256) ?? 0, 'held');
    return hasRoom({ ...demand, usedBytes });
  }

  private holders(sha256: string): readonly WorkerRoom[] {
    return this.others().filter(({ memory }) => memory.has(sha256));
  }
}

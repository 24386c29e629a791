import type { LeasedModel, InstanceLimits } from '../execution/backend';
import { modelBytes } from '../execution/model-path';
import { Leases } from '../worker/leases';
import { placedSize, placeModels, rankPlaces, type Place, type Placement } from '../worker/placement';
import type { InstanceLimit, LeasedName } from './worker-calls';

/** Workers that a model is loaded on that no endpoint runs: one may die. */
const UNLEASED_COPIES = 2;

/** Which worker is to hold what, as this process sees it. */
export class FleetPlan {
  private readonly leased: Leases;
  private limits: InstanceLimits = new Map();
  private sizes = new Map<string, number>();
  private placed: ReadonlyMap<string, Placement> = new Map();
  private names: readonly string[] = [];
  private decidedFor = '';

  /**
   * @param places the workers that take runs
   * @param nowMs in ms; never put back
   */
  constructor(
    private readonly places: () => readonly Place[],
    nowMs?: () => number,
  ) {
    this.leased = new Leases(nowMs);
  }

  /**
   * Resolves once the sizes of the models are known, and the plan goes by them. Those no longer among them have their
   * place until everybody who was sent to them has an answer.
   */
  async lease(models: readonly LeasedModel[]): Promise<void> {
    this.leased.replace(models);
    this.decide();
    const known = this.sizes;
    this.sizes = new Map(
      await Promise.all(
        this.leased
          .kept()
          .map(
            async ({ file }) => [file.sha256, known.get(file.sha256) ?? (await modelBytes(file))] as const,
          ),
      ),
    );
    this.decide();
  }

  /** How many processes of all workers together may hold a model. */
  limit(limits: InstanceLimits): void {
    this.limits = limits;
    this.decide();
  }

  limited(): Iterable<string> {
    return this.limits.keys();
  }

  isLimited(sha256: string): boolean {
    return this.limits.has(sha256);
  }

  /** Of the worker's processes, how many may hold each model that all may not: the instances are shared out evenly. */
  limitsOf(name: string): readonly InstanceLimit[] {
    return [...this.limits].flatMap(([sha256, most]) => {
      const names = this.namesFor(sha256);
      const at = names.indexOf(name);
      if (at === -1) return [];
      const instances = Math.floor(most / names.length) + (at < most % names.length ? 1 : 0);
      return [{ sha256, instances: Math.max(1, instances) }];
    });
  }

  /** What endpoints run, with the workers that are to hold it. */
  leases(): readonly { readonly model: LeasedModel; readonly names: readonly string[] }[] {
    return this.leased.models().map((model) => ({ model, names: this.namesFor(model.file.sha256) }));
  }

  leasesOf(name: string): readonly LeasedName[] {
    return this.leases()
      .filter(({ names }) => names.includes(name))
      .map(({ model: { file, rows } }) => ({ sha256: file.sha256, rows }));
  }

  /** Of those that the worker is to hold, what has room there. */
  fitting(name: string): readonly LeasedName[] {
    return this.leasesOf(name).filter(({ sha256 }) => this.placed.get(sha256)?.fits !== false);
  }

  /** The workers that are to hold the model, the best one first. */
  namesFor(sha256: string): readonly string[] {
    const copies = Math.min(UNLEASED_COPIES, this.limits.get(sha256) ?? Infinity);
    return this.placed.get(sha256)?.names ?? rankPlaces(sha256, this.names).slice(0, copies);
  }

  /** Decides again where workers or models are others than before. */
  decide(): void {
    const places = this.places();
    const models = this.leased.kept().map(({ file: { sha256 } }) => ({
      sha256,
      ...placedSize(this.sizes.get(sha256) ?? 0),
      copies: this.limits.get(sha256),
    }));
    const decidedFor = JSON.stringify([places, models]);
    if (decidedFor === this.decidedFor) return;
    this.decidedFor = decidedFor;
    this.names = places.map(({ name }) => name);
    this.placed = placeModels(models, places);
  }
}

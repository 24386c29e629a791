import { Turns } from '../../kernel/turns';
import type { InstanceLimits, LeasedModel, ModelFile } from '../execution/backend';
import { FailedLoads } from '../execution/load-again';
import { modelBytes } from '../execution/model-path';
import { WorkerUnavailable } from '../execution/worker-unavailable';
import type { IdleQueue } from './idle-queue';
import { inTurns } from './in-turns';
import { isUp, type Instances } from './instances';
import type { Leases } from './leases';
import { onTaken } from './on-taken';
import { heldBack, type Quarantine } from './quarantine';
import { WorkerDied, type Death } from './worker-died';
import type { WorkerSlot } from './worker-slot';

/** How long load() waits for a busy worker, in ms: a few of the longest runs. */
const WARM_LIMIT_MS = 60_000;

/** What it needs of the pool. */
interface HeldModelsNeeds {
  /** In ms; never put back. */
  readonly nowMs: () => number;
  /** More may come. */
  readonly slots: readonly WorkerSlot[];
  readonly waiting: IdleQueue;
  readonly instances: Instances;
  readonly leases: Leases;
  readonly quarantine: Quarantine;
  /** @throws WorkerUnavailable where the pool is stopping */
  refuseIfStopping(): void;
  /** The pool waits for it before it stops. */
  track<T>(work: Promise<T>): Promise<T>;
  diedLoading(sha256: string, death: Death): void;
}

/** Sees to it that the workers hold the models that they are to hold: loads them, and lets go of the others. */
export class HeldModels {
  /** Models that a worker is to let go of, once it has time. */
  private readonly trimming = new Set<string>();
  private rolling: Turns | undefined;
  /** What is being made ready on every worker. */
  private readonly loading = new Map<string, Promise<void>>();
  private filling: Promise<void> | undefined;
  private readonly failedLoads: FailedLoads;

  constructor(private readonly needs: HeldModelsNeeds) {
    this.failedLoads = new FailedLoads(needs.nowMs);
  }

  /** See Backend.load. */
  load(file: ModelFile, rows?: number): Promise<void> {
    const underWay = this.loading.get(file.sha256);
    if (underWay) return underWay;
    const load = this.loadEverywhere(file, rows).finally(() => this.loading.delete(file.sha256));
    this.loading.set(file.sha256, load);
    return load;
  }

  /** See Backend.holds. */
  holds(sha256: string): boolean {
    return this.needs.slots.some((slot) => isUp(slot) && slot.has(sha256));
  }

  /** See Backend.lease. */
  lease(models: readonly LeasedModel[]): void {
    this.needs.leases.replace(models);
    this.fill();
  }

  /** See Backend.limit. What more workers may hold is loaded there; what fewer may, is let go of. */
  limit(limits: InstanceLimits): void {
    this.needs.instances.replace(limits);
    this.fill();
    this.trim();
  }

  /** See Backend.unload. */
  async unload(sha256: string): Promise<void> {
    const holders = this.needs.slots.filter((slot) => slot.has(sha256));
    await Promise.all(holders.map((slot) => this.needs.track(this.unloadOn(slot, sha256))));
  }

  /**
   * What endpoints run is there before the worker that has come back takes runs, so that no caller waits for it; where
   * nobody else could answer meanwhile, it takes runs at once.
   */
  async prepare(slot: WorkerSlot): Promise<void> {
    const { slots, instances, leases } = this.needs;
    const isHeld = ({ file }: LeasedModel) => this.holds(file.sha256);
    const leased = leases.models();
    // What nobody holds comes first: what others hold would have to go for it again.
    for (const { file, rows } of [...leased.filter((one) => !isHeld(one)), ...leased.filter(isHeld)]) {
      const mayWait = slot.state === 'starting' && slots.some((other) => other !== slot && isUp(other));
      if (!mayWait) return;
      const others = slots.filter((other) => other === slot || isUp(other));
      if (!instances.of(file.sha256, others, slots.length).includes(slot)) continue;
      // Whoever runs a model that failed here hears why; a worker that has died is no longer starting.
      await this.loadInto(slot, file, { rows }).catch(() => undefined);
    }
    setImmediate(() => this.trim()); // the worker is up then
  }

  /**
   * Where there is no room beside what endpoints run, some of the workers are enough: half of them, where those hold
   * another version, which may take its leave once the traffic has moved (`fill`).
   */
  private async loadEverywhere(file: ModelFile, rows: number | undefined): Promise<void> {
    const { slots, instances, leases } = this.needs;
    const up = slots.filter(({ state }) => state !== 'down' && state !== 'stopped');
    const there = instances.of(file.sha256, up, slots.length);
    if (there.length === 0) throw new WorkerUnavailable('crashed', 'No worker is running at the moment.');
    const bytes = await modelBytes(file);
    const harm = new Map(there.map((slot) => [slot, slot.room.harmOf(file.sha256, bytes)]));
    const leastHarmFirst = there.toSorted((one, other) => (harm.get(one) ?? 0) - (harm.get(other) ?? 0));
    // Where nobody is answered yet, as when the server starts, all workers load at once.
    const answers = leases.models().some((leased) => this.holds(leased.file.sha256));
    const turns = answers ? this.halfOfWorkers() : new Turns(there.length);
    const load = (slot: WorkerSlot) => this.needs.track(this.loadOn(slot, file, rows));
    const failure = await inTurns(leastHarmFirst, turns, load);
    this.trim();
    if (failure && !this.holds(file.sha256)) throw failure;
  }

  /** Brings what endpoints run to workers that are to hold it, and may have come to have room for it. */
  private fill(): void {
    this.filling ??= this.fillAll().finally(() => (this.filling = undefined));
  }

  /** One at a time, and in turn with what is being made ready: the others go on answering. */
  private async fillAll(): Promise<void> {
    for (let next = this.missing(); next; next = this.missing()) {
      const { slot, model } = next;
      const load = () => this.needs.track(this.loadOn(slot, model.file, model.rows));
      const isThere = await this.halfOfWorkers()
        .take(load)
        .catch(() => false); // whoever runs it there hears why
      if (!isThere) this.failedLoads.failed(String(slot.id), model.file.sha256);
    }
    this.trim(); // fewer may be to hold them than when they were begun
  }

  private missing(): { readonly slot: WorkerSlot; readonly model: LeasedModel } | undefined {
    const { slots, instances, leases } = this.needs;
    const up = slots.filter(isUp);
    for (const model of leases.models()) {
      const { sha256 } = model.file;
      if (this.loading.has(sha256) || !this.holds(sha256)) continue;
      const slot = instances
        .of(sha256, up, slots.length)
        .find(
          (one) =>
            !one.has(sha256) && !this.failedLoads.mustWait(String(one.id), sha256) && one.room.mayFit(sha256),
        );
      if (slot) return { slot, model };
    }
    return undefined;
  }

  /** Workers let go of models that others are to hold, such as those that they held while another one was down. */
  private trim(): void {
    const { slots, instances } = this.needs;
    for (const sha256 of instances.limited())
      for (const slot of slots)
        if (instances.isStray(slot, sha256, slots))
          void this.needs.track(this.letGo(slot, sha256)).catch(() => undefined); // the next look finds it again
  }

  /** Where endpoints have traffic, half of the workers go on answering, however many models are made ready. */
  private halfOfWorkers(): Turns {
    return (this.rolling ??= new Turns(Math.max(1, Math.floor(this.needs.slots.length / 2))));
  }

  /** See WorkerSlot.load. One that nobody else can stand in for goes on answering. */
  private async loadOn(slot: WorkerSlot, file: ModelFile, rows: number | undefined): Promise<boolean> {
    // What a run has begun to load is there when its worker is idle again.
    if (slot.loadsAside && !slot.room.isComing(file.sha256))
      try {
        return await this.loadInto(slot, file, { rows, aside: true });
      } catch (error) {
        // A device may have no room for two threads: it is tried once more in the one that has it already.
        if (!(error instanceof WorkerUnavailable && error.reason === 'load-failed')) throw error;
      }
    await this.take(slot);
    return onTaken(slot, () => this.loadInto(slot, file, { rows }));
  }

  /** That a model loads says nothing of its runs, so loading ends no quarantine. */
  private async loadInto(
    slot: WorkerSlot,
    file: ModelFile,
    terms: Parameters<WorkerSlot['load']>[1],
  ): Promise<boolean> {
    this.needs.refuseIfStopping();
    const hold = this.needs.quarantine.holdOn(file.sha256);
    if (hold) throw heldBack(hold);
    try {
      return await slot.load(file, terms);
    } catch (error) {
      if (!(error instanceof WorkerDied)) throw error;
      this.needs.diedLoading(file.sha256, error.death);
      throw new WorkerUnavailable('crashed', error.message);
    }
  }

  private async letGo(slot: WorkerSlot, sha256: string): Promise<void> {
    const key = `${slot.id} ${sha256}`;
    if (this.trimming.has(key)) return;
    this.trimming.add(key);
    try {
      await this.take(slot);
      // What is wanted may have changed while it had other work.
      await onTaken(slot, () =>
        this.needs.instances.isStray(slot, sha256, this.needs.slots)
          ? slot.unload(sha256)
          : Promise.resolve(),
      );
    } finally {
      this.trimming.delete(key);
    }
  }

  private async unloadOn(slot: WorkerSlot, sha256: string): Promise<void> {
    await this.take(slot);
    try {
      await onTaken(slot, () => slot.unload(sha256));
    } catch (error) {
      if (!(error instanceof WorkerDied)) throw error; // a dead worker holds nothing
    }
  }

  /** Takes this worker and no other, when its turn has come. */
  private async take(slot: WorkerSlot): Promise<void> {
    this.needs.refuseIfStopping();
    if (slot.state === 'idle') slot.take();
    else await this.needs.waiting.wait((one) => one === slot, { timeoutMs: WARM_LIMIT_MS });
  }
}

import { cores, memoryBytes } from '../../kernel/machine';
import { settledWithin } from '../../kernel/settled-within';
import type { Tensor } from '../../kernel/tensors/tensor';
import { Turns } from '../../kernel/turns';
import type {
  LeasedModel,
  ModelFile,
  RunOptions,
  RunResult,
  WorkerStatus,
  InstanceLimits,
} from '../execution/backend';
import { isDeviceProvider, planWorkers, type WorkerPlan } from './devices';
import { HeldModels } from './held-models';
import { IdleQueue } from './idle-queue';
import { Instances, isUp } from './instances';
import { Leases } from './leases';
import { defaultBudgetBytes } from './memory-budget';
import { ModelSizes } from './model-memory';
import { heldBack, Quarantine, type Pass } from './quarantine';
import type { WorkerOptions } from './spawn-worker';
import { onTaken } from './on-taken';
import { mayTryAgain, unanswered, WorkerDied, type Death } from './worker-died';
import { WorkerSlot } from './worker-slot';
import { WorkerUnavailable } from '../execution/worker-unavailable';

/** Tries of one run: the first, and one more where the worker died under it. */
const MAX_ATTEMPTS = 2;

/** Models that all workers together load at once: each takes a core. Two, where one may wait for the disk. */
const PARALLEL_LOADS = Math.max(2, cores());

export interface PoolOptions extends WorkerOptions {
  readonly workers: number;
  /** Memory that one worker may take, in bytes. Absent: its share of the machine. */
  readonly budgetBytes?: number;
  /** In ms, for what is held back for a time; never put back. Absent: performance.now(). */
  readonly nowMs?: () => number;
  /** Told what a log should say. */
  readonly onEvent?: (event: PoolEvent) => void;
}

export type PoolEvent =
  | { readonly type: 'worker-died'; readonly worker: number; readonly death: Death }
  | { readonly type: 'worker-failed-to-start'; readonly worker: number; readonly error: Error }
  | { readonly type: 'model-quarantined'; readonly sha256: string; readonly reason: string }
  /** Fewer run than were asked for: those who have the devices are enough. */
  | {
      readonly type: 'workers-bounded';
      readonly provider: string;
      readonly wanted: number;
      readonly running: number;
    };

/** Processes that run models. A process that dies costs the run that it had, and comes back by itself. */
export class WorkerPool {
  private readonly plan: WorkerPlan;
  private readonly nowMs: () => number;
  private readonly slots: WorkerSlot[] = [];
  private readonly waiting = new IdleQueue();
  private readonly quarantine: Quarantine;
  private readonly leases: Leases;
  private readonly instances = new Instances();
  private readonly models: HeldModels;
  private readonly sizes = new ModelSizes();
  private readonly loads = new Turns(PARALLEL_LOADS);
  private readonly idleListeners: (() => void)[] = [];
  private readonly inFlight = new Set<Promise<unknown>>();
  private firstStartError: Error | undefined;
  private starting: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;

  constructor(private readonly options: PoolOptions) {
    const { workers, providers, intraOpNumThreads, environment } = options;
    const nowMs = (this.nowMs = options.nowMs ?? (() => performance.now()));
    this.quarantine = new Quarantine(nowMs);
    this.leases = new Leases(nowMs);
    this.plan = planWorkers(workers, { providers, intraOpNumThreads, environment });
    for (const [id, worker] of this.plan.first.entries()) this.slots.push(this.slot(id, worker));
    const { slots, waiting, instances, leases, quarantine } = this;
    this.models = new HeldModels({
      ...{ nowMs, slots, waiting, instances, leases, quarantine },
      refuseIfStopping: () => this.refuseIfStopping(),
      track: (work) => this.track(work),
      diedLoading: (sha256, death) => this.blame(sha256, { kind: 'free' }, death, false),
    });
  }

  /** Resolves when every worker was tried once. @throws WorkerUnavailable where none of them started */
  start(): Promise<void> {
    return (this.starting ??= this.startAll());
  }

  /** Refuses new runs, lets those in flight end, and kills what is left after `withinMs`. */
  stop({ withinMs }: { withinMs: number }): Promise<void> {
    return (this.stopping ??= this.stopAll(withinMs));
  }

  /** See Backend.run. */
  run(file: ModelFile, inputs: readonly Tensor[], options: RunOptions): Promise<RunResult> {
    return this.track(this.runWithRetry(file, inputs, options));
  }

  /** See Backend.load. */
  load(file: ModelFile, rows?: number): Promise<void> {
    return this.models.load(file, rows);
  }

  /** See Backend.holds. */
  holds(sha256: string): boolean {
    return this.models.holds(sha256);
  }

  /** See Backend.lease. */
  lease(models: readonly LeasedModel[]): void {
    this.models.lease(models);
  }

  /** See Backend.limit. */
  limit(limits: InstanceLimits): void {
    this.models.limit(limits);
  }

  /** See Backend.unload. */
  unload({ sha256 }: ModelFile): Promise<void> {
    return this.models.unload(sha256);
  }

  /** See Backend.whyNot. */
  whyNot(sha256: string): string | null {
    return this.slots.some(isUp)
      ? (this.quarantine.holdOn(sha256)?.reason ?? null)
      : 'No worker is running at the moment.';
  }

  /** After which one run may try a model that is held back, in ms; undefined where it is not. */
  heldForMs(sha256: string): number | undefined {
    return this.quarantine.holdOn(sha256)?.retryAfterMs;
  }

  /** @param sha256 the model that is to run; absent: one that every worker may hold */
  idleCount(sha256?: string): number {
    if (this.stopping) return 0;
    let count = 0;
    for (const { state } of sha256 === undefined ? this.slots : this.instances.runners(sha256, this.slots))
      if (state === 'idle') count++;
    return count;
  }

  onIdle(listener: () => void): void {
    this.idleListeners.push(listener);
  }

  status(): readonly WorkerStatus[] {
    const heldBack = this.quarantine.held();
    const status = this.slots.map((slot) => slot.status());
    return heldBack.length === 0 ? status : status.map((worker) => ({ ...worker, heldBack }));
  }

  private async runWithRetry(
    file: ModelFile,
    inputs: readonly Tensor[],
    options: RunOptions,
  ): Promise<RunResult> {
    let isRepeat = options.suspect === true;
    let waitedMs = 0;
    for (let attempt = 1; ; attempt++) {
      const pass = this.admit(file);
      try {
        const mayRun = (slot: WorkerSlot) => this.instances.runners(file.sha256, this.slots).includes(slot);
        let slot = this.idleSlot(file);
        if (slot === undefined) {
          const askedAt = performance.now();
          slot = await this.waiting.wait(mayRun, options);
          waitedMs += performance.now() - askedAt;
        }
        const taken = slot;
        return await onTaken(taken, async () => {
          const result = await taken.run(file, inputs, options);
          this.quarantine.answered(file.sha256, pass);
          return waitedMs === 0 ? result : { ...result, waitedMs };
        });
      } catch (error) {
        if (!(error instanceof WorkerDied)) {
          this.quarantine.gaveUp(file.sha256, pass);
          throw error;
        }
        this.blame(file.sha256, pass, error.death, isRepeat);
        if (attempt === MAX_ATTEMPTS || !mayTryAgain(error.death, options)) throw unanswered(error, attempt);
        isRepeat = true;
      }
    }
  }

  private blame(sha256: string, pass: Pass, death: Death, isRepeat: boolean): void {
    const reason = this.quarantine.died(sha256, pass, death, isRepeat);
    if (reason !== undefined) this.tell({ type: 'model-quarantined', sha256, reason });
  }

  private admit({ sha256 }: ModelFile): Pass {
    this.refuseIfStopping();
    const admission = this.quarantine.admit(sha256);
    if (admission.kind === 'refused') throw heldBack(admission);
    return admission;
  }

  private refuseIfStopping(): void {
    if (this.stopping) throw new WorkerUnavailable('stopped', 'The server is stopping.');
  }

  /** Takes an idle worker: one that holds the model if there is one, else one that loses least by loading it. */
  private idleSlot(file: ModelFile): WorkerSlot | undefined {
    const { sha256 } = file;
    const idle = this.instances.runners(sha256, this.slots).filter(({ state }) => state === 'idle');
    const chosen = idle.find((slot) => slot.has(sha256)) ?? leastHarmed(idle, file);
    chosen?.take();
    return chosen;
  }

  private offer(slot: WorkerSlot): void {
    if (this.waiting.offer(slot)) return;
    for (const listener of this.idleListeners) listener();
  }

  /** Those who have waited for what a worker held may take another one. */
  private offerIdle(): void {
    for (const slot of this.slots) if (slot.state === 'idle') this.offer(slot);
  }

  private async track<T>(work: Promise<T>): Promise<T> {
    this.inFlight.add(work);
    try {
      return await work;
    } finally {
      this.inFlight.delete(work);
    }
  }

  private async startAll(): Promise<void> {
    // What the first tries gave: a slot that failed before others have is already being tried again.
    const first = await this.startSlots(this.slots);
    if ((await this.startOthers(this.plan.others)) || first || this.stopping) return;
    const reason = this.firstStartError?.message ?? 'none is configured.';
    await this.stop({ withinMs: 0 });
    throw new WorkerUnavailable('unfit', `No worker could be started: ${reason}`);
  }

  /** Whether one of them came up. */
  private async startOthers(others: readonly WorkerOptions[]): Promise<boolean> {
    if (this.stopping || others.length === 0) return false;
    const provider = this.slots
      .map((slot) => slot.status().provider)
      .find((used) => used && isDeviceProvider(used));
    if (provider) {
      const running = this.slots.length;
      this.tell({ type: 'workers-bounded', provider, wanted: running + others.length, running });
      return false;
    }
    const slots = others.map((worker, index) => this.slot(this.slots.length + index, worker));
    this.slots.push(...slots);
    return this.startSlots(slots);
  }

  /** Whether one of them came up. */
  private async startSlots(slots: readonly WorkerSlot[]): Promise<boolean> {
    return (await Promise.all(slots.map((slot) => slot.start()))).includes(true);
  }

  private slot(id: number, worker: WorkerOptions): WorkerSlot {
    const { sizes, leases, loads, nowMs, slots: workers } = this;
    const budgetBytes = () =>
      this.options.budgetBytes ?? defaultBudgetBytes(memoryBytes(), this.slots.length);
    return new WorkerSlot(
      id,
      worker,
      { sizes, leases, loads, workers, budgetBytes, nowMs },
      {
        started: (slot) => this.models.prepare(slot),
        idle: (slot) => this.offer(slot),
        died: (slot, death) => {
          this.tell({ type: 'worker-died', worker: slot.id, death });
          this.offerIdle();
        },
        holdsOthers: () => this.offerIdle(),
        failedToStart: (slot, error) => {
          this.firstStartError ??= error;
          this.tell({ type: 'worker-failed-to-start', worker: slot.id, error });
        },
      },
    );
  }

  private async stopAll(withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs;
    this.waiting.refuseAll(new WorkerUnavailable('stopped', 'The server is stopping.'));
    await settledWithin([...this.inFlight], withinMs);
    await Promise.all(this.slots.map((slot) => slot.stop(Math.max(0, deadline - performance.now()))));
  }

  private tell(event: PoolEvent): void {
    this.options.onEvent?.(event);
  }
}

/** The first of those where the least has to go for the model. */
function leastHarmed(slots: readonly WorkerSlot[], file: ModelFile): WorkerSlot | undefined {
  if (slots.length < 2) return slots[0];
  const fileBytes = 'sizeBytes' in file ? file.sizeBytes : 0; // of another one what is known of it has to do
  const harms = slots.map(({ room }) => room.harmOf(file.sha256, fileBytes));
  return slots[harms.indexOf(Math.min(...harms))];
}

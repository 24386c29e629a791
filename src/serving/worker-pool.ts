import type { Tensor } from '../kernel/tensor';
import type { ModelFile, RunOptions, RunResult, WorkerStatus } from './backends/backend';
import { IdleQueue } from './worker/idle-queue';
import { Quarantine, type Pass } from './worker/quarantine';
import type { WorkerOptions } from './worker/spawn-worker';
import { WorkerDied, type Death } from './worker/worker-died';
import { WorkerSlot } from './worker/worker-slot';
import { WorkerUnavailable } from './worker-unavailable';

/** Tries of one run: the first, and one more where the worker died under it. */
const MAX_ATTEMPTS = 2;

/** How long load() waits for a busy worker, in ms: a few of the longest runs. */
const WARM_LIMIT_MS = 60_000;

export interface PoolOptions extends WorkerOptions {
  readonly workers: number;
  /** In ms, for what is held back for a time; never put back. Absent: performance.now(). */
  readonly nowMs?: () => number;
  /** Told what a log should say. */
  readonly onEvent?: (event: PoolEvent) => void;
}

export type PoolEvent =
  | { readonly type: 'worker-died'; readonly worker: number; readonly death: Death }
  | { readonly type: 'worker-failed-to-start'; readonly worker: number; readonly error: Error }
  | { readonly type: 'model-quarantined'; readonly sha256: string; readonly reason: string };

/** Processes that run models. A process that dies costs the run that it had, and comes back by itself. */
export class WorkerPool {
  private readonly slots: readonly WorkerSlot[];
  private readonly waiting = new IdleQueue();
  private readonly quarantine: Quarantine;
  private readonly idleListeners: (() => void)[] = [];
  private readonly inFlight = new Set<Promise<unknown>>();
  private firstStartError: Error | undefined;
  private starting: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;

  constructor(private readonly options: PoolOptions) {
    const { workers, providers, intraOpNumThreads, environment, nowMs } = options;
    this.quarantine = new Quarantine(nowMs);
    this.slots = Array.from(
      { length: workers },
      (_, id) =>
        new WorkerSlot(
          id,
          { providers, intraOpNumThreads, environment },
          {
            idle: (slot) => this.offer(slot),
            died: (slot, death) => this.tell({ type: 'worker-died', worker: slot.id, death }),
            failedToStart: (slot, error) => {
              this.firstStartError ??= error;
              this.tell({ type: 'worker-failed-to-start', worker: slot.id, error });
            },
          },
        ),
    );
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
  async load(file: ModelFile): Promise<void> {
    const up = this.slots.filter(({ state }) => state !== 'down' && state !== 'stopped');
    if (up.length === 0) throw new WorkerUnavailable('crashed', 'No worker is running at the moment.');
    await Promise.all(up.map((slot) => this.track(this.loadOn(slot, file))));
  }

  idleCount(): number {
    if (this.stopping) return 0;
    let count = 0;
    for (const { state } of this.slots) if (state === 'idle') count++;
    return count;
  }

  onIdle(listener: () => void): void {
    this.idleListeners.push(listener);
  }

  status(): readonly WorkerStatus[] {
    return this.slots.map((slot) => slot.status());
  }

  private async runWithRetry(
    file: ModelFile,
    inputs: readonly Tensor[],
    { timeoutMs, outputs }: RunOptions,
  ): Promise<RunResult> {
    for (let attempt = 1; ; attempt++) {
      const pass = this.admit(file);
      try {
        const slot = this.idleSlot(file.sha256) ?? (await this.waiting.wait(undefined, timeoutMs));
        return await this.onTaken(slot, async () => {
          const result = await slot.run(file, inputs, outputs, timeoutMs);
          this.quarantine.answered(file.sha256, pass);
          return result;
        });
      } catch (error) {
        if (!(error instanceof WorkerDied)) {
          this.quarantine.gaveUp(file.sha256, pass);
          throw error;
        }
        this.blame(file.sha256, pass, error.death, attempt);
        if (error.death.cause === 'timeout') throw new WorkerUnavailable('timeout', error.message);
        if (attempt === MAX_ATTEMPTS)
          throw new WorkerUnavailable('crashed', `The run was tried ${attempt} times. ${error.message}`);
      }
    }
  }

  /** That a model loads says nothing of its runs, so loading ends no quarantine. */
  private async loadOn(slot: WorkerSlot, file: ModelFile): Promise<void> {
    this.refuseIfStopping();
    const reason = this.quarantine.reason(file.sha256);
    if (reason !== undefined) throw new WorkerUnavailable('quarantined', reason);
    if (slot.state !== 'idle') await this.waiting.wait(slot, WARM_LIMIT_MS);
    else slot.take();
    try {
      await this.onTaken(slot, () => slot.load(file));
    } catch (error) {
      if (!(error instanceof WorkerDied)) throw error;
      this.blame(file.sha256, { kind: 'free' }, error.death, 1);
      throw new WorkerUnavailable('crashed', error.message);
    }
  }

  private async onTaken<T>(slot: WorkerSlot, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      slot.release();
    }
  }

  private blame(sha256: string, pass: Pass, death: Death, attempt: number): void {
    const reason = this.quarantine.died(sha256, pass, death, attempt);
    if (reason !== undefined) this.tell({ type: 'model-quarantined', sha256, reason });
  }

  private admit({ sha256 }: ModelFile): Pass {
    this.refuseIfStopping();
    const admission = this.quarantine.admit(sha256);
    if (admission.kind === 'refused') throw new WorkerUnavailable('quarantined', admission.reason);
    return admission;
  }

  private refuseIfStopping(): void {
    if (this.stopping) throw new WorkerUnavailable('stopped', 'The server is stopping.');
  }

  /** Takes an idle worker, one that holds the model if there is one. */
  private idleSlot(sha256: string): WorkerSlot | undefined {
    let chosen: WorkerSlot | undefined;
    for (const slot of this.slots) {
      if (slot.state !== 'idle') continue;
      chosen ??= slot;
      if (slot.has(sha256)) {
        chosen = slot;
        break;
      }
    }
    chosen?.take();
    return chosen;
  }

  private offer(slot: WorkerSlot): void {
    if (this.waiting.offer(slot)) return;
    for (const listener of this.idleListeners) listener();
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
    await Promise.all(this.slots.map((slot) => slot.start()));
    if (this.slots.some(({ state }) => state !== 'down')) return;
    const reason = this.firstStartError?.message ?? 'none is configured.';
    await this.stop({ withinMs: 0 });
    throw new WorkerUnavailable('unfit', `No worker could be started: ${reason}`);
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

async function settledWithin(work: readonly Promise<unknown>[], limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, limitMs)));
  await Promise.race([Promise.allSettled(work), limit]);
  clearTimeout(timer);
}

import { InvalidInput } from '../execution/invalid-input';
import { tensorMismatch } from '../values/tensor-mismatch';
import { WorkerUnavailable } from '../execution/worker-unavailable';
import type { ModelFile, RunOptions, RunResult, WorkerState, WorkerStatus } from '../execution/backend';
import { bytesAt, withModelPath } from '../execution/model-path';
import type { Tensor } from '../../kernel/tensors/tensor';
import type { Turns } from '../../kernel/turns';
import { mayUseThreads } from './devices';
import { FrameTooLarge } from './framing';
import { isUp } from './instances';
import { evictionsFor, noRoom, type Demand, type Elsewhere } from './memory-budget';
import type { ModelMemory } from './model-memory';
import type { Command, Reply } from './protocol';
import { HEALTHY_AFTER_MS, restartDelayMs } from './restart-delay';
import type { WorkerOptions } from './spawn-worker';
import { WorkerDied, type Death } from './worker-died';
import { WorkerProcess, type Answer } from './worker-process';
import { WorkerRoom, type RoomNeeds } from './worker-room';

/** Wall-clock limit of reading and preparing a model, in ms: large ones take tens of seconds on a slow disk. */
const LOAD_LIMIT_MS = 120_000;

/** What the workers of a pool have in common. */
export interface SlotNeeds extends RoomNeeds {
  readonly loads: Turns;
  /** All of them, this one among them. */
  readonly workers: readonly WorkerSlot[];
}

/** How a model is loaded. */
interface LoadTerms {
  /** Of the largest batch to warm up for. */
  readonly rows?: number | undefined;
  /** Whether others are run meanwhile. */
  readonly aside?: boolean;
  readonly elsewhere: () => Elsewhere;
}

export interface SlotEvents {
  /** A process is there and takes no runs yet; it does once this resolves. */
  started(slot: WorkerSlot): Promise<void>;
  /** The worker can take a run: it has started, or was released. */
  idle(slot: WorkerSlot): void;
  died(slot: WorkerSlot, death: Death): void;
  /** It holds other models than before, or is to hold others: who waits for a worker may want another one. */
  holdsOthers(): void;
  /** It could not be started; it will be tried again. */
  failedToStart(slot: WorkerSlot, error: Error): void;
}

/** A place for a worker: keeps one process in it, and sees to it that the models in there fit into its memory. */
export class WorkerSlot {
  state: WorkerState = 'stopped';
  private process: WorkerProcess | undefined;
  readonly room: WorkerRoom;
  private loadingAside = 0;
  private diedLoadingAside = false;
  private restarts = 0;
  private deathsInARow = 0;
  private restartTimer: NodeJS.Timeout | undefined;
  private starting: Promise<boolean> | undefined;
  private readonly leaving = new AbortController();

  constructor(
    readonly id: number,
    private readonly options: WorkerOptions,
    private readonly needs: SlotNeeds,
    private readonly events: SlotEvents,
  ) {
    const others = () => needs.workers.filter((worker) => worker !== this && isUp(worker));
    this.room = new WorkerRoom(needs, () => others().map(({ room }) => room));
  }

  /** Whether a process came up, once it may take runs; one that did not is tried again until stop(). */
  start(): Promise<boolean> {
    this.state = 'starting';
    return (this.starting = this.launch());
  }

  has(sha256: string): boolean {
    return this.memory.has(sha256);
  }

  /** Whether what it loads is to be loaded aside: nobody else could run meanwhile what endpoints have there. */
  get loadsAside(): boolean {
    return isUp(this) && mayUseThreads(this.process?.provider ?? '') && this.room.isNeeded;
  }

  take(): void {
    this.state = 'busy';
  }

  /** Which of the processes that it has had is there: what was taken with one is not given back with another. */
  get life(): number {
    return this.restarts;
  }

  /** Gives the worker back after take(). A worker that died meanwhile comes back by itself. */
  release(life: number): void {
    if (this.state !== 'busy' || life !== this.restarts) return;
    this.state = 'idle';
    this.events.idle(this);
  }

  /** @throws WorkerDied, InvalidInput, or WorkerUnavailable where the model does not load */
  async run(
    file: ModelFile,
    inputs: readonly Tensor[],
    { outputs, shared, timeoutMs }: RunOptions,
  ): Promise<RunResult> {
    refuseMismatch(inputs);
    const process = this.running();
    if (!this.has(file.sha256)) await this.loadInto(process, file, { elsewhere: () => 'nowhere' });
    this.memory.used(file.sha256);
    const command: Command = { type: 'run', sha256: file.sha256, outputs, shared };
    const { reply, tensors } = await ask(process, command, inputs, timeoutMs).catch((error: unknown) => {
      throw error instanceof WorkerDied && this.diedLoadingAside ? error.besideLoad() : error;
    });
    const { computeMs, rssBytes } = expect(reply, 'ran');
    // What it grows by meanwhile is the model's that is loaded.
    if (rssBytes !== undefined && this.loadingAside === 0) this.memory.grew(file.sha256, rssBytes);
    return { outputs: tensors, computeMs, ranOn: process.ranOn };
  }

  /**
   * Takes the model in: not where others answer for it, and there is no room beside what endpoints run.
   *
   * @param terms `rows` of the largest batch to warm up for; `aside`, while it runs others: it need not be taken
   * @returns whether it is there now
   * @throws WorkerDied, or WorkerUnavailable where the model does not load or cannot have the memory
   */
  async load(file: ModelFile, terms: Omit<LoadTerms, 'elsewhere'> = {}): Promise<boolean> {
    if (this.has(file.sha256)) return true;
    const elsewhere = () => this.room.elsewhere(file.sha256);
    const load = () => this.loadInto(this.running(), file, { ...terms, elsewhere });
    if (!terms.aside) return load();
    this.loadingAside++;
    try {
      return await load();
    } finally {
      this.loadingAside--;
      this.events.holdsOthers();
    }
  }

  async unload(sha256: string): Promise<void> {
    if (this.has(sha256)) await this.unloadFrom(this.running(), [sha256]);
  }

  /** @param withinMs after which the process is killed, whatever it does */
  async stop(withinMs: number): Promise<void> {
    this.state = 'stopped';
    clearTimeout(this.restartTimer);
    this.leaving.abort();
    if (this.process === undefined) await this.starting;
    await this.process?.stop(withinMs);
    await this.starting;
  }

  status(): WorkerStatus {
    return {
      id: this.id,
      pid: this.process?.pid ?? null,
      state: this.state,
      provider: this.process?.provider ?? null,
      skippedProviders: this.process?.skipped ?? [],
      restarts: this.restarts,
      models: this.memory.names,
      modelBytes: this.memory.bytesByModel,
      rssBytes: this.process === undefined ? null : this.memory.usedBytes,
      budgetBytes: this.needs.budgetBytes(),
    };
  }

  private loadInto(process: WorkerProcess, file: ModelFile, terms: LoadTerms): Promise<boolean> {
    return withModelPath(file, (path) => this.loadFrom(process, file, path, terms));
  }

  private async loadFrom(
    process: WorkerProcess,
    { sha256 }: ModelFile,
    path: string,
    { rows, aside, elsewhere }: LoadTerms,
  ): Promise<boolean> {
    const fileBytes = await bytesAt(path);
    try {
      if (!(await this.makeRoom(process, () => this.room.demand(sha256, fileBytes, elsewhere()))))
        return false;
      const command: Command = {
        type: 'load',
        sha256,
        path,
        ...(rows !== undefined && { rows }),
        ...(aside && { aside }),
      };
      const { reply } = await this.needs.loads.take(() => ask(process, command, [], LOAD_LIMIT_MS));
      this.memory.added(sha256, fileBytes, expect(reply, 'done').rssBytes);
      return true;
    } finally {
      this.room.cameOrFailed(sha256);
    }
  }

  private async unloadFrom(process: WorkerProcess, models: readonly string[]): Promise<void> {
    if (models.length === 0) return;
    for (const sha256 of models) this.memory.removed(sha256); // at once: others decide by it what they let go of
    this.events.holdsOthers();
    for (const sha256 of models) {
      const { reply } = await ask(process, { type: 'unload', sha256 }, [], LOAD_LIMIT_MS);
      this.memory.told(expect(reply, 'done').rssBytes);
    }
  }

  /**
   * Lets go of other models where there is no room. One run at a time: none of them is in use.
   *
   * @returns whether there is room now: not where others answer for the model
   */
  private async makeRoom(process: WorkerProcess, toLoad: () => Demand): Promise<boolean> {
    let demand = toLoad();
    let evicted = evictionsFor(demand);
    if (evicted?.length !== 0) {
      // Part of what is in the way may be garbage.
      const { reply } = await ask(process, { type: 'free-memory' }, [], LOAD_LIMIT_MS);
      this.memory.told(expect(reply, 'done').rssBytes);
      demand = toLoad();
      evicted = evictionsFor(demand);
    }
    if (evicted === undefined) {
      if (demand.elsewhere !== 'nowhere') return false;
      throw new WorkerUnavailable('memory', noRoom(demand));
    }
    this.room.comes(demand.sha256);
    await this.unloadFrom(
      process,
      evicted.map(({ sha256 }) => sha256),
    );
    return true;
  }

  private running(): WorkerProcess {
    if (this.process === undefined)
      throw new WorkerUnavailable('crashed', 'The worker is being started again.');
    return this.process;
  }

  private async launch(): Promise<boolean> {
    const startedAt = performance.now();
    try {
      const process = await WorkerProcess.start(this.options, this.leaving.signal);
      this.process = process;
      this.memory.begin(process.bareBytes);
      process.onDeath((death) => this.buried(death, performance.now() - startedAt));
      await this.events.started(this);
      // It may have died meanwhile, and another be starting in its place.
      if (this.process !== process || this.state !== 'starting') return true;
      this.state = 'idle';
      this.events.idle(this);
      return true;
    } catch (error) {
      this.state = this.isStopped() ? 'stopped' : 'down';
      if (this.isStopped()) return false;
      this.events.failedToStart(this, error instanceof Error ? error : new Error(String(error)));
      this.relaunchLater();
      return false;
    }
  }

  private buried(death: Death, livedMs: number): void {
    this.memory.begin(0);
    this.diedLoadingAside = this.loadingAside > 0;
    if (this.isStopped()) return;
    this.process = undefined;
    this.state = 'down';
    if (livedMs >= HEALTHY_AFTER_MS) this.deathsInARow = 0;
    this.events.died(this, death);
    this.relaunchLater();
  }

  private relaunchLater(): void {
    if (this.isStopped()) return;
    const delayMs = restartDelayMs(this.deathsInARow++);
    this.restartTimer = setTimeout(() => {
      this.restarts++;
      void this.start();
    }, delayMs);
  }

  // A method, because the state may have changed at every await.
  private isStopped(): boolean {
    return this.state === 'stopped';
  }

  private get memory(): ModelMemory {
    return this.room.memory;
  }
}

async function ask(
  process: WorkerProcess,
  command: Command,
  inputs: readonly Tensor[],
  limitMs: number,
): Promise<Answer> {
  try {
    return await process.request(command, inputs, limitMs);
  } catch (error) {
    if (error instanceof FrameTooLarge) throw new InvalidInput(error.message);
    throw error;
  }
}

/** Before anything is sent: what does not fit its own description would break the connection. */
function refuseMismatch(inputs: readonly Tensor[]): void {
  for (const tensor of inputs) {
    const mismatch = tensorMismatch(tensor);
    if (mismatch !== undefined) throw new InvalidInput(mismatch);
  }
}

function expect<T extends Reply['type']>(reply: Reply, type: T): Extract<Reply, { type: T }> {
  if (reply.type === type) return reply as Extract<Reply, { type: T }>;
  if (reply.type !== 'failed') throw new Error(`a worker answered ${reply.type} where ${type} was asked`);
  switch (reply.kind) {
    case 'invalid-input':
      throw new InvalidInput(reply.message);
    case 'load-failed':
      throw new WorkerUnavailable('load-failed', reply.message);
    case 'out-of-memory':
      throw new WorkerUnavailable('memory', 'There was not enough memory for this run.');
  }
}

import { stat } from 'node:fs/promises';
import { InvalidInput } from '../execution/invalid-input';
import { tensorMismatch } from '../values/tensor-mismatch';
import { WorkerUnavailable } from '../execution/worker-unavailable';
import type { ModelFile, RunOptions, RunResult, WorkerState, WorkerStatus } from '../execution/backend';
import { withModelPath } from '../execution/model-path';
import type { Tensor } from '../../kernel/tensors/tensor';
import type { Turns } from '../../kernel/turns';
import { FrameTooLarge } from './framing';
import type { Leases } from './leases';
import { bytesToLoad, evictionsFor, noRoom, type Demand } from './memory-budget';
import { ModelMemory, type ModelSizes } from './model-memory';
import type { Command, Reply } from './protocol';
import { HEALTHY_AFTER_MS, restartDelayMs } from './restart-delay';
import type { WorkerOptions } from './spawn-worker';
import type { Death } from './worker-died';
import { WorkerProcess, type Answer } from './worker-process';

/** Wall-clock limit of reading and preparing a model, in ms: large ones take tens of seconds on a slow disk. */
const LOAD_LIMIT_MS = 120_000;

/** What the workers of a pool have in common. */
export interface SlotNeeds {
  /** Memory that one worker may take, in bytes. */
  readonly budgetBytes: () => number;
  readonly sizes: ModelSizes;
  readonly leases: Leases;
  readonly loads: Turns;
}

export interface SlotEvents {
  /** A process is there and takes no runs yet; it does once this resolves. */
  started(slot: WorkerSlot): Promise<void>;
  /** The worker can take a run: it has started, or was released. */
  idle(slot: WorkerSlot): void;
  died(slot: WorkerSlot, death: Death): void;
  /** It could not be started; it will be tried again. */
  failedToStart(slot: WorkerSlot, error: Error): void;
}

/** A place for a worker: keeps one process in it, and sees to it that the models in there fit into its memory. */
export class WorkerSlot {
  state: WorkerState = 'stopped';
  private process: WorkerProcess | undefined;
  private readonly memory: ModelMemory;
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
    this.memory = new ModelMemory(needs.sizes);
  }

  /** Whether a process came up, once it may take runs; one that did not is tried again until stop(). */
  start(): Promise<boolean> {
    this.state = 'starting';
    return (this.starting = this.launch());
  }

  has(sha256: string): boolean {
    return this.memory.has(sha256);
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
    if (!this.has(file.sha256)) await this.loadInto(process, file);
    this.memory.used(file.sha256);
    const command: Command = { type: 'run', sha256: file.sha256, outputs, shared };
    const { reply, tensors } = await ask(process, command, inputs, timeoutMs);
    const { computeMs, rssBytes } = expect(reply, 'ran');
    if (rssBytes !== undefined) this.memory.grew(file.sha256, rssBytes);
    return { outputs: tensors, computeMs, ranOn: process.ranOn };
  }

  /**
   * @param rows of the largest batch to warm up for
   * @throws WorkerDied, or WorkerUnavailable where the model does not load or cannot have the memory
   */
  async load(file: ModelFile, rows?: number): Promise<void> {
    if (!this.has(file.sha256)) await this.loadInto(this.running(), file, rows);
  }

  async unload(sha256: string): Promise<void> {
    if (this.has(sha256)) await this.unloadFrom(this.running(), sha256);
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

  private async loadInto(process: WorkerProcess, file: ModelFile, rows?: number): Promise<void> {
    await withModelPath(file, (path) => this.loadFrom(process, file, path, rows));
  }

  private async loadFrom(
    process: WorkerProcess,
    { sha256 }: ModelFile,
    path: string,
    rows: number | undefined,
  ): Promise<void> {
    const fileBytes = await sizeOf(path);
    await this.makeRoom(process, sha256, fileBytes);
    const command: Command = { type: 'load', sha256, path, ...(rows === undefined ? {} : { rows }) };
    const { reply } = await this.needs.loads.take(() => ask(process, command, [], LOAD_LIMIT_MS));
    this.memory.added(sha256, fileBytes, expect(reply, 'done').rssBytes);
  }

  private async unloadFrom(process: WorkerProcess, sha256: string): Promise<void> {
    this.memory.removed(sha256);
    const { reply } = await ask(process, { type: 'unload', sha256 }, [], LOAD_LIMIT_MS);
    this.memory.told(expect(reply, 'done').rssBytes);
  }

  /** Lets go of other models where there is no room. One run at a time: none of them is in use. */
  private async makeRoom(process: WorkerProcess, sha256: string, fileBytes: number): Promise<void> {
    if (evictionsFor(this.demand(sha256, fileBytes))?.length === 0) return;
    // Part of what is in the way may be garbage.
    const { reply } = await ask(process, { type: 'free-memory' }, [], LOAD_LIMIT_MS);
    this.memory.told(expect(reply, 'done').rssBytes);
    const demand = this.demand(sha256, fileBytes);
    const evicted = evictionsFor(demand);
    if (evicted === undefined) throw new WorkerUnavailable('memory', noRoom(demand));
    for (const model of evicted) await this.unloadFrom(process, model);
  }

  private demand(sha256: string, fileBytes: number): Demand {
    const { sizes, leases, budgetBytes } = this.needs;
    return {
      bytes: bytesToLoad(fileBytes, sizes.of(sha256)),
      leased: leases.has(sha256),
      residents: this.memory.residents((model) => leases.has(model)),
      budgetBytes: budgetBytes(),
      usedBytes: this.memory.usedBytes,
    };
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
}

/** 0 where it cannot be read: the worker says why. */
async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
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

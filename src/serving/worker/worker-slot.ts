import { InvalidInput } from '../invalid-input';
import { tensorMismatch } from '../tensor-mismatch';
import { WorkerUnavailable } from '../worker-unavailable';
import type { ModelFile, RunResult, WorkerState, WorkerStatus } from '../backends/backend';
import type { Tensor } from '../../kernel/tensor';
import { FrameTooLarge } from './framing';
import type { Command, Reply } from './protocol';
import { HEALTHY_AFTER_MS, restartDelayMs } from './restart-delay';
import type { WorkerOptions } from './spawn-worker';
import type { Death } from './worker-died';
import { WorkerProcess, type Answer } from './worker-process';

/** Sessions of one worker. Each holds its own copy of the weights; the least recently used one goes first. */
export const MAX_SESSIONS = 64;

/** Wall-clock limit of reading and preparing a model, in ms: large ones take tens of seconds on a slow disk. */
const LOAD_LIMIT_MS = 120_000;

export interface SlotEvents {
  /** The worker can take a run: it has started, or was released. */
  idle(slot: WorkerSlot): void;
  died(slot: WorkerSlot, death: Death): void;
  /** It could not be started; it will be tried again. */
  failedToStart(slot: WorkerSlot, error: Error): void;
}

/** A place for a worker: keeps one process in it, and knows which models that process holds. */
export class WorkerSlot {
  state: WorkerState = 'stopped';
  private process: WorkerProcess | undefined;
  /** Models in the process, least recently used first. */
  private readonly models = new Set<string>();
  private restarts = 0;
  private deathsInARow = 0;
  private restartTimer: NodeJS.Timeout | undefined;
  private starting: Promise<void> | undefined;
  private readonly leaving = new AbortController();

  constructor(
    readonly id: number,
    private readonly options: WorkerOptions,
    private readonly events: SlotEvents,
  ) {}

  /** Resolves when a first start has succeeded or failed; a failed one goes on being tried until stop(). */
  start(): Promise<void> {
    this.state = 'starting';
    return (this.starting = this.launch());
  }

  has(sha256: string): boolean {
    return this.models.has(sha256);
  }

  take(): void {
    this.state = 'busy';
  }

  /** Gives the worker back after take(). A worker that died meanwhile comes back by itself. */
  release(): void {
    if (this.state !== 'busy') return;
    this.state = 'idle';
    this.events.idle(this);
  }

  /** @throws WorkerDied, InvalidInput, or WorkerUnavailable where the model does not load */
  async run(
    file: ModelFile,
    inputs: readonly Tensor[],
    outputs: readonly string[] | undefined,
    limitMs: number,
  ): Promise<RunResult> {
    refuseMismatch(inputs);
    if (!this.models.has(file.sha256)) await this.load(file);
    this.touch(file.sha256);
    const command: Command = { type: 'run', sha256: file.sha256, ...(outputs ? { outputs } : {}) };
    const { reply, tensors } = await this.request(command, inputs, limitMs);
    return { outputs: tensors, computeMs: expect(reply, 'ran').computeMs };
  }

  async load(file: ModelFile): Promise<void> {
    if (this.models.has(file.sha256)) return;
    // One run at a time: whatever is evicted is not in use.
    const [oldest] = this.models;
    if (this.models.size >= MAX_SESSIONS && oldest !== undefined) await this.unload(oldest);
    const { reply } = await this.request(
      { type: 'load', sha256: file.sha256, path: file.path },
      [],
      LOAD_LIMIT_MS,
    );
    expect(reply, 'done');
    this.models.add(file.sha256);
  }

  async unload(sha256: string): Promise<void> {
    if (!this.models.delete(sha256)) return;
    expect((await this.request({ type: 'unload', sha256 }, [], LOAD_LIMIT_MS)).reply, 'done');
  }

  /** @param withinMs after which the process is killed, whatever it does */
  async stop(withinMs: number): Promise<void> {
    this.state = 'stopped';
    clearTimeout(this.restartTimer);
    this.leaving.abort();
    await this.starting;
    await this.process?.stop(withinMs);
  }

  status(): WorkerStatus {
    return {
      id: this.id,
      pid: this.process?.pid ?? null,
      state: this.state,
      provider: this.process?.provider ?? null,
      skippedProviders: this.process?.skipped ?? [],
      restarts: this.restarts,
      models: [...this.models],
    };
  }

  private touch(sha256: string): void {
    this.models.delete(sha256);
    this.models.add(sha256);
  }

  private async request(command: Command, inputs: readonly Tensor[], limitMs: number): Promise<Answer> {
    if (this.process === undefined)
      throw new WorkerUnavailable('crashed', 'The worker is being started again.');
    try {
      return await this.process.request(command, inputs, limitMs);
    } catch (error) {
      if (error instanceof FrameTooLarge) throw new InvalidInput(error.message);
      throw error;
    }
  }

  private async launch(): Promise<void> {
    const startedAt = performance.now();
    try {
      const process = await WorkerProcess.start(this.options, this.leaving.signal);
      this.process = process;
      process.onDeath((death) => this.buried(death, performance.now() - startedAt));
      if (this.state !== 'starting') return;
      this.state = 'idle';
      this.events.idle(this);
    } catch (error) {
      this.state = this.isStopped() ? 'stopped' : 'down';
      if (this.isStopped()) return;
      this.events.failedToStart(this, error instanceof Error ? error : new Error(String(error)));
      this.relaunchLater();
    }
  }

  private buried(death: Death, livedMs: number): void {
    this.models.clear();
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

import type { Tensor } from '../../kernel/tensors/tensor';
import { WorkerUnavailable } from '../execution/worker-unavailable';
import type { Command } from './protocol';
import type { WorkerOptions } from './spawn-worker';
import { WorkerProcess, type Answer } from './worker-process';

/** Trials that may wait. A registration that would wait behind more is better told to come back. */
const MAX_WAITING = 64;

/** How long a process that was not harmed waits for a next trial, in ms, since a start costs half a second. */
const KEEP_MS = 30_000;

/** Time that a process may take to leave, in ms; it has nothing in hand then. */
const STOP_WITHIN_MS = 1_000;

/**
 * A process of its own for models that nobody has vouched for yet: it may die or hang without harm to what
 * serves. One trial at a time.
 */
export class TrialWorker {
  private tail: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  private process: WorkerProcess | undefined;
  private idleTimer: NodeJS.Timeout | undefined;
  private readonly leaving = new AbortController();

  constructor(private readonly options: WorkerOptions) {}

  /**
   * @param limitMs wall-clock limit of the trial itself
   * @throws WorkerDied where the process ends or passes the limit, WorkerUnavailable where none can be had
   */
  async request(command: Command, tensors: readonly Tensor[], limitMs: number): Promise<Answer> {
    if (this.waiting >= MAX_WAITING)
      throw new WorkerUnavailable('busy', `${MAX_WAITING} models wait to be tried already.`);
    this.waiting++;
    const turn = this.tail.then(() => this.attempt(command, tensors, limitMs));
    this.tail = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.waiting--;
    }
  }

  async stop(): Promise<void> {
    this.leaving.abort();
    this.process?.kill();
    await this.tail;
    await this.leave();
  }

  private async attempt(command: Command, tensors: readonly Tensor[], limitMs: number): Promise<Answer> {
    this.refuseIfStopping();
    clearTimeout(this.idleTimer);
    const process = (this.process ??= await this.started());
    this.refuseIfStopping(); // what has just started is idle, and leaves with the others
    try {
      return await process.request(command, tensors, limitMs);
    } finally {
      this.idleTimer = setTimeout(() => void this.leave(), KEEP_MS);
      this.idleTimer.unref();
    }
  }

  private async started(): Promise<WorkerProcess> {
    const process = await WorkerProcess.start(this.options, this.leaving.signal).catch((error: unknown) => {
      this.refuseIfStopping();
      const reason = error instanceof Error ? error.message : String(error);
      throw new WorkerUnavailable('unfit', `No process could be started to try the model: ${reason}`);
    });
    process.onDeath(() => {
      if (this.process === process) this.process = undefined;
    });
    return process;
  }

  private refuseIfStopping(): void {
    if (this.leaving.signal.aborted) throw new WorkerUnavailable('stopped', 'The server is stopping.');
  }

  private async leave(): Promise<void> {
    clearTimeout(this.idleTimer);
    const process = this.process;
    this.process = undefined;
    await process?.stop(STOP_WITHIN_MS);
  }
}

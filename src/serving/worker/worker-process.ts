import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor } from '../../kernel/tensors/tensor';
import { ON_WORKERS, type RanOn, type SkippedProvider } from '../execution/backend';
import { FrameSocket } from './frame-socket';
import type { Message } from './framing';
import type { Command, Greeting, Reply } from './protocol';
import { spawnWorker, type WorkerOptions } from './spawn-worker';
import { WorkerDied, type Death } from './worker-died';

/** From spawn to greeting, in ms. A second is usual; the first use of a graphics card takes several. */
const START_LIMIT_MS = 30_000;

/** What is kept of a worker's standard error, in characters: enough for a native abort's message. */
const LAST_WORDS_LENGTH = 2_000;

export interface Answer {
  readonly reply: Reply;
  readonly tensors: readonly Tensor[];
}

interface Pending {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  readonly limit: NodeJS.Timeout;
}

/** One worker, seen from the server. It is started once and never again; who needs another starts another. */
export class WorkerProcess {
  /** Settles when the process has ended and its folder is gone. */
  readonly ended: Promise<Death>;
  private readonly socket: FrameSocket;
  private readonly pending = new Map<number, Pending>();
  private greeted: { resolve(greeting: Greeting): void; reject(error: Error): void } | undefined;
  private lastId = 0;
  private timedOut = false;
  private death: Death | undefined;
  private deathListener: ((death: Death) => void) | undefined;

  /**
   * @param signal kills a worker that is still starting
   * @throws Error where the system gives no process or no provider works, WorkerDied where it ends or is silent for
   *   START_LIMIT_MS
   */
  static async start(options: WorkerOptions, signal?: AbortSignal): Promise<WorkerProcess> {
    // The runtime resolves names in a model against the working folder: there must be nothing in it.
    const folder = await mkdtemp(join(tmpdir(), 'modelgraph-worker-'));
    const child = await spawnWorker(folder, options).catch(async (error: unknown) => {
      await removeFolder(folder);
      throw error;
    });
    const worker = new WorkerProcess(folder, child);
    const kill = (): void => worker.kill();
    signal?.addEventListener('abort', kill);
    if (signal?.aborted) worker.kill();
    const greeting = await worker.greeting().finally(() => signal?.removeEventListener('abort', kill));
    if (greeting.type === 'unfit') {
      await worker.ended;
      throw new Error(`No execution provider works: ${describeSkipped(greeting.skipped)}`);
    }
    worker.provider = greeting.provider;
    worker.ranOn = { backend: ON_WORKERS, provider: greeting.provider };
    worker.skipped = greeting.skipped;
    worker.bareBytes = greeting.rssBytes;
    return worker;
  }

  /** The provider in use, and why those preferred to it are not. */
  provider = '';
  skipped: readonly SkippedProvider[] = [];
  ranOn: RanOn = { backend: ON_WORKERS, provider: null };
  /** Size of the process before it held any model. */
  bareBytes = 0;

  private constructor(
    folder: string,
    private readonly child: ChildProcess,
  ) {
    let lastWords = '';
    const ended = new Promise<Death>((resolve) => {
      child.once('exit', (code, signal) =>
        resolve(this.bury({ cause: this.timedOut ? 'timeout' : 'exit', code, signal, lastWords })),
      );
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      lastWords = (lastWords + text).slice(-LAST_WORDS_LENGTH);
    });
    this.socket = FrameSocket.over(
      child.stdio[3] as Socket,
      (message) => this.received(message),
      // A pipe that broke before the process ended means that both have lost step.
      () => child.kill('SIGKILL'),
    );
    this.ended = ended.then(async (death) => {
      await removeFolder(folder);
      return death;
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /**
   * Asks the worker; the tensors must stay as they are until it has answered.
   *
   * @param limitMs wall-clock limit: past it the process is killed, since a run cannot be stopped otherwise
   * @throws WorkerDied where the process ends before it answers, FrameTooLarge where the values are too many
   */
  request(command: Command, tensors: readonly Tensor[], limitMs: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.death) return reject(new WorkerDied(this.death));
      const id = ++this.lastId;
      this.socket.send(id, command, tensors);
      const limit = setTimeout(() => this.killForTime(), limitMs);
      this.pending.set(id, { resolve, reject, limit });
    });
  }

  /** Lets the worker finish what it has, and kills it after `withinMs`. */
  async stop(withinMs: number): Promise<void> {
    if (this.death === undefined) this.socket.send(0, { type: 'stop' });
    const limit = setTimeout(() => this.kill(), withinMs);
    await this.ended;
    clearTimeout(limit);
  }

  /** Tells of the end before those who wait for answers learn of it; at once where it has come already. */
  onDeath(listener: (death: Death) => void): void {
    if (this.death) listener(this.death);
    else this.deathListener = listener;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private async greeting(): Promise<Greeting> {
    const limit = setTimeout(() => this.killForTime(), START_LIMIT_MS);
    try {
      return await new Promise((resolve, reject) => (this.greeted = { resolve, reject }));
    } finally {
      clearTimeout(limit);
    }
  }

  private received({ id, body, tensors }: Message): void {
    if (body.type === 'ready' || body.type === 'unfit') return this.greeted?.resolve(body);
    const pending = this.pending.get(id);
    if (pending === undefined) return;
    this.pending.delete(id);
    clearTimeout(pending.limit);
    pending.resolve({ reply: body as Reply, tensors });
  }

  private killForTime(): void {
    this.timedOut = true;
    this.kill();
  }

  private bury(death: Death): Death {
    this.death = death;
    this.deathListener?.(death);
    // Before anybody hears: what it has still to send lies in memory that others may have once its sender knows.
    this.socket.close();
    this.greeted?.reject(new WorkerDied(death));
    for (const { reject, limit } of this.pending.values()) {
      clearTimeout(limit);
      reject(new WorkerDied(death));
    }
    this.pending.clear();
    return death;
  }
}

/** One that cannot be removed stays: an empty folder is not worth an error. */
async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(() => undefined);
}

function describeSkipped(skipped: readonly SkippedProvider[]): string {
  return skipped.map(({ provider, reason }) => `${provider}: ${reason}`).join('; ');
}

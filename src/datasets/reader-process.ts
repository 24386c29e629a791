import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from '../kernel/program';
import type { Excess, Job, Reply } from './reading/jobs';
import { READING_LIMITS, type ReadingLimits } from './reading/limits';

/** JavaScript's own memory of the process, in MB; the database has its own limit. */
const FLAGS = ['--max-old-space-size=512'];

/** The whole environment of the process: malloc per thread keeps what large tables free. */
const ENVIRONMENT = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '65536' } as const;

/** What is kept of its standard error, in characters: enough for a native abort's message. */
const LAST_WORDS_LENGTH = 2_000;

/** Why a process has ended without an answer. */
export interface ReaderDeath {
  readonly cause: 'time' | 'memory' | 'disk' | 'crash' | 'stopped';
  readonly lastWords: string;
}

/** A process that reads data: what reads bytes of strangers by native code may die without harm to the server. */
export class ReaderProcess {
  private pending: { resolve(reply: Reply | ReaderDeath): void } | undefined;
  private killedFor: ReaderDeath['cause'] | undefined;
  private lastWords = '';
  private death: ReaderDeath | undefined;
  private readonly ended: Promise<void>;

  /** @throws Error of the operating system where it gives no process */
  static async start(limits: ReadingLimits = READING_LIMITS): Promise<ReaderProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'modelgraph-reader-'));
    const path = program(join(__dirname, 'reading', 'reader-main'));
    const child = spawn(process.execPath, [...FLAGS, path, JSON.stringify(limits)], {
      cwd: folder,
      env: ENVIRONMENT,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced', // JSON has no NaN
    });
    const reader = new ReaderProcess(folder, child);
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', resolve);
    });
    return reader;
  }

  private constructor(
    readonly folder: string,
    private readonly child: ChildProcess,
  ) {
    child.on('error', () => undefined); // told by `start`, or by the exit
    child.stderr?.setEncoding('utf8').on('data', (words: string) => {
      this.lastWords = (this.lastWords + words).slice(-LAST_WORDS_LENGTH);
    });
    child.on('message', (message: Reply | Excess) => {
      if ('excess' in message) this.kill(message.excess);
      else if (this.isAlive) this.settle(message); // late is late, however soon after the kill it comes
    });
    this.ended = new Promise((resolve) => {
      child.once('close', () => {
        this.death = { cause: this.killedFor ?? 'crash', lastWords: this.lastWords };
        this.settle(this.death);
        void rm(folder, { recursive: true, force: true }).then(resolve, resolve);
      });
    });
  }

  get isAlive(): boolean {
    return this.death === undefined && this.killedFor === undefined;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** One job at a time. Past the limit the process is killed. */
  async perform(job: Job, limitMs: number): Promise<Reply | ReaderDeath> {
    if (this.death) return this.death;
    const limit = setTimeout(() => this.kill('time'), limitMs);
    try {
      return await new Promise((resolve) => {
        this.pending = { resolve };
        this.child.send(job, (error) => error && this.kill('crash'));
      });
    } finally {
      clearTimeout(limit);
    }
  }

  async stop(): Promise<void> {
    this.kill('stopped');
    await this.ended;
  }

  private kill(cause: ReaderDeath['cause']): void {
    this.killedFor ??= cause;
    this.child.kill('SIGKILL');
  }

  private settle(reply: Reply | ReaderDeath): void {
    this.pending?.resolve(reply);
    this.pending = undefined;
  }
}

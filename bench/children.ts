import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { cpuOfTree } from './process-cpu';
import { peakMemoryOf, peakMemoryOfTree } from './process-memory';

/** A fresh embedded database takes about five seconds; a slow and busy machine may take several times as long. */
const ANSWER_TIMEOUT_MS = 60_000;
/** The server drains for ten seconds at most; what is still there then is stuck. */
const STOP_TIMEOUT_MS = 15_000;
/** What is shown of the output when a child ends too early. */
const LAST_LINES = 15;

type Entry = Readonly<Record<string, unknown>>;

interface AnyProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

interface BuiltFile {
  /** A built file of ours. */
  readonly file: string;
  readonly nodeOptions?: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

export type ChildOptions = BuiltFile | AnyProgram;

const programOf = (options: ChildOptions): AnyProgram =>
  'command' in options
    ? options
    : {
        command: process.execPath,
        args: ['--enable-source-maps', ...(options.nodeOptions ?? []), options.file],
        environment: options.environment,
      };

/** A process of ours that tells what it does as JSON, one object a line. */
export class Child {
  private readonly process: ChildProcess;
  private readonly exited: Promise<string>;
  private readonly lastLines: string[] = [];
  private readonly readers = new Set<(entry: Entry) => void>();
  private stopping: Promise<void> | undefined;

  private readonly name: string;

  constructor(options: ChildOptions) {
    const { command, args, environment } = programOf(options);
    this.name = 'file' in options ? options.file : (args[0] ?? command);
    this.process = spawn(command, args, {
      env: environment,
      // In a group of its own, Ctrl+C reaches only us: we stop it once, and it drains.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.process.stdin?.on('error', () => undefined); // it has ended, which `exited` tells
    this.exited = once(this.process, 'close').then(([code, signal]) => String(signal ?? code));
    for (const stream of [this.process.stdout, this.process.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.read(line));
    }
  }

  /** CPU time of it and its own children so far, in µs; null where that cannot be known. */
  cpuMicroseconds(): number | null {
    return this.process.pid === undefined ? null : cpuOfTree(this.process.pid);
  }

  /** The most memory that it has had at once, without its children; null where that cannot be known. */
  peakMemoryBytes(): number | null {
    return this.process.pid === undefined ? null : peakMemoryOf(this.process.pid);
  }

  /** The most memory that it and its own children have had so far, in bytes; null where that cannot be known. */
  peakMemoryOfTreeBytes(): number | null {
    return this.process.pid === undefined ? null : peakMemoryOfTree(this.process.pid);
  }

  tell(order: object): void {
    this.process.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  /** The next entry that is accepted; rejects when the child ends before. */
  hear<Wanted>(isWanted: (entry: Entry) => boolean, timeoutMs: number = ANSWER_TIMEOUT_MS): Promise<Wanted> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.readers.delete(reader);
      };
      const fail = (what: string) => {
        end();
        reject(new Error(`${this.name} ${what}. Its last lines:\n${this.lastLines.join('\n')}`));
      };
      const reader = (entry: Entry) => {
        if (!isWanted(entry)) return;
        end();
        resolve(entry as Wanted);
      };
      const timer = setTimeout(() => fail(`said nothing for ${timeoutMs / 1000} s`), timeoutMs);
      this.readers.add(reader);
      void this.exited.then((how) => fail(`ended too early (${how})`));
    });
  }

  stop(): Promise<void> {
    this.stopping ??= this.stopOnce();
    return this.stopping;
  }

  private async stopOnce(): Promise<void> {
    this.process.kill('SIGTERM');
    const stuck = setTimeout(() => this.process.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.exited;
    clearTimeout(stuck);
  }

  private read(line: string): void {
    this.lastLines.push(line);
    if (this.lastLines.length > LAST_LINES) this.lastLines.shift();
    if (!line.startsWith('{')) return;
    const entry = JSON.parse(line) as Entry;
    for (const reader of [...this.readers]) reader(entry);
  }
}

/** All processes of one bench: whatever happens, they are stopped together. */
export class Children {
  private readonly children: Child[] = [];

  start(options: ChildOptions): Child {
    const child = new Child(options);
    this.children.push(child);
    return child;
  }

  async stop(): Promise<void> {
    await Promise.all(this.children.map((child) => child.stop()));
  }
}

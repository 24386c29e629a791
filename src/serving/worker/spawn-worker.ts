import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { program } from '../../kernel/program';
import type { WorkerSettings } from './protocol';

export interface WorkerOptions {
  /** Execution providers in the order of preference; the worker uses the first that works. */
  readonly providers: readonly string[];
  /** Threads of one run. */
  readonly intraOpNumThreads: number;
  /** The whole environment of the worker beside our own settings: what a provider's libraries need, no secrets. */
  readonly environment: Readonly<Record<string, string>>;
}

/** So that a worker can let go of a file that it has loaded before it says how large it is. */
const FLAGS = ['--expose-gc'];

/** malloc per thread keeps what large models free; one arena that is trimmed gives it back. */
const ENVIRONMENT = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '65536' } as const;

/**
 * Resolves as soon as the process is there, in the same turn of the event loop, so that nothing of its end is missed.
 *
 * @param folder empty, and the child's working folder: names in a model are resolved against it
 * @throws Error of the operating system where it gives no process or no pipes, EMFILE for example
 */
export function spawnWorker(
  folder: string,
  { environment, ...settings }: WorkerOptions,
): Promise<ChildProcess> {
  const path = program(join(__dirname, 'worker-main'));
  const argument: WorkerSettings = { ...settings, parentPid: process.pid };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...FLAGS, path, JSON.stringify(argument)], {
      cwd: folder,
      env: { ...environment, ...ENVIRONMENT },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    // First of all: an error that nobody listens for ends the server. A child without a process may have no pipes.
    child.on('error', reject);
    child.once('spawn', () => resolve(child));
  });
}

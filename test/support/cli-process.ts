import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { program } from '../../src/kernel/program';

export interface CliEnd {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A command that has not ended by then, in ms, hangs: it is ended before its test is, which would leave it running. */
const LIMIT_MS = 100_000;

interface Place {
  /** What is piped into it; nothing if absent. */
  readonly input?: string;
  /** The folder that it works in; this process' own if absent. */
  readonly cwd?: string;
}

/** Runs the command line as a user does, in a process of its own, with nothing in its environment but what is given. */
export async function runCli(
  args: readonly string[],
  environment: Record<string, string> = {},
  { input, cwd }: Place = {},
): Promise<CliEnd> {
  const child = spawnCli(args, environment, cwd);
  child.stdin.end(input);
  return endOf(child);
}

/** Starts it and leaves it to the test: its input stays open. */
export function spawnCli(
  args: readonly string[],
  environment: Record<string, string>,
  cwd?: string,
): ChildProcessWithoutNullStreams {
  const path = program(join(__dirname, '../../src/cli/main'));
  const env = { PATH: process.env.PATH, ...environment };
  const limit = { timeout: LIMIT_MS, killSignal: 'SIGKILL' } as const;
  return spawn(process.execPath, [path, ...args], { env, cwd, stdio: 'pipe', ...limit });
}

export async function endOf(child: ChildProcessWithoutNullStreams): Promise<CliEnd> {
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

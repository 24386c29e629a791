import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { program } from '../../src/kernel/program';

export interface CliEnd {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line as a user does, in a process of its own, with nothing in its environment but what is given. */
export async function runCli(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<CliEnd> {
  const { path, execArgv } = program(join(__dirname, '../../src/cli/main'));
  const child = spawn(process.execPath, [...execArgv, path, ...args], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

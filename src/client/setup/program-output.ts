import { execFile } from 'node:child_process';

interface Options {
  readonly folder?: string;
  readonly timeoutMs: number;
  readonly maxBytes?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** What is piped into it. */
  readonly input?: string;
}

/** More than any of the programs that are asked has to say. */
const MAX_BYTES = 4_000_000;

/**
 * What a program writes to its standard output; null where it is not there, fails, takes too long or writes too much.
 */
export function outputOf(
  program: string,
  args: readonly string[],
  { folder, timeoutMs, maxBytes = MAX_BYTES, environment, input }: Options,
): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const env = { ...process.env, MODELGRAPH_KEY: '', ...environment }; // it has no business with the key
    const options = { encoding: 'buffer', timeout: timeoutMs, maxBuffer: maxBytes, env } as const;
    try {
      const child = execFile(
        program,
        args,
        { ...options, ...(folder !== undefined && { cwd: folder }) },
        (error, stdout) => resolve(error ? null : stdout),
      );
      child.stdin?.on('error', () => undefined); // it may end before it has read all
      child.stdin?.end(input ?? '');
    } catch {
      resolve(null); // an argument that no program can be given
    }
  });
}

export const textOf = async (
  program: string,
  args: readonly string[],
  options: Options,
): Promise<string | null> => (await outputOf(program, args, options))?.toString().trim() ?? null;

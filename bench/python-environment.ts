import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Bench } from './benchmark';

const BENCH_FOLDER = join(__dirname, '../../bench');
/** Downloading some 300 MB over a slow line. */
const INSTALL_TIMEOUT_MS = 300_000;

const run = promisify(execFile);

export const pythonFile = (name: string): string => join(BENCH_FOLDER, 'python', name);

/**
 * A Python that has what a file of `bench/python` asks for, made once; null, and a loud line, where it cannot be had.
 *
 * @param folder of the environment, below `bench`
 */
export async function pythonWith(
  bench: Bench,
  { folder, requirements, who }: { folder: string; requirements: string; who: string },
): Promise<string | null> {
  const environment = join(BENCH_FOLDER, folder);
  const python = join(environment, 'bin/python');
  const limit = { timeout: INSTALL_TIMEOUT_MS };
  try {
    const isThere = await access(python).then(
      () => true,
      () => false,
    );
    if (!isThere) bench.say(`installing ${who} into bench/${folder}`);
    if (!isThere) await run('python3', ['-m', 'venv', environment], limit);
    await run(python, ['-m', 'pip', 'install', '--quiet', '--requirement', pythonFile(requirements)], limit);
    return python;
  } catch (error) {
    bench.say(`*** PEER NOT PRESENT: ${who} cannot be installed here (${String(error).split('\n')[0]}). ***`);
    return null;
  }
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Source } from './operations/tracking';

const run = promisify(execFile);

/** The commit that this code is from; undefined where there is no git or no commit. */
export async function sourceOfThisCode(): Promise<Source | undefined> {
  try {
    const git = async (...args: readonly string[]) =>
      (await run('git', [...args], { cwd: __dirname })).stdout.trim();
    const commit = await git('rev-parse', 'HEAD');
    const changes = await git('status', '--porcelain', '--untracked-files=no');
    return { commit, dirty: changes !== '', entryPoint: 'examples/penguins/main.ts' };
  } catch {
    return undefined; // a copy without git is as good: the run just does not say where its code is from
  }
}

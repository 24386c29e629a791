import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Excess, Job, Reply } from './jobs';
import type { ReadingLimits } from './limits';
import { perform } from './perform';
import { Unreadable } from './unreadable';

/**
 * How often the process looks at what it takes, in ms. DuckDB works in threads of its own, so this loop stays awake.
 */
const LOOK_EVERY_MS = 100;

const limits = JSON.parse(process.argv[2] ?? '{}') as ReadingLimits;

const ownFolder = process.cwd();
/** The folder of the job in hand. */
const folder = join(ownFolder, 'job');

setInterval(() => {
  if (process.memoryUsage.rss() > limits.processBytes) giveUp({ excess: 'memory' });
  if (sizeOf(folder) > limits.scratchBytes) giveUp({ excess: 'disk' });
}, LOOK_EVERY_MS).unref();

process.on('message', (job: Job) => void answer(job));

/** DuckDB's threads go on meanwhile: what they write may be there again once the folder was emptied. */
const MAX_REMOVALS = 100;

// The server is gone, and cannot tidy up.
process.on('disconnect', () => {
  for (let count = 0; count < MAX_REMOVALS && !isRemoved(ownFolder); count++);
  end();
});

function giveUp(excess: Excess): void {
  process.send?.(excess, end);
}

/** Not by `process.exit`, which waits for the query that runs. */
function end(): void {
  process.kill(process.pid, 'SIGKILL');
}

async function answer(job: Job): Promise<void> {
  const reply = await replyTo(job);
  process.send?.(reply);
}

/** What is nobody's expectation ends the process: its last words are in the server's log. */
async function replyTo(job: Job): Promise<Reply> {
  try {
    return { ok: true, result: await perform(job, folder, limits) };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, code: error.code, message: error.message };
    throw error;
  }
}

function isRemoved(path: string): boolean {
  try {
    rmSync(path, { recursive: true, force: true });
    return true;
  } catch {
    return false; // it was not empty any more
  }
}

function sizeOf(path: string): number {
  try {
    return readdirSync(path, { recursive: true })
      .map((name) => statSync(join(path, String(name))).size)
      .reduce((sum, size) => sum + size, 0);
  } catch {
    return 0; // it is not there yet, or not any more
  }
}

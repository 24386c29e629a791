import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReaderProcess } from '../../src/datasets/reader-process';
import { READING_LIMITS } from '../../src/datasets/reading/limits';

/** A program that has a file read, says by whom once DuckDB is at it, and waits: to be killed by a test. */
async function main(file: string): Promise<void> {
  // Of a table that does not fit in its memory DuckDB leaves a file.
  const reader = await ReaderProcess.start({ ...READING_LIMITS, databaseMib: 32 });
  void reader.perform({ kind: 'profile', path: file }, 600_000);
  const { folder } = reader;
  for (let look = 0; look < 2_000; look++) {
    if (readdirSync(folder, { recursive: true }).some((name) => String(name).includes('spilled/'))) break;
    await sleep(10);
  }
  process.stdout.write(JSON.stringify({ pid: reader.pid, folder }));
  await sleep(60_000);
}

void main(process.argv[2] ?? '');

import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReaderProcess } from '../../src/datasets/reader-process';
import { READING_LIMITS } from '../../src/datasets/reading/limits';

/**
 * A program that has a file read, says by whom and what is in their folder once DuckDB is at it, and waits: to be
 * killed.
 */
async function main(file: string): Promise<void> {
  // Of a table that does not fit in its memory DuckDB leaves a file.
  const reader = await ReaderProcess.start({ ...READING_LIMITS, databaseMib: 32 });
  let isOver = false;
  void reader.perform({ kind: 'profile', path: file }, 600_000).then(() => (isOver = true));
  const { folder } = reader;
  let there: readonly string[] = [];
  while (!isOver && !there.some((name) => name.includes('spilled/'))) {
    await sleep(10);
    there = readdirSync(folder, { recursive: true }).map(String);
  }
  process.stdout.write(JSON.stringify({ pid: reader.pid, folder, there }));
  await sleep(600_000);
}

void main(process.argv[2] ?? '');

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import promises, { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataReader } from '../../../src/datasets/data-reader';
import { ReaderProcess } from '../../../src/datasets/reader-process';
import { READING_LIMITS } from '../../../src/datasets/reading/limits';
import { program } from '../../../src/kernel/program';
import { createLogger } from '../../../src/kernel/logger';

const logger = createLogger('silent');
let folder: string;
let reader: DataReader;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelgraph-reader-test-'));
  reader = new DataReader({ logger });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await reader.stop();
  await rm(folder, { recursive: true, force: true });
});

async function job(name: string, content: string) {
  const path = join(folder, name);
  await writeFile(path, content);
  return { kind: 'profile', path } as const;
}
/** The folders that are made from now on. Others in the same place are of tests that run beside this one. */
function foldersMade(): () => Promise<readonly string[]> {
  const made = jest.spyOn(promises, 'mkdtemp');
  return () => Promise.all(made.mock.results.map(({ value }) => value as Promise<string>));
}

test('files are read by a process that is kept, and refusals leave it as it is', async () => {
  const fine = await job('fine', 'a\n1\nNaN\n');
  expect(await reader.perform(fine)).toMatchObject({ rowCount: 2, columns: [{ datatype: 'FP64', mean: 1 }] });
  await expect(reader.perform(await job('ragged', 'a,b\n1\n'))).rejects.toMatchObject({
    code: 'INVALID_CSV',
  });
  expect(await reader.perform(fine)).toMatchObject({ rowCount: 2 });
});

test('many files at once are all read, two at a time, and too many are told to come back', async () => {
  const one = await job('one', 'a\n1\n');
  const answers = await Promise.allSettled(Array.from({ length: 80 }, () => reader.perform(one)));
  const refused = answers.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(80 - 64 - 2);
  for (const answer of refused)
    expect(answer).toMatchObject({ reason: { code: 'UNAVAILABLE', facts: { retryable: true } } });
});

test('what takes too long is given up with its process, and the next file is read', async () => {
  const impatient = new DataReader({ logger, limitMs: 1 });
  const file = await job('large', `a,b\n${'1,2\n'.repeat(200_000)}`);
  await expect(impatient.perform(file)).rejects.toMatchObject({
    code: 'TOO_LARGE_TO_READ',
    message: expect.stringContaining('within 0.001 s') as string,
  });
  await impatient.stop();
  expect(await reader.perform(file)).toMatchObject({ rowCount: 200_000 });
});

test('memory and disk are bounded: a table that does not fit goes to disk, and one that takes too much is refused', async () => {
  const file = await job(
    'large',
    `a,b\n${Array.from({ length: 1_000_000 }, (_, row) => `${row},some text ${row}`).join('\n')}`,
  );
  const roomy = new DataReader({ logger, limits: { ...READING_LIMITS, databaseMib: 32 } });
  expect(await roomy.perform(file)).toMatchObject({ rowCount: 1_000_000 });
  await roomy.stop();
  for (const [what, limit] of [
    ['memory', { processBytes: 120 * 1024 ** 2 }],
    ['disk', { databaseMib: 32, scratchBytes: 1024 ** 2 }],
  ] as const) {
    const small = new DataReader({ logger, limits: { ...READING_LIMITS, ...limit } });
    await expect(small.perform(file)).rejects.toMatchObject({
      code: 'TOO_LARGE_TO_READ',
      message: expect.stringContaining(`more ${what} than it may`) as string,
    });
    await small.stop();
  }
});

test('a process that dies in the middle costs that file and nothing else', async () => {
  const process = await ReaderProcess.start();
  const reply = process.perform(await job('slow', `a,b\n${'1,2\n'.repeat(500_000)}`), 60_000);
  globalThis.process.kill(process.pid ?? 0, 'SIGSEGV');
  expect(await reply).toMatchObject({ cause: 'crash' });
  expect(process.isAlive).toBe(false);
  expect(await process.perform(await job('next', 'a\n1\n'), 60_000)).toMatchObject({ cause: 'crash' });
  expect(await reader.perform(await job('other', 'a\n1\n'))).toMatchObject({ rowCount: 1 });
});

test('a reader that is stopped leaves no process and no folder behind, whatever it was at', async () => {
  const folders = foldersMade();
  const stopping = new DataReader({ logger });
  const large = await job('large', `a,b\n${'1,2\n'.repeat(500_000)}`);
  const reading = [1, 2, 3].map(() => stopping.perform(large).catch((error: unknown) => error));
  await new Promise((resolve) => setImmediate(resolve));
  await stopping.stop();
  expect(await folders()).toHaveLength(2); // the third one waits
  expect((await folders()).filter(existsSync)).toEqual([]);
  for (const outcome of await Promise.all(reading)) expect(outcome).toMatchObject({ code: 'UNAVAILABLE' });
  await expect(stopping.perform(large)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('a reading process whose server is killed ends in the middle of its work, and takes its folder with it', async () => {
  const file = await job('large', `a,b\n${'1,some text\n'.repeat(2_000_000)}`);
  const path = program(join(__dirname, '../../support/reading-parent'));
  const parent = spawn(process.execPath, [path, file.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  parent.kill('SIGKILL');
  const said = JSON.parse(line.toString()) as { pid: number; folder: string; there: readonly string[] };
  expect(said.there).toContain('job');
  while (isAlive(said.pid)) await sleep(50);
  expect(existsSync(said.folder)).toBe(false);
});

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

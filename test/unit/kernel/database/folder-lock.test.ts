import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderInUse, FolderLock } from '../../../../src/kernel/database/folder-lock';

let folder: string;
let lockFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelgraph-lock-'));
  lockFile = join(folder, 'server.lock');
});
afterEach(() => {
  jest.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

test('a second holder is refused and told who holds it', () => {
  const lock = FolderLock.take(folder);
  expect(() => FolderLock.take(folder)).toThrow(FolderInUse);
  expect(() => FolderLock.take(folder)).toThrow(`process ${process.pid}`);
  lock.release();
});

const onLinux = process.platform === 'linux' ? test : test.skip; // others have no /proc

onLinux('a folder that takes no files is told with what to do', () => {
  expect(() => FolderLock.take('/proc')).toThrow(
    /^Nothing can be written into the folder \/proc: E[A-Z]+: .* choose another folder with MODEL_STORE\.$/,
  );
});

test('a released folder can be taken again', () => {
  FolderLock.take(folder).release();
  expect(existsSync(lockFile)).toBe(false);
  const lock = FolderLock.take(folder);
  expect(lock.tookOverFrom).toBeNull();
  lock.release();
});

/** What a lock of this process holds, with some of it changed. */
function leaveLock(changes: object): void {
  const lock = FolderLock.take(folder);
  const own = JSON.parse(readFileSync(lockFile, 'utf8')) as object;
  lock.release();
  writeFileSync(lockFile, JSON.stringify({ ...own, ...changes }));
}
const age = (ms: number) => utimesSync(lockFile, new Date(Date.now() - ms), new Date(Date.now() - ms));

test('the lock of a process that is gone is taken over at once, and it is said whose it was', () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  leaveLock({ pid, startedAt: '1', since: 'then' });
  const lock = FolderLock.take(folder);
  expect(JSON.parse(readFileSync(lockFile, 'utf8'))).toMatchObject({ pid: process.pid });
  expect(lock.tookOverFrom).toBe(`process ${pid} on ${hostname()} since then, which has ended`);
  lock.release();
});

test('a pid that another program has got since does not keep the folder', () => {
  leaveLock({ pid: process.ppid, startedAt: '1' });
  FolderLock.take(folder).release();
});

test.each([
  ['on another machine', { pid: 1, host: 'elsewhere' }],
  ['in another container with this host name', { pid: 1, pidSpace: 'another' }],
  ['in another container, with the pid of this process', { pidSpace: 'another' }],
  ['of a version that did not say where its pid is seen', { pid: 1, pidSpace: undefined }],
])('a holder %s counts as dead only after a silence', (_, holder) => {
  jest.useFakeTimers(); // a second that passed would be one of the silence
  leaveLock({ startedAt: '1', since: 'then', ...holder });
  expect(() => FolderLock.take(folder)).toThrow(/since then.*If it was killed, .* untouched for 30 s/);
  age(29_000);
  expect(() => FolderLock.take(folder)).toThrow(FolderInUse);
  age(31_000);
  const lock = FolderLock.take(folder);
  expect(lock.tookOverFrom).toContain('since then, silent for 30 s or more');
  lock.release();
});

test('a holder shows every few seconds that it lives', () => {
  jest.useFakeTimers();
  const lock = FolderLock.take(folder);
  age(60_000);
  jest.advanceTimersByTime(5_000);
  expect(Date.now() - statSync(lockFile).mtimeMs).toBeLessThan(5_000);
  lock.release();
});

test('a holder whose lock another one has taken meanwhile gives up', () => {
  jest.useFakeTimers();
  const lock = FolderLock.take(folder);
  writeFileSync(lockFile, JSON.stringify({ pid: 7, host: 'elsewhere', since: 'now' }));
  expect(() => jest.advanceTimersByTime(5_000)).toThrow('process 7 on elsewhere');
  lock.release();
  expect(existsSync(lockFile)).toBe(true);
});

test('half a lock, as a power cut may leave it, holds nothing', () => {
  writeFileSync(lockFile, '{"pid":');
  FolderLock.take(folder).release();
});

test('no draft or turn is left behind', () => {
  writeFileSync(lockFile, '');
  FolderLock.take(folder).release();
  expect(readdirSync(folder)).toEqual([]);
});

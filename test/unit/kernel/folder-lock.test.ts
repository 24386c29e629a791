import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderInUse, FolderLock } from '../../../src/kernel/folder-lock';

let folder: string;
let lockFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelgraph-lock-'));
  lockFile = join(folder, 'server.lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a second holder is refused and told who holds it', () => {
  const lock = FolderLock.take(folder);
  expect(() => FolderLock.take(folder)).toThrow(FolderInUse);
  expect(() => FolderLock.take(folder)).toThrow(`process ${process.pid}`);
  lock.release();
});

test('a released folder can be taken again', () => {
  FolderLock.take(folder).release();
  expect(existsSync(lockFile)).toBe(false);
  FolderLock.take(folder).release();
});

test('the lock of a process that is gone is taken over', () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(lockFile, JSON.stringify({ pid, host: hostname(), startedAt: '1', since: 'then' }));
  const lock = FolderLock.take(folder);
  expect(JSON.parse(readFileSync(lockFile, 'utf8'))).toMatchObject({ pid: process.pid });
  lock.release();
});

test('a pid that another program has got since does not keep the folder', () => {
  writeFileSync(
    lockFile,
    JSON.stringify({ pid: process.ppid, host: hostname(), startedAt: '1', since: 'then' }),
  );
  FolderLock.take(folder).release();
});

test('a holder on another machine counts as dead only after a silence', () => {
  writeFileSync(lockFile, JSON.stringify({ pid: 1, host: 'elsewhere', startedAt: '1', since: 'then' }));
  expect(() => FolderLock.take(folder)).toThrow('elsewhere');
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(lockFile, longAgo, longAgo);
  FolderLock.take(folder).release();
});

test('half a lock, as a power cut may leave it, holds nothing', () => {
  writeFileSync(lockFile, '{"pid":');
  FolderLock.take(folder).release();
});

test('no draft or turn is left behind', () => {
  writeFileSync(lockFile, '');
  FolderLock.take(folder).release();
  expect(existsSync(`${lockFile}.${process.pid}`) || existsSync(`${lockFile}.takeover`)).toBe(false);
});

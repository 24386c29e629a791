import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What a spool takes before its first record (a lock, facts, progress), and its first records, in bytes. */
const ROOM_BYTES = 64 * 1024;

/**
 * Makes a folder, and those above it, where they are not there. Throws what the system says. Node's own way
 * (`recursive`) tries for ever where a folder is there and the system says ENOENT of what is to be made in it: in
 * /proc.
 */
export function makeFolder(folder: string): void {
  if (isFolder(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!isFolder(folder)) throw error; // else another process was faster
  }
}

/**
 * Throws what the system says where no files can be made in the folder, or the disk has no room for a spool's first.
 */
export function proveRoom(folder: string): void {
  const file = join(folder, `room.${randomUUID()}`);
  try {
    // Random, since zeros take no room on a disk that compresses them.
    writeFileSync(file, randomBytes(ROOM_BYTES), { flag: 'wx', mode: 0o600, flush: true });
  } finally {
    rmSync(file, { force: true });
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

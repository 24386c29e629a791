import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ClientError } from '../client-error';

const FILE_NAME = 'lock';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process began, as Linux counts it: another process may get the same number. Null where nobody says. */
  readonly began: string | null;
}

/**
 * Two processes must not send one spool: they would cut it into different requests. Gives what takes the lock away
 * again; throws a ClientError where a living process holds it. One that has ended leaves its lock to the next.
 */
export function takeSpoolLock(folder: string): () => void {
  const path = join(folder, FILE_NAME);
  const own = JSON.stringify({ pid: process.pid, host: hostname(), began: beganOf(process.pid) });
  const draft = `${path}.${randomUUID()}`;
  try {
    writeFileSync(draft, own, { mode: 0o600 });
    // A link is made whole or not at all, so nobody ever reads half a lock.
    if (!isLinked(draft, path)) {
      removeDead(folder, path);
      if (!isLinked(draft, path)) throw inUse(folder, contentOf(path));
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return () => {
    if (contentOf(path) === own) rmSync(path, { force: true });
  };
}

function removeDead(folder: string, path: string): void {
  const content = contentOf(path);
  if (content === null) return;
  const holder = parsed(content);
  if (holder && isAlive(holder)) throw inUse(folder, content);
  const taken = `${path}.${randomUUID()}`;
  renameSync(path, taken);
  // Somebody else may have taken over between the two looks: then it is theirs, and is put back.
  const isTheirs = contentOf(taken) !== content;
  if (isTheirs) isLinked(taken, path);
  rmSync(taken, { force: true });
  if (isTheirs) throw inUse(folder, contentOf(path));
}

function isAlive({ pid, host, began }: Holder): boolean {
  if (host !== hostname()) return true; // nobody can tell from here
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return began === null || beganOf(pid) === began;
}

/** The 22nd field of `/proc/<pid>/stat`, counted from behind the name, which may hold anything. */
function beganOf(pid: number): string | null {
  const stat = contentOf(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

function inUse(folder: string, content: string | null): ClientError {
  const holder = parsed(content ?? '');
  const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
  const advice = 'It sends it itself. If that machine is gone for good, delete the file “lock” in it.';
  return new ClientError('SPOOL_IN_USE', `The spool ${folder} is in use by ${who}. ${advice}`);
}

function parsed(content: string): Holder | null {
  try {
    const holder = JSON.parse(content) as Partial<Holder> | null;
    return typeof holder?.pid === 'number' && typeof holder.host === 'string' ? (holder as Holder) : null;
  } catch {
    return null;
  }
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function isLinked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

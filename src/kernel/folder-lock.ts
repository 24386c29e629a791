import {
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  utimesSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process started, in the kernel's ticks, where the system tells; a pid alone may be used again. */
  readonly startedAt: string | null;
  readonly since: string;
}

/** How often the holder shows that it lives, for those on another machine that cannot see its process. */
const HEARTBEAT_MS = 5_000;
/** Silence after which a holder on another machine counts as dead: six heartbeats. */
const SILENCE_MS = 30_000;
const FILE_NAME = 'server.lock';

export class FolderInUse extends Error {
  constructor(folder: string, { pid, host, since }: Holder) {
    super(
      `The folder ${folder} is in use by process ${pid} on ${host} since ${since}. ` +
        'Stop that server, choose another folder with MODEL_STORE, or share one database with DATABASE_URL.',
    );
    this.name = 'FolderInUse';
  }
}

/**
 * An exclusive hold on a folder: the embedded database takes no lock of its own, and two servers on one folder
 * would silently lose each other's rows. A lock that a killed process left behind is taken over.
 */
export class FolderLock {
  private readonly heartbeat: NodeJS.Timeout;

  private constructor(
    private readonly path: string,
    private readonly content: string,
  ) {
    this.heartbeat = setInterval(() => this.beat(), HEARTBEAT_MS).unref();
  }

  static take(folder: string): FolderLock {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, FILE_NAME);
    const content = JSON.stringify(self());
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, content, { mode: 0o600 });
    try {
      // A link is made whole or not at all, so nobody ever reads half a lock.
      if (!tryLink(draft, path)) takeOver(folder, path, draft);
    } finally {
      rmSync(draft, { force: true });
    }
    return new FolderLock(path, content);
  }

  release(): void {
    clearInterval(this.heartbeat);
    if (read(this.path) === this.content) unlinkSync(this.path);
  }

  /**
   * A lock that somebody has removed is put back. One that another server has taken, since this process was paused for
   * too long, is the end: two writers would lose each other's rows, so this throws and takes the process down.
   */
  private beat(): void {
    const content = read(this.path);
    const other = parseHolder(content);
    if (content !== this.content && other) throw new FolderInUse(dirname(this.path), other);
    try {
      const now = new Date();
      if (content === this.content) utimesSync(this.path, now, now);
      else writeFileSync(this.path, this.content, { mode: 0o600 });
    } catch {
      // The folder is gone or full. The next beat tries again.
    }
  }
}

/** Replaces the lock of a dead holder. Those who try at the same time take turns behind a second lock. */
function takeOver(folder: string, path: string, draft: string): void {
  const turn = `${path}.takeover`;
  if (!tryLink(draft, turn)) {
    const other = parseHolder(read(turn));
    if (other && isAlive(other, turn)) throw new FolderInUse(folder, other);
    rmSync(turn, { force: true });
    if (!tryLink(draft, turn)) throw new FolderInUse(folder, parseHolder(read(turn)) ?? self());
  }
  try {
    const holder = parseHolder(read(path));
    if (holder && isAlive(holder, path)) throw new FolderInUse(folder, holder);
    rmSync(path, { force: true });
    if (!tryLink(draft, path)) throw new FolderInUse(folder, parseHolder(read(path)) ?? self());
  } finally {
    rmSync(turn, { force: true });
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(holder: Holder, path: string): boolean {
  if (holder.host !== hostname()) return Date.now() - statSync(path).mtimeMs < SILENCE_MS;
  if (holder.pid === process.pid) return holder.startedAt === processStart(process.pid);
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return holder.startedAt === processStart(holder.pid);
}

function self(): Holder {
  return {
    pid: process.pid,
    host: hostname(),
    startedAt: processStart(process.pid),
    since: new Date().toISOString(),
  };
}

/** Field 22 of Linux' /proc/PID/stat, counted after the command's name, which may hold spaces; null elsewhere. */
function processStart(pid: number): string | null {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

function parseHolder(content: string | null): Holder | null {
  if (content === null) return null;
  try {
    return JSON.parse(content) as Holder;
  } catch {
    return null; // not a lock of ours, or one from a machine that lost power: nobody holds it
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

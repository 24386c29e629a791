import { randomUUID } from 'node:crypto';
import { linkSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CannotStart } from '../cannot-start';
import { makeFolder } from '../make-folder';
import {
  canBeSeen,
  isRunning,
  nameOf,
  ownMark,
  parseHolder,
  readIfThere,
  type LockHolder,
} from './lock-holder';

/** How often the holder shows that it lives, for those on another machine or in another container. */
const HEARTBEAT_MS = 5_000;
/** Silence after which a holder that cannot be seen counts as dead: six heartbeats. */
const SILENCE_MS = 30_000;
const FILE_NAME = 'server.lock';

export class FolderInUse extends CannotStart {
  constructor(folder: string, holder: LockHolder) {
    const advice =
      'Stop that server, choose another folder with MODEL_STORE, or share one database with DATABASE_URL.';
    const hope = canBeSeen(holder)
      ? ''
      : ` If it was killed, start again when its lock has been untouched for ${SILENCE_MS / 1_000} s.`;
    super(`The folder ${folder} is in use by ${nameOf(holder)}. ${advice}${hope}`);
    this.name = 'FolderInUse';
  }
}

/**
 * An exclusive hold on a folder: the embedded database takes no lock of its own, and two servers on one folder
 * would silently lose each other's rows. A lock that a killed process left behind is taken over: at once where that
 * process could be seen from here, else after a silence.
 */
export class FolderLock {
  private readonly heartbeat: NodeJS.Timeout;

  private constructor(
    private readonly path: string,
    private readonly content: string,
    /** Who had left the folder locked, and how that was known; null where nobody had. */
    readonly tookOverFrom: string | null,
  ) {
    this.heartbeat = setInterval(() => this.beat(), HEARTBEAT_MS).unref();
  }

  static take(folder: string): FolderLock {
    makeFolder(folder);
    const path = join(folder, FILE_NAME);
    const content = JSON.stringify(ownMark());
    const draft = `${path}.${randomUUID()}`; // in containers, several processes have one pid
    writeDraft(folder, draft, content);
    try {
      // A link is made whole or not at all, so nobody ever reads half a lock.
      const tookOverFrom = tryLink(draft, path) ? null : takeOver(folder, path, draft);
      return new FolderLock(path, content, tookOverFrom);
    } finally {
      rmSync(draft, { force: true });
    }
  }

  release(): void {
    clearInterval(this.heartbeat);
    if (readIfThere(this.path) === this.content) unlinkSync(this.path);
  }

  /**
   * A lock that somebody has removed is put back. One that another server has taken, since this process was paused for
   * too long, is the end: two writers would lose each other's rows, so this throws and takes the process down.
   */
  private beat(): void {
    const content = readIfThere(this.path);
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

/**
 * Replaces the lock of a dead holder, and says whose it was. Those who try at the same time take turns behind a second
 * lock.
 */
function takeOver(folder: string, path: string, draft: string): string | null {
  const turn = `${path}.takeover`;
  if (!tryLink(draft, turn)) {
    const other = parseHolder(readIfThere(turn));
    if (other && isAlive(other, turn)) throw new FolderInUse(folder, other);
    rmSync(turn, { force: true });
    if (!tryLink(draft, turn)) throw new FolderInUse(folder, parseHolder(readIfThere(turn)) ?? ownMark());
  }
  try {
    const holder = parseHolder(readIfThere(path));
    if (holder && isAlive(holder, path)) throw new FolderInUse(folder, holder);
    rmSync(path, { force: true });
    if (!tryLink(draft, path)) throw new FolderInUse(folder, parseHolder(readIfThere(path)) ?? ownMark());
    if (!holder) return null;
    const evidence = canBeSeen(holder) ? 'which has ended' : `silent for ${SILENCE_MS / 1_000} s or more`;
    return `${nameOf(holder)}, ${evidence}`;
  } finally {
    rmSync(turn, { force: true });
  }
}

/** The first file that a server writes into its folder: whether it can write there at all shows here. */
function writeDraft(folder: string, draft: string, content: string): void {
  try {
    writeFileSync(draft, content, { mode: 0o600 });
  } catch (cause) {
    rmSync(draft, { force: true });
    const { message } = cause as Error;
    throw new CannotStart(
      `Nothing can be written into the folder ${folder}: ${message}. Make room or grant access, or choose another folder with MODEL_STORE.`,
      { cause },
    );
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

function isAlive(holder: LockHolder, path: string): boolean {
  return canBeSeen(holder) ? isRunning(holder) : silenceMs(path) < SILENCE_MS;
}

function silenceMs(path: string): number {
  const touched = statSync(path, { throwIfNoEntry: false });
  return touched ? Date.now() - touched.mtimeMs : Infinity;
}

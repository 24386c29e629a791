import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isDiskFull, writeHashing } from './artifact-digest';
import { ArtifactLost, parseSha256, type LocalFile } from './artifacts';
import type { Sha256 } from './artifact';
import { notNow } from '../errors';
import { FolderInUse, FolderLock } from '../database/folder-lock';
import { newId } from '../ids';

/**
 * Processes of one machine that share a folder: each has a part of its own, so that none takes away another's files.
 */
const MAX_PARTS = 64;

interface Entry {
  readonly sizeBytes: number;
  leases: number;
  /** It is to go once it is released. */
  isForgotten: boolean;
}

interface Flight {
  readonly landed: Promise<Entry>;
  waiting: number;
}

/** Bytes on their way here. */
export interface Fetched {
  readonly body: Readable;
  readonly sizeBytes: number;
}

/**
 * Artifacts of a bucket as files on this machine, each fetched once, hashed as it comes, and kept for as long as there
 * is room: those go first that were released longest ago, and never one that somebody holds.
 */
export class ArtifactCache {
  /** Least recently used first. */
  private readonly entries = new Map<Sha256, Entry>();
  private readonly flights = new Map<Sha256, Flight>();
  /** Files that are being removed; one of the same name must not come meanwhile. */
  private readonly leaving = new Map<Sha256, Promise<void>>();
  /** With what is on its way. */
  private usedBytes = 0;

  private constructor(
    private readonly folder: string,
    private readonly lock: FolderLock,
    private readonly maxBytes: number,
  ) {}

  static async open(folder: string, maxBytes: number): Promise<ArtifactCache> {
    const { part, lock } = takePart(folder);
    const cache = new ArtifactCache(part, lock, maxBytes);
    await cache.load().catch((error: unknown) => {
      lock.release();
      throw error;
    });
    return cache;
  }

  /** Where bytes may be kept for a while; whoever asked removes them. The next start removes what was left. */
  draft(): string {
    return join(this.folder, 'incoming', newId());
  }

  has(sha256: Sha256): boolean {
    return this.entries.get(sha256)?.isForgotten === false;
  }

  /** @throws ArtifactLost where what was fetched is not what its name says */
  async lease(sha256: Sha256, fetch: () => Promise<Fetched>): Promise<LocalFile> {
    const known = await this.held(sha256);
    if (known) return this.leaseOf(sha256, known);
    const flight = this.flights.get(sha256) ?? this.take(sha256, fetch);
    flight.waiting++;
    return this.leaseOf(sha256, await flight.landed);
  }

  /** What somebody holds stays until it is released. */
  async forget(sha256: Sha256): Promise<void> {
    const entry = this.entries.get(sha256);
    if (!entry) return;
    entry.isForgotten = true;
    if (entry.leases === 0) await this.discard(sha256, entry);
  }

  stop(): void {
    this.lock.release();
  }

  /** What is kept from before was whole and hashed when it got its name. */
  private async load(): Promise<void> {
    await rm(join(this.folder, 'incoming'), { recursive: true, force: true });
    await mkdir(join(this.folder, 'incoming'), { recursive: true, mode: 0o700 });
    await mkdir(join(this.folder, 'sha256'), { recursive: true, mode: 0o700 });
    const names = await readdir(join(this.folder, 'sha256'));
    const found = await Promise.all(
      names.flatMap((name) => {
        const sha256 = parseSha256(name);
        return sha256 === null ? [] : [this.found(sha256)];
      }),
    );
    for (const { sha256, sizeBytes } of found.sort((a, b) => a.usedAt - b.usedAt))
      this.add(sha256, sizeBytes);
    await this.reserve(0);
  }

  private async found(sha256: Sha256) {
    const { size, mtimeMs } = await stat(this.pathOf(sha256));
    return { sha256, sizeBytes: size, usedAt: mtimeMs };
  }

  /** What is here, with a lease on it. Undefined also where somebody has tidied up the folder. */
  private async held(sha256: Sha256): Promise<Entry | undefined> {
    const entry = this.entries.get(sha256);
    if (!entry || entry.isForgotten) return undefined;
    entry.leases++; // before it is looked at, so that nothing takes it away meanwhile
    const size = await stat(this.pathOf(sha256)).then(
      (file) => file.size,
      () => -1,
    );
    if (size === entry.sizeBytes) return entry;
    entry.leases--;
    if (this.entries.get(sha256) === entry) this.remove(sha256, entry);
    return undefined;
  }

  private take(sha256: Sha256, fetch: () => Promise<Fetched>): Flight {
    const landed = this.fetch(sha256, fetch).then(
      (entry) => {
        this.flights.delete(sha256);
        entry.leases = flight.waiting; // before anybody could find it free
        return entry;
      },
      (error: unknown) => {
        this.flights.delete(sha256);
        throw error;
      },
    );
    const flight: Flight = { landed, waiting: 0 };
    this.flights.set(sha256, flight);
    return flight;
  }

  private async fetch(sha256: Sha256, fetch: () => Promise<Fetched>): Promise<Entry> {
    const { body, sizeBytes } = await fetch();
    const draft = this.draft();
    let reserved = 0;
    try {
      await this.reserve(sizeBytes);
      reserved = sizeBytes;
      const digest = await writeHashing(body, draft, sizeBytes);
      if (digest.sha256 !== sha256) throw new ArtifactLost(sha256);
      await this.leaving.get(sha256);
      await rename(draft, this.pathOf(sha256));
      return this.add(sha256, sizeBytes);
    } catch (error) {
      throw isDiskFull(error)
        ? notNow('There is no space left to read artifacts here.', { cause: error })
        : error;
    } finally {
      body.destroy();
      this.usedBytes -= reserved; // what came is counted by its entry
      await rm(draft, { force: true });
    }
  }

  /** Takes the place at once, so that two that come together do not both find it free. */
  private async reserve(sizeBytes: number): Promise<void> {
    const free = [...this.entries].filter(([, { leases }]) => leases === 0);
    const freeBytes = free.reduce((sum, [, entry]) => sum + entry.sizeBytes, 0);
    if (this.usedBytes - freeBytes + sizeBytes > this.maxBytes)
      throw notNow(
        `An artifact of ${sizeBytes} bytes finds no room among those in use here (${this.usedBytes - freeBytes} of ${this.maxBytes} bytes, ARTIFACT_CACHE_MB).`,
      );
    const removals: Promise<void>[] = [];
    for (const [sha256, entry] of free) {
      if (this.usedBytes + sizeBytes <= this.maxBytes) break;
      removals.push(this.discard(sha256, entry));
    }
    this.usedBytes += sizeBytes;
    await Promise.all(removals);
  }

  private leaseOf(sha256: Sha256, entry: Entry): LocalFile {
    let isHeld = true;
    const release = () => {
      if (!isHeld) return;
      isHeld = false;
      entry.leases--;
      void this.released(sha256, entry);
    };
    return { path: this.pathOf(sha256), release };
  }

  private async released(sha256: Sha256, entry: Entry): Promise<void> {
    if (this.entries.get(sha256) !== entry) return;
    if (entry.isForgotten && entry.leases === 0) return this.discard(sha256, entry);
    this.entries.delete(sha256);
    this.entries.set(sha256, entry);
    const now = new Date();
    await utimes(this.pathOf(sha256), now, now).catch(() => undefined); // only the order after a next start
  }

  private add(sha256: Sha256, sizeBytes: number): Entry {
    const before = this.entries.get(sha256);
    if (before) this.remove(sha256, before);
    const entry: Entry = { sizeBytes, leases: 0, isForgotten: false };
    this.entries.set(sha256, entry);
    this.usedBytes += sizeBytes;
    return entry;
  }

  private async discard(sha256: Sha256, entry: Entry): Promise<void> {
    this.remove(sha256, entry);
    const gone = rm(this.pathOf(sha256), { force: true }).catch(() => undefined); // the next start finds it again
    this.leaving.set(sha256, gone);
    await gone;
    if (this.leaving.get(sha256) === gone) this.leaving.delete(sha256);
  }

  private remove(sha256: Sha256, entry: Entry): void {
    this.entries.delete(sha256);
    this.usedBytes -= entry.sizeBytes;
  }

  private pathOf(sha256: Sha256): string {
    return join(this.folder, 'sha256', sha256);
  }
}

/** The first part of the folder that no process has. */
function takePart(folder: string): { readonly part: string; readonly lock: FolderLock } {
  for (let number = 1; ; number++) {
    const part = join(folder, String(number));
    try {
      return { part, lock: FolderLock.take(part) };
    } catch (error) {
      if (!(error instanceof FolderInUse) || number === MAX_PARTS) throw error;
    }
  }
}

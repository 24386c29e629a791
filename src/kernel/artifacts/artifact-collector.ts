import { LEAST_GRACE_HOURS, type ArtifactReferences } from './artifact-references';
import type { ArtifactStore } from './artifacts';
import { CollectionStore, type ArtifactKey } from './collection.store';
import type { Database } from '../database/database';
import type { Logger } from '../logger';
import { Periodic } from '../periodic';

const PASS_INTERVAL_MS = 60_000;
/** After all artifacts were looked at: what is removed has lain about for a day, an hour more is nothing. */
const SWEEP_INTERVAL_MS = 3_600_000;
/** Artifacts of one statement: each asks some indexes, together for some ten milliseconds. */
const PAGE_SIZE = 500;
/** Statements of one pass: a million artifacts are looked at within an hour, and others have their turn. */
const PAGES_PER_PASS = 40;
/** Bytes removed in one pass: each takes a few statements, and some milliseconds of a store that is far away. */
const REMOVALS_PER_PASS = 1_000;

export interface CollectorInput {
  readonly database: Database;
  readonly store: ArtifactStore;
  readonly references: readonly ArtifactReferences[];
  /** How long bytes stay that nothing refers to, since they were sent or found. */
  readonly graceHours: number;
  readonly logger: Logger;
}

/**
 * Removes what nothing refers to, in two steps. A project loses its row, under the row's lock and after another look at
 * what refers to it. Bytes that no project has a row of are removed from the store later, one by one, each under a lock
 * that uploads share while they insert their row (`artifact-rows.ts`): so either the row is there, and the bytes stay,
 * or the upload finds a removal, looks whether its bytes are there, and is refused where they are not. That a removal
 * was begun is committed before it begins: whatever is killed, an upload knows of it. Several servers may do so at
 * once.
 */
export class ArtifactCollector {
  private readonly store: CollectionStore;
  private readonly passes = new Periodic(() => this.pass(), PASS_INTERVAL_MS);
  private lookedUpTo: ArtifactKey | null = null;
  private nextSweepMs = 0;
  private isFailing = false;

  constructor(private readonly input: CollectorInput) {
    this.store = new CollectionStore(input.references, Math.max(LEAST_GRACE_HOURS, input.graceHours));
  }

  start(): void {
    this.passes.start();
  }

  /** Idempotent; waits for the removal in flight. */
  stop(): Promise<void> {
    return this.passes.stop();
  }

  /** Never throws: what could not be removed now is not needed at the next pass either. */
  async pass(): Promise<void> {
    try {
      const rows = await this.releaseRows();
      const bytes = await this.removeBytes();
      if (rows > 0 || bytes > 0) this.input.logger.info({ rows, bytes }, 'removed artifacts without a use');
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing)
        this.input.logger.warn(
          { err: error },
          'artifacts without a use cannot be removed; tried every minute',
        );
      this.isFailing = true;
    }
  }

  /** A part of the sweep through all artifacts. Gives how many rows went. */
  private async releaseRows(): Promise<number> {
    const { database } = this.input;
    let released = 0;
    for (let pages = 0; pages < PAGES_PER_PASS && !this.passes.hasStopped; pages += 1) {
      if (performance.now() < this.nextSweepMs) break;
      const page = await this.store.page(database, this.lookedUpTo, PAGE_SIZE);
      const free = page.filter(({ isFree }) => isFree);
      if (free.length > 0) released += await database.transaction((tx) => this.store.release(tx, free));
      this.lookedUpTo = page.at(-1) ?? null;
      if (page.length === PAGE_SIZE) continue;
      this.lookedUpTo = null;
      this.nextSweepMs = performance.now() + SWEEP_INTERVAL_MS;
    }
    return released;
  }

  private async removeBytes(): Promise<number> {
    const { database, store } = this.input;
    let removed = 0;
    for (const sha256 of await this.store.removals(database, REMOVALS_PER_PASS)) {
      if (this.passes.hasStopped) break;
      if (!(await this.store.attempt(database, sha256))) continue;
      const isGone = await database.transaction(async (tx) => {
        if (!(await this.store.holdRemoval(tx, sha256))) return false;
        await store.remove(sha256);
        await this.store.removed(tx, sha256);
        return true;
      });
      if (isGone) removed += 1;
    }
    await this.store.forgetRemovals(database);
    return removed;
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { BoundedMap } from '../../kernel/bounded-map';
import type { Database } from '../../kernel/database/database';
import type { Logger } from '../../kernel/logger';
import { Periodic } from '../../kernel/periodic';
import { CompactionStore, type SeriesName } from './compaction.store';
import { chunksToJoin, FULL_POINTS, joinChunks, LOOSE_CHUNKS } from './join-chunks';
import type { RunPoints } from './metric.store';
import { PACKED } from './stored-chunk';

/** Until what is noticed is looked at. */
const PASS_INTERVAL_MS = 250;
/**
 * After a join the compactor rests, for so many times as long as it took: where somebody waited for a connection
 * meanwhile, as they do for the one of the embedded database, most of the time is theirs.
 */
const REST_SHARE = { waitedFor: 2, alone: 0.1 } as const;
const LONGEST_REST_MS = 200;
/** Joins of one pass: then the others that wait are looked at. */
const JOINS_PER_PASS = 200;
/** Chunks of one join: their rows are read and deleted within a few milliseconds. */
const CHUNKS_PER_JOIN = 4_096;
/** Series whose new chunks are counted: some 5 MB. What is forgotten is found by a search. */
const MAX_NOTICED = 20_000;
/** How often all series are searched for what nobody has noticed: what a server that was killed has left. */
const SEARCH_INTERVAL_MS = 3_600_000;
/** Series of one statement of the search. */
const CANDIDATES = 500;
/** Joins after which the embedded database gives the room of the joined chunks to new ones: some 50 MB. */
const JOINS_PER_VACUUM = 256;

/** `busy`: another server joins. */
type Join = 'done' | 'nothing' | 'busy';

interface Noticed {
  readonly name: SeriesName;
  readonly chunks: number;
  readonly points: number;
}

/**
 * Joins the small chunks that calls leave to larger ones, in the background. Each join is a transaction: whoever reads
 * sees the small ones or the large one, and a server that is killed has done it or not. Several servers take turns.
 */
export class MetricCompactor {
  private readonly store = new CompactionStore();
  private readonly passes = new Periodic(() => this.pass(), PASS_INTERVAL_MS);
  private readonly noticed = new BoundedMap<string, Noticed>(MAX_NOTICED);
  private readonly due = new Map<string, SeriesName>();
  private searchedUpTo: SeriesName | null = null;
  private nextSearchMs = 0;
  private joinsSinceVacuum = 0;
  private wasWaitedFor = false;
  private isFailing = false;

  constructor(
    private readonly database: Database,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.passes.start();
  }

  /** Idempotent; waits for the join in flight. */
  stop(): Promise<void> {
    return this.passes.stop();
  }

  /** Counts what was written. */
  notice({ runId, series }: Pick<RunPoints, 'runId' | 'series'>): void {
    for (const { key, subject, values } of series) {
      const id = `${runId}\0${subject}\0${key}`;
      const before = this.noticed.get(id);
      const name = before?.name ?? { runId, key, subject };
      const chunks = (before?.chunks ?? 0) + 1;
      const points = (before?.points ?? 0) + values.length;
      const isDue = chunks >= LOOSE_CHUNKS || points >= FULL_POINTS;
      if (!isDue) this.noticed.set(id, { name, chunks, points });
      else if (this.due.size < MAX_NOTICED) this.due.set(id, name);
      if (isDue) this.noticed.delete(id);
    }
  }

  /** Never throws: what could not be joined now is joined later, and is read as well as it is. */
  async pass(): Promise<void> {
    try {
      await this.search();
      for (let joins = 0; joins < JOINS_PER_PASS && this.due.size > 0 && !this.passes.hasStopped; joins++) {
        if ((await this.joinNext()) === 'busy') break;
      }
      await this.vacuum();
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) this.logger.warn({ err: error }, 'metric points cannot be joined; tried again');
      this.isFailing = true;
    }
  }

  /**
   * One join of the series that has waited longest. It comes again at the end of the row, until nothing is left of it.
   */
  private async joinNext(): Promise<Join> {
    const [next] = this.due;
    if (!next) return 'nothing';
    const [id, name] = next;
    const startedAt = performance.now();
    const join = await this.join(name);
    this.due.delete(id);
    if (join !== 'nothing') this.due.set(id, name);
    const share = this.wasWaitedFor ? REST_SHARE.waitedFor : REST_SHARE.alone;
    const restMs = share * (performance.now() - startedAt);
    await sleep(Math.min(LONGEST_REST_MS, restMs));
    return join;
  }

  private join(name: SeriesName): Promise<Join> {
    return this.database.transaction(async (tx): Promise<Join> => {
      const fullSeq = await this.store.hold(tx, name);
      if (fullSeq === 'busy') return 'busy';
      if (fullSeq === 'gone') return 'nothing';
      const chosen = chunksToJoin(await this.store.loose(tx, name, fullSeq, CHUNKS_PER_JOIN));
      const [first, last] = [chosen[0], chosen.at(-1)];
      if (!first || !last) return 'nothing';
      const taken = await this.store.take(tx, name, first.seq, last.seq);
      if (taken.length !== chosen.length) throw new Error('Chunks were changed by somebody who may not.');
      await this.store.put(tx, name, joinChunks(taken, PACKED), taken.length);
      this.joinsSinceVacuum += 1;
      this.wasWaitedFor = this.database.connections().waiting > 0;
      return 'done';
    });
  }

  /** A part of the search in each pass, so that a million series are looked through without anybody waiting. */
  private async search(): Promise<void> {
    if (performance.now() < this.nextSearchMs || this.due.size > 0) return;
    const found = await this.store.candidates(this.database, this.searchedUpTo, CANDIDATES);
    for (const name of found) this.due.set(`${name.runId}\0${name.subject}\0${name.key}`, name);
    this.searchedUpTo = found.at(-1) ?? null;
    if (found.length < CANDIDATES) {
      this.searchedUpTo = null;
      this.nextSearchMs = performance.now() + SEARCH_INTERVAL_MS;
    }
  }

  private async vacuum(): Promise<void> {
    if (this.database.engine !== 'embedded' || this.joinsSinceVacuum < JOINS_PER_VACUUM) return;
    this.joinsSinceVacuum = 0;
    await this.store.vacuum(this.database);
  }
}

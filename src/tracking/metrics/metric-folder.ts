import type { Bus } from '../../kernel/bus';
import type { Database } from '../../kernel/database/database';
import type { ProjectId } from '../../kernel/ids';
import type { Logger } from '../../kernel/logger';
import { Periodic } from '../../kernel/periodic';
import type { Transaction } from '../../kernel/database/sql';
import { foldCalls } from './fold-calls';
import type { MetricCompactor } from './metric-compactor';
import { MetricTailStore, type TailSize } from './metric-tail.store';
import type { RunPoints } from './metric.store';
import type { RunId } from '../run';

/** Until what waits is looked at. */
const PASS_INTERVAL_MS = 250;
/** How long a call waits where nobody asks for it: a reader who comes later has nothing to fold. */
const LONGEST_WAIT_MS = 1_000;
/** Calls, or points, of a tail after which the next call folds it first: the longest that a reader has to wait for. */
const FULL_TAIL = { calls: 64, points: 65_536 } as const;
/** Series of a call from which on it costs less to fold it with others than to write it by itself. */
const MANY_SERIES = 16;
/** Points of each of them beyond which it does not: all bytes are written once more. */
const FEW_POINTS = 32;
/** Series that wait in all runs together: a search that needs all of them folded waits for some 0.3 s at most. */
const MAX_WAITING_SERIES = 8_000;
/** Runs that are folded in one transaction: a reader of many waits once for a connection, not once for each. */
const RUNS_PER_FOLD = 32;
/** How often all runs are searched for tails whose server is gone. */
const SEARCH_INTERVAL_MS = 60_000;
/** Calls that were folded after which the embedded database gives their room to new ones: some 20 MB. */
const CALLS_PER_VACUUM = 1_024;

type RunName = Pick<RunPoints, 'projectId' | 'runId'>;

/** What this process has put into a run's tail. */
interface Waiting {
  readonly name: RunName;
  readonly sinceMs: number;
  readonly series: number;
  readonly tail: TailSize;
}

/** A fold of a run: one that goes on, and the one after it, which whoever asks meanwhile shares. */
interface Folds {
  running: Promise<void>;
  next: Promise<void> | null;
}

/**
 * Folds what calls with many series have left in their runs' tails into chunks and summaries. Each fold is a
 * transaction that holds the run: whoever reads finds a point in the tail or in a chunk, and a server that is killed
 * has folded it or not. Who reads what is only in chunks and summaries asks for it first.
 */
export class MetricFolder {
  readonly store: MetricTailStore;
  private readonly passes = new Periodic(() => this.pass(), PASS_INTERVAL_MS);
  private readonly waiting = new Map<RunId, Waiting>();
  private readonly folds = new Map<RunId, Folds>();
  private waitingSeries = 0;
  private callsSinceVacuum = 0;
  private nextSearchMs = 0;
  /** Tails that the last search has found. */
  private found = new Map<RunId, string>();
  private isFailing = false;

  constructor(
    private readonly needs: {
      readonly database: Database;
      readonly bus: Pick<Bus, 'wakeSql'>;
      readonly compactor: Pick<MetricCompactor, 'notice'>;
      readonly logger: Logger;
    },
  ) {
    this.store = new MetricTailStore(needs.bus);
  }

  start(): void {
    this.passes.start();
  }

  /** Idempotent; waits for the fold in flight. */
  stop(): Promise<void> {
    return this.passes.stop();
  }

  /** Whether a call is to wait in its run's tail: where others wait there, and where it pays. */
  takes({ runId, series }: RunPoints): boolean {
    if (this.waiting.has(runId)) return true;
    if (series.length < MANY_SERIES || this.waitingSeries + series.length > MAX_WAITING_SERIES) return false;
    return series.reduce((sum, { values }) => sum + values.length, 0) <= FEW_POINTS * series.length;
  }

  /** Whether so much waits that it must be folded before another call comes to it. */
  isFull({ runId }: RunName): boolean {
    const { calls = 0, points = 0 } = this.waiting.get(runId)?.tail ?? {};
    return calls >= FULL_TAIL.calls || points >= FULL_TAIL.points;
  }

  /** Counts what was put into a run's tail. */
  notice({ projectId, runId, series }: RunPoints, tail: TailSize): void {
    const before = this.waiting.get(runId);
    const most = Math.max(before?.series ?? 0, series.length);
    this.waitingSeries += most - (before?.series ?? 0);
    this.waiting.set(runId, {
      name: { projectId, runId },
      sinceMs: before?.sinceMs ?? performance.now(),
      series: most,
      tail,
    });
  }

  /** Until all that these runs' callers have been told to be kept stands in chunks and summaries. */
  async foldRuns(projectId: ProjectId, runIds: readonly RunId[]): Promise<void> {
    await this.foldAll(projectId, await this.store.tailed(this.needs.database, projectId, { runIds }));
  }

  /** The same for all runs of a project, or of some of its experiments. */
  async foldProject(projectId: ProjectId, experimentIds: readonly string[] | null): Promise<void> {
    await this.foldAll(projectId, await this.store.tailed(this.needs.database, projectId, { experimentIds }));
  }

  /**
   * Folds what waits at the moment of this call. A fold that goes on already may have looked before: then another one
   * follows it, which all share that ask meanwhile.
   */
  fold(name: RunName): Promise<void> {
    const folds = this.folds.get(name.runId);
    if (!folds) {
      const running = this.foldNow(name).finally(() => this.goOn(name));
      this.folds.set(name.runId, { running, next: null });
      return running;
    }
    folds.next ??= folds.running.catch(() => undefined).then(() => this.fold(name));
    return folds.next;
  }

  /** The same inside a transaction of the caller's, which holds the run until its end. False where nothing waits. */
  async foldWithin(tx: Transaction, { projectId, runId }: RunName): Promise<boolean> {
    const waiting = this.waiting.get(runId);
    if (!(await this.store.hold(tx, projectId, runId))) return false;
    await this.foldHeld(tx, projectId, [runId], new Map(waiting && [[runId, waiting]]));
    return true;
  }

  /** Never throws: what could not be folded now is folded by its readers, or later. */
  async pass(): Promise<void> {
    const now = performance.now();
    const due = [...this.waiting.values()].filter(({ sinceMs }) => now - sinceMs >= LONGEST_WAIT_MS);
    const errors: unknown[] = [];
    const attempt = async (work: () => Promise<void>) => {
      if (!this.passes.hasStopped) await work().catch((error: unknown) => errors.push(error));
    };
    for (const { name } of due) await attempt(() => this.fold(name));
    await attempt(() => this.search(now));
    await attempt(() => this.vacuum());
    const isFailing = errors.length > 0;
    if (isFailing && !this.isFailing)
      this.needs.logger.warn({ err: errors[0] }, 'metric points cannot be folded; tried again');
    this.isFailing = isFailing;
  }

  private goOn({ runId }: RunName): void {
    this.folds.delete(runId);
  }

  private async foldNow(name: RunName): Promise<void> {
    const before = this.waiting.get(name.runId);
    const hadTail = await this.needs.database.transaction((tx) => this.foldWithin(tx, name));
    if (!hadTail) this.forget(name, before);
  }

  /** What was noticed since then waits still. */
  private forget({ runId }: Pick<RunName, 'runId'>, before: Waiting | undefined): void {
    if (!before || this.waiting.get(runId) !== before) return;
    this.waiting.delete(runId);
    this.waitingSeries -= before.series;
  }

  /** Those that somebody holds are folded one by one, when their turn has come. */
  private async foldAll(projectId: ProjectId, runIds: readonly RunId[]): Promise<void> {
    for (let start = 0; start < runIds.length; start += RUNS_PER_FOLD) {
      const some = runIds.slice(start, start + RUNS_PER_FOLD);
      const folded = new Set(some.length > 1 ? await this.foldFree(projectId, some) : []);
      for (const runId of some) if (!folded.has(runId)) await this.fold({ projectId, runId });
    }
  }

  private foldFree(projectId: ProjectId, runIds: readonly RunId[]): Promise<readonly RunId[]> {
    const before = new Map(this.waiting);
    return this.needs.database.transaction(async (tx) => {
      const held = await this.store.holdFree(tx, projectId, runIds);
      if (held.length > 0) await this.foldHeld(tx, projectId, held, before);
      return held;
    });
  }

  /** @param before what waited before the runs were held */
  private async foldHeld(
    tx: Transaction,
    projectId: ProjectId,
    runIds: readonly RunId[],
    before: ReadonlyMap<RunId, Waiting>,
  ): Promise<void> {
    const taken = await this.store.take(tx, runIds);
    const runs = taken.map(({ runId, calls }) => ({ runId, series: foldCalls(calls) }));
    await this.store.put(tx, projectId, runs);
    tx.afterCommit(() => {
      for (const run of runs) {
        this.needs.compactor.notice(run);
        this.forget(run, before.get(run.runId));
      }
      this.callsSinceVacuum += taken.reduce((sum, { calls }) => sum + calls.length, 0);
    });
  }

  /** A tail that begins where it began a minute ago is nobody's: servers fold theirs much earlier. */
  private async search(now: number): Promise<void> {
    if (now < this.nextSearchMs) return;
    this.nextSearchMs = now + SEARCH_INTERVAL_MS;
    const { database } = this.needs;
    const tails = await this.store.allTailed(database);
    const before = this.found;
    this.found = new Map(tails.map(({ id, tailAfter }) => [id, tailAfter]));
    for (const { id: runId, projectId, tailAfter } of tails) {
      const isLeft = database.engine === 'embedded' || before.get(runId) === tailAfter;
      if (isLeft && !this.passes.hasStopped) await this.fold({ projectId, runId });
    }
  }

  private async vacuum(): Promise<void> {
    if (this.needs.database.engine !== 'embedded' || this.callsSinceVacuum < CALLS_PER_VACUUM) return;
    this.callsSinceVacuum = 0;
    await this.store.vacuum(this.needs.database);
  }
}

import type { Run, RunId } from '../run';

/** What may change of a run as a member of its experiment; each has a column of its own. */
const COLUMNS = ['started', 'status', 'name', 'lifecycle', 'purged'] as const;
export type RunChangeColumn = (typeof COLUMNS)[number];

export const RUN_CHANGE_KINDS = [
  'STARTED',
  'SCHEDULED',
  'FINISHED',
  'FAILED',
  'KILLED',
  'RESUMED',
  'RENAMED',
  'DELETED',
  'RESTORED',
  'PURGED',
] as const;
export type RunChangeKind = (typeof RUN_CHANGE_KINDS)[number];

/** A run that has changed, and how. */
export interface RunChange {
  readonly runId: RunId;
  /** All that has happened since, each once. */
  readonly kinds: readonly RunChangeKind[];
  /** As it is now; null where it has gone for good. */
  readonly run: Run | null;
}

/**
 * A place among the changes of an experiment. Runs of one addition may be told in several parts: a place inside of it
 * knows the place from which the addition goes on, too, since what has happened is told from there.
 */
export interface ChangePlace {
  readonly seq: bigint;
  readonly runId: RunId;
  /** The number up to which everything has been told; `seq` where the place is not inside of an addition. */
  readonly base: bigint;
}

/** After all changes of a number. */
const LAST_OF_SEQ = 'ffffffff-ffff-ffff-ffff-ffffffffffff' as RunId;
export const endOf = (seq: bigint): ChangePlace => ({ seq, runId: LAST_OF_SEQ, base: seq });

/** The last number of each kind of change of a run. */
export interface ChangedRun {
  readonly runId: RunId;
  readonly seqs: Readonly<Record<RunChangeColumn, bigint | null>>;
}

/** A run to be told, where, and of what. */
export interface ToldRun {
  readonly runId: RunId;
  readonly place: ChangePlace;
  readonly columns: readonly RunChangeColumn[];
}

type Point = Pick<ChangePlace, 'seq' | 'runId'>;
export const isAfter = (one: Point, other: Point): boolean =>
  one.seq > other.seq || (one.seq === other.seq && one.runId > other.runId);

/**
 * What is to be told between two places, in the order of the last changes. A run that has changed again since is told
 * of what was before: the rest is for later.
 *
 * @param changed all runs that have changed after the base of `after`
 */
export function toldBetween(
  changed: readonly ChangedRun[],
  after: ChangePlace,
  until: ChangePlace,
): readonly ToldRun[] {
  const told = changed.flatMap(({ runId, seqs }): ToldRun[] => {
    const columns = COLUMNS.filter((column) => {
      const seq = seqs[column];
      return seq !== null && seq > after.base && !isAfter({ seq, runId }, until);
    });
    const seq = columns.reduce((last, column) => maxOf(last, seqs[column] ?? 0n), 0n);
    const place = { seq, runId, base: after.base };
    return columns.length > 0 && isAfter(place, after) ? [{ runId, place, columns }] : [];
  });
  return told.sort((one, other) => (isAfter(one.place, other.place) ? 1 : -1));
}

/** What has happened with the run, by what it is now. */
export function kindsOf(columns: readonly RunChangeColumn[], run: Run | null): readonly RunChangeKind[] {
  return columns.flatMap((column): RunChangeKind[] => {
    if (column === 'started') return ['STARTED'];
    if (column === 'purged') return ['PURGED'];
    if (!run) return []; // it has gone since, which is told next
    if (column === 'status') return [run.status === 'RUNNING' ? 'RESUMED' : run.status];
    if (column === 'name') return ['RENAMED'];
    return [run.deletedAt ? 'DELETED' : 'RESTORED'];
  });
}

const maxOf = (one: bigint, other: bigint) => (one > other ? one : other);

import { wakeUps, type Bus } from '../../kernel/bus';
import { decodeCursor, encodeCursor } from '../../kernel/cursor';
import { isUuid } from '../../kernel/cursor-keys';
import { Failure } from '../../kernel/errors';
import { feedOf, type Feed } from '../../kernel/feed';
import type { ProjectId } from '../../kernel/ids';
import { newsByLooks } from '../../kernel/looks';
import type { Experiment, ExperimentId, Run, RunId } from '../run';
import { endOf, isAfter, kindsOf, toldBetween, type ChangePlace, type RunChange } from './run-change';
import type { ExperimentPosition, RunChangeQueries } from './run-change.store';
import type { RunSearchQueries } from '../search/run-search.queries';
import { experimentTopic } from '../tracking.events';
import type { TrackingQueries } from '../tracking.queries';

/** What a subscriber of an experiment's runs is told. The kinds are the names of their GraphQL types. */
export type ExperimentRunsEvent =
  | {
      readonly kind: 'ExperimentRunsSnapshot';
      readonly cursor: string;
      readonly experiment: Experiment;
      readonly runs: readonly Run[];
      readonly hasMore: boolean;
    }
  | {
      readonly kind: 'ExperimentRunsChanged';
      readonly cursor: string;
      readonly changes: readonly RunChange[];
    }
  | { readonly kind: 'ExperimentPurged'; readonly cursor: string };

export interface FollowedExperiment {
  readonly projectId: ProjectId;
  readonly experimentId: ExperimentId;
}

interface Reads {
  readonly runs: TrackingQueries;
  readonly changes: RunChangeQueries;
  readonly searches: RunSearchQueries;
  readonly bus: Bus;
}

/** Runs of a snapshot: what a list shows at first. The others are pages of `runs`. */
const SNAPSHOT_RUNS = 100;
/** Runs of one addition: each may be asked for its metrics and params. */
const RUNS_PER_EVENT = 100;
/** Changed runs that somebody may have missed; after more, a snapshot is less to read for both sides. */
const MAX_MISSED_RUNS = 2_000;

/**
 * A snapshot, then the runs that have changed. What is told is the run as it is now, with all that has happened since
 * the place of the subscriber: so several changes of one run are told as one, whoever is slow gets the latest, and
 * nothing is kept for anybody.
 */
export async function followExperiment(
  reads: Reads,
  followed: FollowedExperiment,
): Promise<Feed<ExperimentRunsEvent>> {
  const begun = await positionOf(reads, followed);
  if (!begun) throw noSuchExperiment();
  const origin = toCursor(followed, endOf(begun.lastSeq));
  return feedOf({
    origin,
    isKept: true,
    news: (signal) => {
      const wakes = wakeUps(reads.bus, experimentTopic(followed.experimentId), signal);
      return newsByLooks({ wakes, origin, look: (seen) => look(reads, followed, seen) });
    },
    since: (after, upTo) => sinceCursor(reads, followed, after, upTo),
  });
}

async function* look(
  reads: Reads,
  followed: FollowedExperiment,
  seen: string,
): AsyncGenerator<ExperimentRunsEvent, string | null, void> {
  const position = await positionOf(reads, followed);
  if (!position) {
    yield { kind: 'ExperimentPurged', cursor: seen };
    return null;
  }
  const until = endOf(position.lastSeq);
  yield* between(reads, followed, position, placeOf(seen, followed), until);
  return toCursor(followed, until);
}

async function* sinceCursor(
  reads: Reads,
  followed: FollowedExperiment,
  after: string | null,
  upTo: string,
): AsyncGenerator<ExperimentRunsEvent, string, void> {
  const [seen, until] = [after === null ? null : placeOf(after, followed), placeOf(upTo, followed)];
  const position = await positionOf(reads, followed);
  if (!position) {
    yield { kind: 'ExperimentPurged', cursor: upTo };
    return upTo;
  }
  if (seen === null) {
    yield await snapshot(reads, followed, position.experiment, until);
    return upTo;
  }
  if (seen.seq > position.lastSeq) throw badCursor();
  yield* between(reads, followed, position, seen, until);
  return isAfter(seen, until) ? toCursor(followed, seen) : upTo;
}

async function* between(
  reads: Reads,
  followed: FollowedExperiment,
  { experiment }: ExperimentPosition,
  seen: ChangePlace,
  until: ChangePlace,
): AsyncGenerator<ExperimentRunsEvent> {
  if (!isAfter(until, seen)) return;
  const changed = await reads.changes.after(followed.experimentId, seen.base, MAX_MISSED_RUNS + 1);
  if (changed.length > MAX_MISSED_RUNS) {
    yield await snapshot(reads, followed, experiment, until);
    return;
  }
  const told = toldBetween(changed, seen, until);
  for (let at = 0; at < told.length; at += RUNS_PER_EVENT) {
    const part = told.slice(at, at + RUNS_PER_EVENT);
    const runs = await reads.runs.runsByIds(
      followed.projectId,
      part.map(({ runId }) => runId),
    );
    const changes = part.map(({ runId, columns }, index): RunChange => {
      const run = runs[index] ?? null;
      return { runId, run, kinds: kindsOf(columns, run) };
    });
    const last = at + RUNS_PER_EVENT < told.length ? part.at(-1) : undefined;
    yield {
      kind: 'ExperimentRunsChanged',
      cursor: toCursor(followed, last?.place ?? until),
      changes,
    };
  }
}

/** The newest runs as they are now. What has changed after the place of its cursor is told once more. */
async function snapshot(
  { searches }: Reads,
  followed: FollowedExperiment,
  experiment: Experiment,
  at: ChangePlace,
): Promise<ExperimentRunsEvent> {
  const { nodes, hasNextPage } = await searches.page(
    followed.projectId,
    { ids: [followed.experimentId] },
    { filter: null, orderBy: [], view: 'ACTIVE' },
    { first: SNAPSHOT_RUNS, after: null },
  );
  const cursor = toCursor(followed, at);
  return { kind: 'ExperimentRunsSnapshot', cursor, experiment, runs: nodes, hasMore: hasNextPage };
}

const positionOf = ({ changes }: Reads, { projectId, experimentId }: FollowedExperiment) =>
  changes.position(projectId, experimentId);

const toCursor = ({ experimentId }: FollowedExperiment, { base, seq, runId }: ChangePlace) =>
  encodeCursor([experimentId, String(base), String(seq), runId]);

function placeOf(cursor: string, { experimentId }: FollowedExperiment): ChangePlace {
  const [ofExperiment, base, seq, runId] = decodeCursor(cursor, 4) ?? [];
  if (ofExperiment !== experimentId || !isSeq(base) || !isSeq(seq) || !isUuid(runId)) throw badCursor();
  return { base: BigInt(base), seq: BigInt(seq), runId: runId as RunId };
}

const isSeq = (key: unknown): key is string => typeof key === 'string' && /^\d{1,18}$/.test(key);

const badCursor = () =>
  new Failure('BAD_USER_INPUT', 'after: expected the cursor of an event of this experiment.');
export const noSuchExperiment = () =>
  new Failure('BAD_USER_INPUT', 'There is no experiment with this id, or it is hidden from this key.');

import { wakeUps, type Bus } from '../kernel/bus';
import { decodeCursor, encodeCursor } from '../kernel/cursor';
import { Failure } from '../kernel/errors';
import { feedOf, type Feed } from '../kernel/feed';
import type { ProjectId } from '../kernel/ids';
import { MAX_HISTORY_POINTS, pointsOf, readHistory, toSeries, type MetricSeries } from './metric-history';
import type { MetricQueries } from './metric.queries';
import type { Run, RunId } from './run';
import { runTopic } from './tracking.events';
import type { RunPosition, TrackingQueries } from './tracking.queries';

/** What a subscriber of a run's metrics is told. The kinds are the names of their GraphQL types. */
export type RunMetricsEvent =
  | {
      readonly kind: 'RunMetricsSnapshot';
      readonly cursor: string;
      readonly run: Run;
      readonly series: readonly MetricSeries[];
    }
  | { readonly kind: 'RunMetricsAppended'; readonly cursor: string; readonly series: readonly MetricSeries[] }
  | { readonly kind: 'RunFinished'; readonly cursor: string; readonly run: Run };

export interface FollowedRun {
  readonly projectId: ProjectId;
  readonly runId: RunId;
  /** Null: all series. */
  readonly keys: readonly string[] | null;
}

interface Reads {
  readonly runs: TrackingQueries;
  readonly metrics: MetricQueries;
  readonly bus: Bus;
}

/** Points of one delta after which the next calls wait for the next one: a subscriber far behind catches up in steps. */
const MAX_DELTA_POINTS = 20_000;
/** Points of one snapshot, all its series together: 5 MB here, some 10 MB on the wire. */
const MAX_SNAPSHOT_POINTS = 200_000;

/**
 * A snapshot, then what is new, then the end. Everything is read from the database after a cursor, so a subscriber
 * that is slow finds several calls merged into one delta, and none is lost or told twice: numbers of calls are in the
 * order of their commits.
 */
export async function followRun(reads: Reads, followed: FollowedRun): Promise<Feed<RunMetricsEvent>> {
  const begun = await positionOf(reads, followed);
  return feedOf({
    origin: toCursor(followed.runId, lastLogged(begun)),
    news: (signal) => newsOf(reads, followed, lastLogged(begun), signal),
    since: (after, upTo) => sinceCursor(reads, followed, after, upTo),
  });
}

async function* newsOf(
  reads: Reads,
  followed: FollowedRun,
  origin: bigint,
  signal: AbortSignal,
): AsyncGenerator<RunMetricsEvent> {
  let seen = origin;
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- a wake-up carries nothing
  for await (const _ of wakeUps(reads.bus, runTopic(followed.runId), signal)) {
    const position = await positionOf(reads, followed);
    for await (const event of between(reads, followed, position, seen, position.lastSeq)) {
      yield event;
      if (signal.aborted) return;
    }
    seen = position.lastSeq;
    if (position.run.status !== 'RUNNING') return;
  }
}

async function* sinceCursor(
  reads: Reads,
  followed: FollowedRun,
  after: string | null,
  upTo: string,
): AsyncGenerator<RunMetricsEvent, string, void> {
  const [seen, until] = [after === null ? null : seqOf(after, followed), seqOf(upTo, followed)];
  const position = await positionOf(reads, followed);
  if (seen === null) {
    const logged = until < lastLogged(position) ? until : lastLogged(position);
    yield await snapshot(reads, followed, position.run, logged);
    yield* between(reads, followed, position, logged, until);
    return upTo;
  }
  if (seen > position.lastSeq) throw badCursor();
  yield* between(reads, followed, position, seen, until);
  return seen > until ? toCursor(followed.runId, seen) : upTo;
}

/** What was logged in the calls after `seen`, up to and with `until`; the end too, where that is among them. */
async function* between(
  reads: Reads,
  followed: FollowedRun,
  position: RunPosition,
  seen: bigint,
  until: bigint,
): AsyncGenerator<RunMetricsEvent> {
  const { runId } = followed;
  const logged = lastLogged(position);
  const upTo = until < logged ? until : logged;
  for (let at = seen; at < upTo;) {
    const delta = await readDelta(reads, followed, at, upTo);
    at = delta.seen;
    if (delta.series.length > 0)
      yield { kind: 'RunMetricsAppended', cursor: toCursor(runId, at), series: delta.series };
  }
  // Whoever resumes after the end has been told of it.
  if (seen < until && until > logged)
    yield { kind: 'RunFinished', cursor: toCursor(runId, until), run: position.run };
}

async function positionOf({ runs }: Reads, { projectId, runId }: FollowedRun): Promise<RunPosition> {
  const position = await runs.position(projectId, runId);
  if (!position) throw noSuchRun();
  return position;
}

/** The end of a run has a number of its own. */
const lastLogged = ({ run, lastSeq }: RunPosition): bigint =>
  run.status === 'RUNNING' ? lastSeq : lastSeq - 1n;

/** All series as they were after the call `upTo`. Many series share what one snapshot may hold. */
async function snapshot(
  { metrics }: Reads,
  { projectId, runId, keys }: FollowedRun,
  run: Run,
  upTo: bigint,
): Promise<RunMetricsEvent> {
  const extents = await metrics.extents(projectId, [runId], keys);
  const share = Math.floor(MAX_SNAPSHOT_POINTS / extents.length);
  const series = await readHistory(
    metrics,
    extents.map((extent) => ({ ...extent, upTo })),
    Math.min(share, MAX_HISTORY_POINTS),
  );
  return { kind: 'RunMetricsSnapshot', cursor: toCursor(runId, upTo), run, series };
}

async function readDelta(
  { metrics }: Reads,
  { runId, keys }: FollowedRun,
  after: bigint,
  upTo: bigint,
): Promise<{ readonly seen: bigint; readonly series: readonly MetricSeries[] }> {
  const chunks = await metrics.chunksBetween(runId, keys, { after, upTo, maxPoints: MAX_DELTA_POINTS });
  const points = chunks.reduce((sum, chunk) => sum + pointsOf(chunk), 0);
  const isCut = points >= MAX_DELTA_POINTS;
  return {
    seen: isCut ? (chunks.at(-1)?.seq ?? upTo) : upTo,
    series: toSeries(chunks),
  };
}

const toCursor = (runId: RunId, seq: bigint) => encodeCursor([runId, String(seq)]);

function seqOf(cursor: string, { runId }: FollowedRun): bigint {
  const [ofRun, seq] = decodeCursor(cursor, 2) ?? [];
  if (ofRun !== runId || typeof seq !== 'string' || !/^\d{1,18}$/.test(seq)) throw badCursor();
  return BigInt(seq);
}

const badCursor = () => new Failure('BAD_USER_INPUT', 'after: expected the cursor of an event of this run.');
export const noSuchRun = () =>
  new Failure('BAD_USER_INPUT', 'There is no run with this id, or it is hidden from this key.');

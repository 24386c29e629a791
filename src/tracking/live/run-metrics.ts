import { wakeUps, type Bus } from '../../kernel/bus';
import { decodeCursor, encodeCursor } from '../../kernel/cursor';
import { Failure } from '../../kernel/errors';
import { feedOf, type Feed } from '../../kernel/feed';
import type { ProjectId } from '../../kernel/ids';
import { newsByLooks } from '../../kernel/looks';
import {
  MAX_HISTORY_POINTS,
  readHistory,
  seriesOf,
  seriesOfCalls,
  type MetricSeries,
} from '../metrics/metric-history';
import { WHOLE_RUN } from '../metrics/metric-subject';
import type { MetricChart } from '../metrics/metric-chart';
import type { MetricTailQueries } from '../metrics/metric-tail.queries';
import type { MetricQueries } from '../metrics/metric.queries';
import { ALL_STEPS } from '../metrics/step-range';
import type { Run, RunId } from '../run';
import { hasEnded } from '../run-status';
import { runTopic } from '../tracking.events';
import type { RunPosition, TrackingQueries } from '../tracking.queries';

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
  readonly tails: MetricTailQueries;
  readonly chart: MetricChart;
  readonly bus: Bus;
}

/**
 * Points of one delta after which the next calls wait for the next one: a subscriber far behind catches up in steps.
 */
const MAX_DELTA_POINTS = 20_000;
/**
 * Points of the chunks that one delta may be read from. Long after a call its points stand in chunks with those of
 * other calls; where those of many series would have to be read, a snapshot is less work, for the subscriber too.
 */
const MAX_DELTA_READ_POINTS = 250_000;
/** Points of one snapshot, all its series together: 5 MB here, some 10 MB on the wire. */
const MAX_SNAPSHOT_POINTS = 200_000;

/**
 * A snapshot, then what is new, then the end. Everything is read from the database after a cursor, so a subscriber
 * that is slow finds several calls merged into one delta, and none is lost or told twice: numbers of calls are in the
 * order of their commits.
 */
export async function followRun(reads: Reads, followed: FollowedRun): Promise<Feed<RunMetricsEvent>> {
  const begun = await positionOf(reads, followed);
  const origin = toCursor(followed.runId, lastLogged(begun));
  return feedOf({
    origin,
    isKept: true,
    news: (signal) => {
      const wakes = wakeUps(reads.bus, runTopic(followed.runId), signal);
      return newsByLooks({ wakes, origin, look: (seen) => look(reads, followed, seen) });
    },
    since: (after, upTo) => sinceCursor(reads, followed, after, upTo),
  });
}

async function* look(
  reads: Reads,
  followed: FollowedRun,
  seen: string,
): AsyncGenerator<RunMetricsEvent, string | null, void> {
  const position = await positionOf(reads, followed);
  yield* between(reads, followed, position, seqOf(seen, followed), position.lastSeq);
  return hasEnded(position.run.status) ? null : toCursor(followed.runId, position.lastSeq);
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

/**
 * What was logged in the calls after `seen`, up to and with `until`; the end too, where that is among them. Whoever is
 * so far behind that this is too much to read begins again, with a snapshot.
 */
async function* between(
  reads: Reads,
  followed: FollowedRun,
  position: RunPosition,
  seen: bigint,
  until: bigint,
): AsyncGenerator<RunMetricsEvent> {
  const { run, endedSeq } = position;
  if (endedSeq === null || endedSeq <= seen || endedSeq > until) {
    yield* deltas(reads, followed, position, seen, until);
    return;
  }
  yield* deltas(reads, followed, position, seen, endedSeq - 1n);
  // Whoever resumes after the end has been told of it.
  yield { kind: 'RunFinished', cursor: toCursor(followed.runId, endedSeq), run };
  yield* deltas(reads, followed, position, endedSeq, until);
}

async function* deltas(
  reads: Reads,
  followed: FollowedRun,
  { run, tailAfter }: RunPosition,
  seen: bigint,
  upTo: bigint,
): AsyncGenerator<RunMetricsEvent> {
  for (let at = seen; at < upTo;) {
    // First what stood in chunks, then what stood in the tail.
    const inChunks = tailAfter !== null && at < tailAfter && tailAfter < upTo ? tailAfter : upTo;
    const isInTail = tailAfter !== null && at >= tailAfter;
    const delta =
      (isInTail ? await readTail(reads, followed, at, upTo) : null) ??
      (await readDelta(reads, followed, at, inChunks));
    if (delta === null) {
      yield await snapshot(reads, followed, run, upTo);
      break;
    }
    at = delta.seen;
    if (delta.series.length > 0)
      yield { kind: 'RunMetricsAppended', cursor: toCursor(followed.runId, at), series: delta.series };
  }
}

async function positionOf({ runs }: Reads, { projectId, runId }: FollowedRun): Promise<RunPosition> {
  const position = await runs.position(projectId, runId);
  if (!position) throw noSuchRun();
  return position;
}

/** The last call before the end, which has a number of its own: what comes late is told after it. */
const lastLogged = ({ lastSeq, endedSeq }: RunPosition): bigint =>
  endedSeq === null ? lastSeq : endedSeq - 1n;

/** All series as they were after the call `upTo`. Many series share what one snapshot may hold. */
async function snapshot(
  reads: Reads,
  { projectId, runId, keys }: FollowedRun,
  run: Run,
  upTo: bigint,
): Promise<RunMetricsEvent> {
  const extents = await reads.metrics.extents(projectId, [runId], { keys, subject: WHOLE_RUN });
  const share = Math.floor(MAX_SNAPSHOT_POINTS / extents.length);
  const series = await readHistory(
    reads,
    extents.map((extent) => ({ ...extent, upTo })),
    { range: ALL_STEPS, maxPoints: Math.max(1, Math.min(share, MAX_HISTORY_POINTS)) },
  );
  return { kind: 'RunMetricsSnapshot', cursor: toCursor(runId, upTo), run, series };
}

interface Delta {
  readonly seen: bigint;
  readonly series: readonly MetricSeries[];
}

/** Null where it was folded meanwhile. */
async function readTail(
  { tails }: Reads,
  { runId, keys }: FollowedRun,
  after: bigint,
  upTo: bigint,
): Promise<Delta | null> {
  const part = await tails.between(runId, { after, upTo }, MAX_DELTA_POINTS);
  return part && { seen: part.upTo, series: seriesOfCalls(part.calls, { keys, subject: WHOLE_RUN }) };
}

/** Null where it is too much to read. */
async function readDelta(
  { metrics }: Reads,
  { runId, keys }: FollowedRun,
  after: bigint,
  upTo: bigint,
): Promise<Delta | null> {
  const wanted = { keys, subject: WHOLE_RUN };
  const limits = { maxPoints: MAX_DELTA_POINTS, maxRead: MAX_DELTA_READ_POINTS };
  const delta = await metrics.chunksBetween(runId, wanted, { after, upTo }, limits);
  return delta && { seen: delta.upTo, series: seriesOf(delta.chunks, { after, upTo: delta.upTo }) };
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

import { wakeUps, type Bus } from '../kernel/bus';
import { decodeCursor, encodeCursor } from '../kernel/cursor';
import { Failure } from '../kernel/errors';
import type { ProjectId } from '../kernel/ids';
import { MAX_HISTORY_POINTS, pointsOf, readHistory, toSeries, type MetricSeries } from './metric-history';
import type { MetricQueries } from './metric.queries';
import type { Run, RunId } from './run';
import { runTopic } from './tracking.events';
import type { TrackingQueries } from './tracking.queries';

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
  /** The cursor of the last event that the subscriber has seen; null: it has seen nothing. */
  readonly after: string | null;
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
 * A snapshot, then what is new, then the end. Everything is read from the database after the subscriber's cursor, so
 * a subscriber that is slow finds several calls merged into one delta, and none is lost or told twice: numbers of
 * calls are in the order of their commits.
 */
export async function* followRun(
  reads: Reads,
  followed: FollowedRun,
  signal: AbortSignal,
): AsyncGenerator<RunMetricsEvent> {
  let seen = cursorOf(followed);
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- a wake-up carries nothing
  for await (const _ of wakeUps(reads.bus, runTopic(followed.runId), signal)) {
    const position = await reads.runs.position(followed.projectId, followed.runId);
    if (!position) throw noSuchRun();
    const { run, lastSeq } = position;
    const isOver = run.status !== 'RUNNING';
    const lastLogged = isOver ? lastSeq - 1n : lastSeq; // the end has a number of its own
    if (seen === null) {
      yield await snapshot(reads, followed, run, lastLogged);
      seen = lastLogged;
    }
    if (seen > lastSeq) throw badCursor();
    while (seen < lastLogged) {
      const delta = await readDelta(reads, followed, seen, lastLogged);
      seen = delta.seen;
      if (delta.series.length > 0) {
        yield { kind: 'RunMetricsAppended', cursor: toCursor(followed.runId, seen), series: delta.series };
      }
      if (signal.aborted) return;
    }
    if (!isOver) continue;
    // Whoever resumes after the end has been told of it.
    if (seen < lastSeq) yield { kind: 'RunFinished', cursor: toCursor(followed.runId, lastSeq), run };
    return;
  }
}

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

function cursorOf({ runId, after }: FollowedRun): bigint | null {
  if (after === null) return null;
  const [ofRun, seq] = decodeCursor(after, 2) ?? [];
  if (ofRun !== runId || typeof seq !== 'string' || !/^\d{1,18}$/.test(seq)) throw badCursor();
  return BigInt(seq);
}

const badCursor = () => new Failure('BAD_USER_INPUT', 'after: expected the cursor of an event of this run.');
export const noSuchRun = () =>
  new Failure('BAD_USER_INPUT', 'There is no run with this id, or it is hidden from this key.');

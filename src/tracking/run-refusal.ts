import type { Actor } from '../kernel/actor';
import { notFound, refuse, type NotFound, type Refusal } from '../kernel/errors';
import { idOf } from '../kernel/ids';
import type { SqlRunner } from '../kernel/database/sql';
import { runDeleted, runNotActive, type RunNotActive } from './tracking.errors';
import { TrackingQueries } from './tracking.queries';

/** Why a run takes nothing: there is none, it is deleted, or it has ended. */
export async function notRunning(
  sql: SqlRunner,
  { projectId }: Actor,
  nodeId: string,
): Promise<Refusal<NotFound | RunNotActive>> {
  const runId = idOf('run', nodeId);
  const run = runId && (await new TrackingQueries(sql).run(projectId, runId));
  if (!run) return refuse(notFound('run', nodeId));
  return refuse(run.deletedAt ? runDeleted(run) : runNotActive(run));
}

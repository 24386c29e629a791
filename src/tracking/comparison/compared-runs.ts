import { idOf, type ProjectId } from '../../kernel/ids';
import type { MetricQueries } from '../metrics/metric.queries';
import { checkComparedIds, type ComparedRun } from './run-comparison';
import type { TrackingQueries } from '../tracking.queries';

/**
 * All that is compared of these runs; null where one of them is not there. Throws BAD_USER_INPUT for wrong numbers of
 * ids.
 */
export async function readCompared(
  queries: TrackingQueries,
  metrics: MetricQueries,
  projectId: ProjectId,
  nodeIds: readonly string[],
): Promise<readonly ComparedRun[] | null> {
  checkComparedIds(nodeIds);
  const ids = nodeIds.map((nodeId) => idOf('run', nodeId)).filter((id) => id !== null);
  const runs = (await queries.runsByIds(projectId, ids)).filter((run) => run !== null);
  if (runs.length < nodeIds.length) return null;
  const params = await queries.params(projectId, ids, null);
  const tags = await queries.tags(projectId, ids);
  const summaries = await metrics.summaries(projectId, ids, null);
  return runs.map((run, at) => ({
    run,
    params: params[at] ?? [],
    tags: tags[at] ?? [],
    metrics: summaries[at] ?? [],
  }));
}

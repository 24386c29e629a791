import type { ProjectId } from '../kernel/ids';
import { WindowMerging, type LatencyWindow } from './latency-window';
import type { GridKey, MonitoringQueries } from './monitoring.queries';

/**
 * The windows of each grid, in order of time. One statement for all of them, and one more each time that some have more
 * rows than one statement brings: a week of two variants at many processes is hundreds of thousands.
 */
export async function measuredWindows(
  queries: Pick<MonitoringQueries, 'rows'>,
  projectId: ProjectId,
  keys: readonly GridKey[],
): Promise<readonly (readonly LatencyWindow[])[]> {
  const wanted = keys.map((key) => ({ key, merging: new WindowMerging(key.grid) }));
  let open = wanted;
  while (open.length > 0) {
    const read = await queries.rows(
      projectId,
      open.map(({ key }) => key),
    );
    open = open.flatMap(({ key, merging }, place) => {
      const { rows = [], nextMs = null } = read[place] ?? {};
      merging.add(rows);
      return nextMs === null ? [] : [{ key: later(key, nextMs), merging }];
    });
  }
  return wanted.map(({ merging }) => merging.finish());
}

const later = ({ askedId, grid }: GridKey, fromMs: number): GridKey => ({
  askedId,
  grid: { ...grid, fromMs, secondsFromMs: Math.max(fromMs, grid.secondsFromMs) },
});

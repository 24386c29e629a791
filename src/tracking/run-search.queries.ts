import { toPage, type Cursor, type Page, type PageRequest } from '../kernel/cursor';
import type { ProjectId } from '../kernel/ids';
import type { SqlRunner } from '../kernel/sql';
import type { ExperimentId, Run } from './run';
import { runSearchSql, type RunSearch } from './run-search';
import { RUN } from './tracking.queries';

type FoundRow = Run & Readonly<Record<`sort_${number}`, string | null>>;

/** Lists of runs: in one statement, however many experiments they are listed for. */
export class RunSearchQueries {
  constructor(private readonly sql: SqlRunner) {}

  /** Runs of all the experiments of these names in one list; of the whole project without names. */
  async page(
    projectId: ProjectId,
    experiments: readonly string[] | null,
    search: RunSearch,
    request: PageRequest,
  ): Promise<Page<Run>> {
    const parameters: unknown[] = [projectId, request.first + 1, experiments];
    const found = runSearchSql(search, request.after, parameters);
    const rows = await this.sql.query<FoundRow>(
      `/* tracking.runs */ SELECT ${RUN}, ${found.sortColumns} FROM run r ${found.joins}
       WHERE r.project_id = $1 AND ${found.condition}
         AND ($3::text[] IS NULL OR r.experiment_id IN (
           SELECT e.id FROM experiment e WHERE e.project_id = $1 AND e.name = ANY($3)))
       ORDER BY ${found.order} LIMIT $2`,
      parameters,
    );
    return runPage(rows, found.sortCount, request);
  }

  /** A page of runs for each of these experiments. */
  async pagesByExperiment(
    projectId: ProjectId,
    experimentIds: readonly ExperimentId[],
    search: RunSearch,
    request: PageRequest,
  ): Promise<Page<Run>[]> {
    const parameters: unknown[] = [projectId, request.first + 1, experimentIds];
    const found = runSearchSql(search, request.after, parameters);
    const rows = await this.sql.query<FoundRow>(
      `/* tracking.runsByExperiment */ SELECT page.* FROM unnest($3::uuid[]) AS experiment (id)
       CROSS JOIN LATERAL (
         SELECT ${RUN}, ${found.sortColumns} FROM run r ${found.joins}
         WHERE r.project_id = $1 AND r.experiment_id = experiment.id AND ${found.condition}
         ORDER BY ${found.order} LIMIT $2
       ) page`,
      parameters,
    );
    return experimentIds.map((id) => {
      const ofExperiment = rows.filter(({ experimentId }) => experimentId === id);
      return runPage(ofExperiment, found.sortCount, request);
    });
  }
}

function runPage(rows: readonly FoundRow[], sortCount: number, request: PageRequest): Page<Run> {
  const sortIndexes = Array.from({ length: sortCount }, (_, index) => index);
  return toPage(rows, request, (row): Cursor => [
    ...sortIndexes.map((index) => row[`sort_${index}`] ?? null),
    row.id,
  ]);
}

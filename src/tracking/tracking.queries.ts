import type { DatasetVersionId } from '../datasets/datasets';
import type { Sha256 } from '../kernel/artifacts';
import { toPage, type Page, type PageRequest } from '../kernel/cursor';
import { cursorId } from '../kernel/cursor-keys';
import { attributeFilterSql, bind } from '../kernel/filter-sql';
import type { ProjectId } from '../kernel/ids';
import type { SqlRunner } from '../kernel/sql';
import type { Experiment, ExperimentId, KeyValue, Run, RunArtifact, RunId } from './run';

export const EXPERIMENT =
  'e.id, e.project_id AS "projectId", e.name, e.description, e.created_at AS "createdAt"';
export const RUN = `r.id, r.project_id AS "projectId", r.experiment_id AS "experimentId", r.name, r.status,
  r.started_at AS "startedAt", r.ended_at AS "endedAt", r.parent_run_id AS "parentRunId", r.source`;

/** Where a run stands, for those who follow it. */
export interface RunPosition {
  readonly run: Run;
  readonly lastSeq: bigint;
}

/** Reads; inside a transaction, over its handle. */
export class TrackingQueries {
  constructor(private readonly sql: SqlRunner) {}

  async experimentByName(projectId: ProjectId, name: string): Promise<Experiment | null> {
    const [experiment] = await this.sql.query<Experiment>(
      `/* tracking.experimentByName */ SELECT ${EXPERIMENT} FROM experiment e WHERE e.project_id = $1 AND e.name = $2`,
      [projectId, name],
    );
    return experiment ?? null;
  }

  async experimentsByIds(projectId: ProjectId, ids: readonly ExperimentId[]): Promise<(Experiment | null)[]> {
    const rows = await this.sql.query<Experiment>(
      `/* tracking.experimentsByIds */ SELECT ${EXPERIMENT} FROM experiment e
       WHERE e.project_id = $1 AND e.id = ANY($2)`,
      [projectId, ids],
    );
    return inOrder(ids, rows);
  }

  /** Newest first. The cursor is the id, which is in order of creation. */
  async experiments(
    projectId: ProjectId,
    filter: string | null,
    request: PageRequest,
  ): Promise<Page<Experiment>> {
    const parameters: unknown[] = [projectId, request.first + 1];
    const condition = attributeFilterSql(
      filter,
      { name: 'e.name', description: 'e.description' },
      parameters,
    );
    const after =
      request.after === null ? 'TRUE' : `e.id < ${bind(parameters, cursorId(request.after, 0), 'uuid')}`;
    const rows = await this.sql.query<Experiment>(
      `/* tracking.experiments */ SELECT ${EXPERIMENT} FROM experiment e
       WHERE e.project_id = $1 AND ${condition} AND ${after} ORDER BY e.id DESC LIMIT $2`,
      parameters,
    );
    return toPage(rows, request, ({ id }) => [id]);
  }

  experimentTags(projectId: ProjectId, ids: readonly ExperimentId[]): Promise<(readonly KeyValue[])[]> {
    return this.grouped<ExperimentId, KeyValue>(
      ids,
      `/* tracking.experimentTags */ SELECT experiment_id AS owner, key, value FROM experiment_tag
       WHERE project_id = $1 AND experiment_id = ANY($2) ORDER BY key COLLATE "C"`,
      [projectId, ids],
    );
  }

  async runsByIds(projectId: ProjectId, ids: readonly RunId[]): Promise<(Run | null)[]> {
    const rows = await this.sql.query<Run>(
      `/* tracking.runsByIds */ SELECT ${RUN} FROM run r WHERE r.project_id = $1 AND r.id = ANY($2)`,
      [projectId, ids],
    );
    return inOrder(ids, rows);
  }

  async run(projectId: ProjectId, id: RunId): Promise<Run | null> {
    return (await this.runsByIds(projectId, [id]))[0] ?? null;
  }

  async position(projectId: ProjectId, id: RunId): Promise<RunPosition | null> {
    const [row] = await this.sql.query<Run & { readonly lastSeq: string }>(
      `/* tracking.position */ SELECT ${RUN}, r.last_seq AS "lastSeq" FROM run r
       WHERE r.project_id = $1 AND r.id = $2`,
      [projectId, id],
    );
    if (!row) return null;
    const { lastSeq, ...run } = row;
    return { run, lastSeq: BigInt(lastSeq) };
  }

  params(
    projectId: ProjectId,
    runIds: readonly RunId[],
    keys: readonly string[] | null,
  ): Promise<(readonly KeyValue[])[]> {
    return this.grouped<RunId, KeyValue>(
      runIds,
      `/* tracking.params */ SELECT run_id AS owner, key, value FROM run_param
       WHERE project_id = $1 AND run_id = ANY($2) AND ($3::text[] IS NULL OR key = ANY($3)) ORDER BY key COLLATE "C"`,
      [projectId, runIds, keys],
    );
  }

  tags(projectId: ProjectId, runIds: readonly RunId[]): Promise<(readonly KeyValue[])[]> {
    return this.grouped<RunId, KeyValue>(
      runIds,
      `/* tracking.tags */ SELECT run_id AS owner, key, value FROM run_tag
       WHERE project_id = $1 AND run_id = ANY($2) ORDER BY key COLLATE "C"`,
      [projectId, runIds],
    );
  }

  async artifacts(projectId: ProjectId, runIds: readonly RunId[]): Promise<(readonly RunArtifact[])[]> {
    const lists = await this.grouped<RunId, { path: string; sha256: Sha256; sizeBytes: string }>(
      runIds,
      `/* tracking.artifacts */ SELECT f.run_id AS owner, f.path, f.sha256, a.size_bytes AS "sizeBytes"
       FROM run_artifact f JOIN artifact a ON a.project_id = f.project_id AND a.sha256 = f.sha256
       WHERE f.project_id = $1 AND f.run_id = ANY($2) ORDER BY f.path COLLATE "C"`,
      [projectId, runIds],
    );
    return lists.map((list) => list.map((file) => ({ ...file, sizeBytes: Number(file.sizeBytes) })));
  }

  async datasetVersionIds(
    projectId: ProjectId,
    runIds: readonly RunId[],
  ): Promise<(readonly DatasetVersionId[])[]> {
    const lists = await this.grouped<RunId, { id: DatasetVersionId }>(
      runIds,
      `/* tracking.datasetVersionIds */ SELECT run_id AS owner, dataset_version_id AS id FROM run_dataset
       WHERE project_id = $1 AND run_id = ANY($2) ORDER BY dataset_version_id`,
      [projectId, runIds],
    );
    return lists.map((list) => list.map(({ id }) => id));
  }

  private async grouped<Owner extends string, Row extends object>(
    owners: readonly Owner[],
    sql: string,
    parameters: readonly unknown[],
  ): Promise<(readonly Row[])[]> {
    const lists = new Map<Owner, Row[]>(owners.map((owner) => [owner, []]));
    for (const { owner, ...row } of await this.sql.query<Row & { readonly owner: Owner }>(sql, parameters)) {
      lists.get(owner)?.push(row as unknown as Row);
    }
    return owners.map((owner) => lists.get(owner) ?? []);
  }
}

function inOrder<RowId extends string, Row extends { readonly id: RowId }>(
  ids: readonly RowId[],
  rows: readonly Row[],
): (Row | null)[] {
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => found.get(id) ?? null);
}

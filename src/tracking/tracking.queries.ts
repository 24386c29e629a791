import type { DatasetVersionId } from '../datasets/datasets';
import type { Sha256 } from '../kernel/artifacts/artifact';
import { toPage, type Page, type PageRequest } from '../kernel/cursor';
import { cursorId } from '../kernel/cursor-keys';
import { bind } from '../kernel/filter/filter-sql';
import type { ProjectId } from '../kernel/ids';
import type { SqlRunner } from '../kernel/database/sql';
import { listsByOwner, rowsByIds } from './grouped-rows';
import type { Experiment, ExperimentId, KeyValue, Run, RunArtifact, RunId } from './run';

export const EXPERIMENT = `e.id, e.project_id AS "projectId", e.name, e.description, e.created_at AS "createdAt",
  e.updated_at AS "updatedAt", e.deleted_at AS "deletedAt"`;
export const RUN = `r.id, r.project_id AS "projectId", r.experiment_id AS "experimentId", r.name, r.status,
  r.started_at AS "startedAt", r.ended_at AS "endedAt", r.parent_run_id AS "parentRunId", r.source,
  r.deleted_at AS "deletedAt"`;

/** Where a run stands, for those who follow it. */
export interface RunPosition {
  readonly run: Run;
  readonly lastSeq: bigint;
  /** The number of its end; null while it goes on. */
  readonly endedSeq: bigint | null;
  /** Up to here its points stood in chunks at that moment, and what came later in its tail; null where all did. */
  readonly tailAfter: bigint | null;
}

/** Reads; inside a transaction, over its handle. */
export class TrackingQueries {
  constructor(private readonly sql: SqlRunner) {}

  async experimentByName(projectId: ProjectId, name: string): Promise<Experiment | null> {
    const [experiment] = await this.sql.query<Experiment>(
      `/* tracking.experimentByName */ SELECT ${EXPERIMENT} FROM experiment e WHERE e.project_id = $1 AND e.name = $2`,
      [projectId, name],
      { prepareAs: 'tracking.experimentByName' },
    );
    return experiment ?? null;
  }

  async experimentsByIds(projectId: ProjectId, ids: readonly ExperimentId[]): Promise<(Experiment | null)[]> {
    const rows = await this.sql.query<Experiment>(
      `/* tracking.experimentsByIds */ SELECT ${EXPERIMENT} FROM experiment e
       WHERE e.project_id = $1 AND e.id = ANY($2)`,
      [projectId, ids],
      { prepareAs: 'tracking.experimentsByIds' },
    );
    return rowsByIds(ids, rows);
  }

  experimentTags(projectId: ProjectId, ids: readonly ExperimentId[]): Promise<(readonly KeyValue[])[]> {
    return this.grouped<ExperimentId, KeyValue>(
      ids,
      'tracking.experimentTags',
      `SELECT experiment_id AS owner, key, value FROM experiment_tag
       WHERE project_id = $1 AND experiment_id = ANY($2) ORDER BY key COLLATE "C"`,
      [projectId, ids],
    );
  }

  async runsByIds(projectId: ProjectId, ids: readonly RunId[]): Promise<(Run | null)[]> {
    const rows = await this.sql.query<Run>(
      `/* tracking.runsByIds */ SELECT ${RUN} FROM run r WHERE r.project_id = $1 AND r.id = ANY($2)`,
      [projectId, ids],
      { prepareAs: 'tracking.runsByIds' },
    );
    return rowsByIds(ids, rows);
  }

  async run(projectId: ProjectId, id: RunId): Promise<Run | null> {
    return (await this.runsByIds(projectId, [id]))[0] ?? null;
  }

  /** The runs that are parts of each of these, oldest first, as many as `first` of each. */
  async children(
    projectId: ProjectId,
    parentIds: readonly RunId[],
    request: PageRequest,
  ): Promise<Page<Run>[]> {
    const parameters: unknown[] = [projectId, parentIds, request.first + 1];
    const after =
      request.after === null ? 'TRUE' : `r.id > ${bind(parameters, cursorId(request.after, 0), 'uuid')}`;
    const rows = await this.sql.query<Run>(
      `/* tracking.children */ SELECT page.* FROM unnest($2::uuid[]) AS parent (id) CROSS JOIN LATERAL (
         SELECT ${RUN} FROM run r WHERE r.project_id = $1 AND r.parent_run_id = parent.id AND r.deleted_at IS NULL
           AND ${after} ORDER BY r.id LIMIT $3
       ) page`,
      parameters,
    );
    return parentIds.map((parentId) =>
      toPage(
        rows.filter((run) => run.parentRunId === parentId),
        request,
        ({ id }) => [id],
      ),
    );
  }

  /** The uppermost run above each of these: itself where it is part of none. */
  async roots(projectId: ProjectId, runIds: readonly RunId[]): Promise<(Run | null)[]> {
    const rows = await this.sql.query<{ id: RunId; rootId: RunId }>(
      `/* tracking.roots */ WITH RECURSIVE above (id, at, parent_id) AS (
         SELECT r.id, r.id, r.parent_run_id FROM run r WHERE r.project_id = $1 AND r.id = ANY($2)
         UNION ALL
         SELECT above.id, r.id, r.parent_run_id FROM above JOIN run r ON r.id = above.parent_id
       )
       SELECT id, at AS "rootId" FROM above WHERE parent_id IS NULL`,
      [projectId, runIds],
    );
    const found = await this.runsByIds(projectId, [...new Set(rows.map(({ rootId }) => rootId))]);
    const roots = new Map(found.flatMap((run) => (run ? [[run.id, run]] : [])));
    const rootOf = new Map(rows.map(({ id, rootId }) => [id, roots.get(rootId)]));
    return runIds.map((id) => rootOf.get(id) ?? null);
  }

  async position(projectId: ProjectId, id: RunId): Promise<RunPosition | null> {
    const [row] = await this.sql.query<
      Run & { readonly lastSeq: string; readonly endedSeq: string | null; readonly tailAfter: string | null }
    >(
      `/* tracking.position */ SELECT ${RUN}, r.last_seq AS "lastSeq", r.ended_seq AS "endedSeq",
         r.tail_after AS "tailAfter"
       FROM run r WHERE r.project_id = $1 AND r.id = $2`,
      [projectId, id],
    );
    if (!row) return null;
    const { lastSeq, endedSeq, tailAfter, ...run } = row;
    const seqOf = (text: string | null) => (text === null ? null : BigInt(text));
    return { run, lastSeq: BigInt(lastSeq), endedSeq: seqOf(endedSeq), tailAfter: seqOf(tailAfter) };
  }

  params(
    projectId: ProjectId,
    runIds: readonly RunId[],
    keys: readonly string[] | null,
  ): Promise<(readonly KeyValue[])[]> {
    return this.grouped<RunId, KeyValue>(
      runIds,
      'tracking.params',
      `SELECT run_id AS owner, key, value FROM run_param
       WHERE project_id = $1 AND run_id = ANY($2) AND ($3::text[] IS NULL OR key = ANY($3)) ORDER BY key COLLATE "C"`,
      [projectId, runIds, keys],
    );
  }

  tags(projectId: ProjectId, runIds: readonly RunId[]): Promise<(readonly KeyValue[])[]> {
    return this.grouped<RunId, KeyValue>(
      runIds,
      'tracking.tags',
      `SELECT run_id AS owner, key, value FROM run_tag
       WHERE project_id = $1 AND run_id = ANY($2) ORDER BY key COLLATE "C"`,
      [projectId, runIds],
    );
  }

  async artifacts(projectId: ProjectId, runIds: readonly RunId[]): Promise<(readonly RunArtifact[])[]> {
    const lists = await this.grouped<RunId, { path: string; sha256: Sha256; sizeBytes: string }>(
      runIds,
      'tracking.artifacts',
      `SELECT f.run_id AS owner, f.path, f.sha256, a.size_bytes AS "sizeBytes"
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
      'tracking.datasetVersionIds',
      `SELECT run_id AS owner, dataset_version_id AS id FROM run_dataset
       WHERE project_id = $1 AND run_id = ANY($2) ORDER BY dataset_version_id`,
      [projectId, runIds],
    );
    return lists.map((list) => list.map(({ id }) => id));
  }

  private async grouped<Owner extends string, Row extends object>(
    owners: readonly Owner[],
    name: string,
    sql: string,
    parameters: readonly unknown[],
  ): Promise<(readonly Row[])[]> {
    const rows = await this.sql.query<Row & { readonly owner: Owner }>(`/* ${name} */ ${sql}`, parameters, {
      prepareAs: name,
    });
    return listsByOwner(owners, rows);
  }
}

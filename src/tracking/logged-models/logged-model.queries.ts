import type { Sha256 } from '../../kernel/artifacts/artifact';
import type { ProjectId } from '../../kernel/ids';
import type { SqlRunner } from '../../kernel/database/sql';
import { listsByOwner, rowsByIds } from '../grouped-rows';
import type { LoggedModel, LoggedModelId, LoggedModelMetric, RunModel } from '../logged-model';
import type { KeyValue, RunArtifact, RunId } from '../run';

export const LOGGED_MODEL = `m.id, m.project_id AS "projectId", m.experiment_id AS "experimentId", m.name,
  m.model_type AS "modelType", m.status, m.source_run_id AS "sourceRunId", m.created_at AS "createdAt",
  m.updated_at AS "updatedAt"`;

type Owned<Row, Owner> = Row & { readonly owner: Owner };
type MetricRow = Owned<Omit<LoggedModelMetric, 'step' | 'timestamp'>, LoggedModelId> & {
  readonly step: string;
  readonly timestampMs: string;
};

/** Reads of logged models: deleted ones are nobody's. */
export class LoggedModelQueries {
  constructor(private readonly sql: SqlRunner) {}

  async byIds(projectId: ProjectId, ids: readonly LoggedModelId[]): Promise<(LoggedModel | null)[]> {
    const rows = await this.sql.query<LoggedModel>(
      `/* tracking.loggedModelsByIds */ SELECT ${LOGGED_MODEL} FROM logged_model m
       WHERE m.project_id = $1 AND m.id = ANY($2) AND m.deleted_at IS NULL`,
      [projectId, ids],
    );
    return rowsByIds(ids, rows);
  }

  params(projectId: ProjectId, ids: readonly LoggedModelId[]): Promise<(readonly KeyValue[])[]> {
    return this.facts('logged_model_param', projectId, ids);
  }

  tags(projectId: ProjectId, ids: readonly LoggedModelId[]): Promise<(readonly KeyValue[])[]> {
    return this.facts('logged_model_tag', projectId, ids);
  }

  async artifacts(projectId: ProjectId, ids: readonly LoggedModelId[]): Promise<(readonly RunArtifact[])[]> {
    const rows = await this.sql.query<
      Owned<{ path: string; sha256: Sha256; sizeBytes: string }, LoggedModelId>
    >(
      `/* tracking.loggedModelArtifacts */
       SELECT f.logged_model_id AS owner, f.path, f.sha256, a.size_bytes AS "sizeBytes"
       FROM logged_model_artifact f JOIN artifact a ON a.project_id = f.project_id AND a.sha256 = f.sha256
       WHERE f.project_id = $1 AND f.logged_model_id = ANY($2) ORDER BY f.path COLLATE "C"`,
      [projectId, ids],
    );
    return listsByOwner(
      ids,
      rows.map((row) => ({ ...row, sizeBytes: Number(row.sizeBytes) })),
    );
  }

  async metrics(
    projectId: ProjectId,
    ids: readonly LoggedModelId[],
  ): Promise<(readonly LoggedModelMetric[])[]> {
    const rows = await this.sql.query<MetricRow>(
      `/* tracking.loggedModelMetrics */ SELECT logged_model_id AS owner, run_id AS "runId", key, value, step,
         timestamp_ms AS "timestampMs", NULLIF(dataset_name, '') AS "datasetName", NULLIF(dataset_digest, '') AS "datasetDigest"
       FROM logged_model_metric WHERE project_id = $1 AND logged_model_id = ANY($2)
       ORDER BY key COLLATE "C", dataset_name COLLATE "C", dataset_digest COLLATE "C", run_id`,
      [projectId, ids],
    );
    return listsByOwner(
      ids,
      rows.map(({ step, timestampMs, ...row }) => ({
        ...row,
        step: BigInt(step),
        timestamp: new Date(Number(timestampMs)),
      })),
    );
  }

  /** Of each the runs that have measured it, without deleted ones: those that were made last, newest first. */
  async measuringRuns(
    projectId: ProjectId,
    ids: readonly LoggedModelId[],
    limit: number,
  ): Promise<(readonly { readonly runId: RunId }[])[]> {
    const rows = await this.sql.query<Owned<{ readonly runId: RunId }, LoggedModelId>>(
      `/* tracking.measuringRuns */ SELECT wanted.id AS owner, measuring.run_id AS "runId"
       FROM unnest($2::uuid[]) AS wanted (id)
       CROSS JOIN LATERAL (
         SELECT DISTINCT x.run_id FROM logged_model_metric x JOIN run r ON r.id = x.run_id AND r.deleted_at IS NULL
         WHERE x.project_id = $1 AND x.logged_model_id = wanted.id ORDER BY x.run_id DESC LIMIT $3
       ) measuring
       ORDER BY measuring.run_id DESC`,
      [projectId, ids, limit],
    );
    return listsByOwner(ids, rows);
  }

  /** What each of these runs has made and used, in the order of the models' making. */
  async ofRuns(projectId: ProjectId, runIds: readonly RunId[]): Promise<(readonly RunModel[])[]> {
    const rows = await this.sql.query<Owned<Omit<RunModel, 'step'>, RunId> & { readonly step: string }>(
      `/* tracking.loggedModelsOfRuns */
       SELECT l.run_id AS owner, l.logged_model_id AS "modelId", l.direction, l.step
       FROM run_model l JOIN logged_model m ON m.id = l.logged_model_id
       WHERE l.project_id = $1 AND l.run_id = ANY($2) AND m.deleted_at IS NULL ORDER BY m.id, l.direction`,
      [projectId, runIds],
      { prepareAs: 'tracking.loggedModelsOfRuns' },
    );
    return listsByOwner(
      runIds,
      rows.map((row) => ({ ...row, step: BigInt(row.step) })),
    );
  }

  private async facts(
    table: 'logged_model_param' | 'logged_model_tag',
    projectId: ProjectId,
    ids: readonly LoggedModelId[],
  ): Promise<(readonly KeyValue[])[]> {
    const rows = await this.sql.query<Owned<KeyValue, LoggedModelId>>(
      `/* tracking.loggedModelFacts */ SELECT logged_model_id AS owner, key, value FROM ${table}
       WHERE project_id = $1 AND logged_model_id = ANY($2) ORDER BY key COLLATE "C"`,
      [projectId, ids],
    );
    return listsByOwner(ids, rows);
  }
}

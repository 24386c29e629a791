import type { DatasetVersionId } from '../datasets/datasets';
import type { Sha256 } from '../kernel/artifacts/artifact';
import type { ProjectId } from '../kernel/ids';
import type { Transaction } from '../kernel/database/sql';
import type { KeyValue, Run, RunId } from './run';
import { hasEnded, RUN_STATUSES, type RunStatus } from './run-status';
import { RUN } from './tracking.queries';

/** Which runs take something: those that go on, or all that are not deleted, as MLflow's clients expect it. */
export type Takers = 'RUNNING' | 'ALL';
const STATUSES_OF: Readonly<Record<Takers, readonly RunStatus[]>> = {
  RUNNING: ['RUNNING'],
  ALL: RUN_STATUSES,
};

/** What a run has from the moment that it is there. */
export interface RunBeginning {
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly versionIds: readonly DatasetVersionId[];
}

export class TrackingStore {
  /** A run that is new, with all that it begins with, in one statement. */
  async addRun(tx: Transaction, run: Run, { params, tags, versionIds }: RunBeginning): Promise<void> {
    await tx.query(
      `/* tracking.addRun */ WITH params AS (
         INSERT INTO run_param (run_id, project_id, key, value)
         SELECT $1::uuid, $2::uuid, param.key, param.value FROM unnest($9::text[], $10::text[]) AS param (key, value)
       ), tags AS (
         INSERT INTO run_tag (run_id, project_id, key, value)
         SELECT $1::uuid, $2::uuid, tag.key, tag.value FROM unnest($11::text[], $12::text[]) AS tag (key, value)
       ), datasets AS (
         INSERT INTO run_dataset (run_id, project_id, dataset_version_id)
         SELECT $1::uuid, $2::uuid, version.id FROM unnest($13::uuid[]) AS version (id)
       )
       INSERT INTO run (id, project_id, experiment_id, name, status, started_at, parent_run_id, source)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        ...[run.id, run.projectId, run.experimentId, run.name, run.status, run.startedAt, run.parentRunId],
        run.source && JSON.stringify(run.source),
        ...[params.map(({ key }) => key), params.map(({ value }) => value)],
        ...[tags.map(({ key }) => key), tags.map(({ value }) => value), versionIds],
      ],
      { prepareAs: 'tracking.addRun' },
    );
  }

  /**
   * Keeps what is not there yet, and gives what is there then, with the number of all params. The caller holds the run.
   */
  async addParams(
    tx: Transaction,
    run: Run,
    params: readonly KeyValue[],
  ): Promise<{ readonly stored: readonly KeyValue[]; readonly count: number }> {
    // What stood there before is all that the statement sees of the table: what it adds comes beside it.
    const stored = await tx.query<KeyValue & { readonly total: string }>(
      `/* tracking.addParams */ WITH added AS (
         INSERT INTO run_param (run_id, project_id, key, value)
         SELECT $1::uuid, $2::uuid, param.key, param.value FROM unnest($3::text[], $4::text[]) AS param (key, value)
         ON CONFLICT (run_id, key) DO NOTHING RETURNING key, value
       ), stored AS (
         SELECT key, value FROM run_param WHERE run_id = $1 AND key = ANY($3) UNION ALL SELECT key, value FROM added
       )
       SELECT key, value,
         (SELECT count(*) FROM run_param WHERE run_id = $1) + (SELECT count(*) FROM added) AS total
       FROM stored`,
      [run.id, run.projectId, params.map(({ key }) => key), params.map(({ value }) => value)],
      { prepareAs: 'tracking.addParams' },
    );
    return { stored, count: Number(stored[0]?.total ?? 0) };
  }

  /** False where the run has the same bytes under this path already. */
  async putArtifact(tx: Transaction, run: Run, path: string, sha256: Sha256): Promise<boolean> {
    const changed = await tx.query<object>(
      `/* tracking.putArtifact */ INSERT INTO run_artifact (run_id, project_id, path, sha256) VALUES ($1, $2, $3, $4)
       ON CONFLICT (run_id, path) DO UPDATE SET sha256 = excluded.sha256, created_at = now()
       WHERE run_artifact.sha256 <> excluded.sha256 RETURNING path`,
      [run.id, run.projectId, path, sha256],
    );
    return changed.length > 0;
  }

  /** The files at that path and, as if it were a folder, below it. */
  async removeArtifacts(tx: Transaction, run: Run, path: string): Promise<void> {
    await tx.query(
      `/* tracking.removeArtifacts */ DELETE FROM run_artifact
       WHERE run_id = $1 AND (path = $2 OR left(path, length($2) + 1) = $2 || '/')`,
      [run.id, path],
    );
  }

  /** Null where the run does not exist or may not go to that status. */
  async setStatus(
    tx: Transaction,
    projectId: ProjectId,
    runId: RunId,
    {
      from,
      to: status,
      now,
    }: { readonly from: readonly RunStatus[]; readonly to: RunStatus; readonly now: Date },
  ): Promise<Run | null> {
    const [run] = await tx.query<Run>(
      `/* tracking.setStatus */ UPDATE run AS r SET status = $3::text, last_seq = last_seq + 1,
         ended_at = CASE WHEN $6 THEN $5::timestamptz END,
         ended_seq = CASE WHEN $6 THEN last_seq + 1 END
       WHERE r.id = $1 AND r.project_id = $2 AND r.status = ANY($4) AND r.deleted_at IS NULL RETURNING ${RUN}`,
      [runId, projectId, status, from, now, hasEnded(status)],
      { prepareAs: 'tracking.setStatus' },
    );
    return run ?? null;
  }

  /** The run, which nobody else changes before this transaction ends. Null where it takes nothing. */
  async holdTaker(tx: Transaction, projectId: ProjectId, runId: RunId, takers: Takers): Promise<Run | null> {
    const [run] = await tx.query<Run>(
      `/* tracking.holdTaker */ SELECT ${RUN} FROM run r
       WHERE r.id = $1 AND r.project_id = $2 AND r.status = ANY($3) AND r.deleted_at IS NULL FOR NO KEY UPDATE`,
      [runId, projectId, STATUSES_OF[takers]],
      { prepareAs: 'tracking.holdTaker' },
    );
    return run ?? null;
  }
}

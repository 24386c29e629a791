import type { DatasetVersionId } from '../datasets/datasets';
import type { Sha256 } from '../kernel/artifacts';
import { newId, type ProjectId } from '../kernel/ids';
import type { Transaction } from '../kernel/sql';
import type { Experiment, KeyValue, Run, RunId } from './run';
import { RunDatasetEntity } from './run-facts.entity';
import { statusesBefore, type RunStatus } from './run-status';
import { RunEntity } from './run.entity';
import { EXPERIMENT, RUN } from './tracking.queries';

/** A run as it is after a change, with the change's place in the run. */
export interface Sequenced {
  readonly run: Run;
  readonly seq: string;
}

export class TrackingStore {
  /** Null where there is one of that name. A concurrent twin waits for this transaction. */
  async addExperiment(
    tx: Transaction,
    projectId: ProjectId,
    { name, description = null }: { readonly name: string; readonly description?: string | null },
  ): Promise<Experiment | null> {
    const [experiment] = await tx.query<Experiment>(
      `/* tracking.addExperiment */ INSERT INTO experiment AS e (id, project_id, name, description)
       VALUES ($1, $2, $3, $4) ON CONFLICT (project_id, name) DO NOTHING RETURNING ${EXPERIMENT}`,
      [newId(), projectId, name, description],
    );
    return experiment ?? null;
  }

  async addExperimentTags(tx: Transaction, experiment: Experiment, tags: readonly KeyValue[]): Promise<void> {
    await tx.query(
      `/* tracking.addExperimentTags */ INSERT INTO experiment_tag (experiment_id, project_id, key, value)
       SELECT $1::uuid, $2::uuid, tag.key, tag.value FROM unnest($3::text[], $4::text[]) AS tag (key, value)`,
      [experiment.id, experiment.projectId, tags.map(({ key }) => key), tags.map(({ value }) => value)],
    );
  }

  async addRun(tx: Transaction, run: Run): Promise<void> {
    await tx.insert('tracking.addRun', RunEntity, run);
  }

  async addTags(tx: Transaction, run: Run, tags: readonly KeyValue[]): Promise<void> {
    await tx.query(
      `/* tracking.addTags */ INSERT INTO run_tag (run_id, project_id, key, value)
       SELECT $1::uuid, $2::uuid, tag.key, tag.value FROM unnest($3::text[], $4::text[]) AS tag (key, value)`,
      [run.id, run.projectId, tags.map(({ key }) => key), tags.map(({ value }) => value)],
    );
  }

  /** Keeps what is not there yet, and gives what is there now, with the number of all params of the run. */
  async addParams(
    tx: Transaction,
    run: Run,
    params: readonly KeyValue[],
  ): Promise<{ readonly stored: readonly KeyValue[]; readonly count: number }> {
    const keys = params.map(({ key }) => key);
    await tx.query(
      `/* tracking.addParams */ INSERT INTO run_param (run_id, project_id, key, value)
       SELECT $1::uuid, $2::uuid, param.key, param.value FROM unnest($3::text[], $4::text[]) AS param (key, value)
       ON CONFLICT (run_id, key) DO NOTHING`,
      [run.id, run.projectId, keys, params.map(({ value }) => value)],
    );
    // Another statement, so that it sees what a concurrent writer of the same key has committed.
    const stored = await tx.query<KeyValue & { readonly total: string }>(
      `/* tracking.storedParams */
       SELECT key, value, (SELECT count(*) FROM run_param WHERE run_id = $1) AS total
       FROM run_param WHERE run_id = $1 AND key = ANY($2)`,
      [run.id, keys],
    );
    return { stored, count: Number(stored[0]?.total ?? 0) };
  }

  async addDatasets(tx: Transaction, run: Run, versionIds: readonly DatasetVersionId[]): Promise<void> {
    const { id: runId, projectId } = run;
    await tx.insert(
      'tracking.addDatasets',
      RunDatasetEntity,
      versionIds.map((datasetVersionId) => ({ runId, projectId, datasetVersionId })),
    );
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

  /** Null where the run does not exist or may not go to that status. */
  async setStatus(
    tx: Transaction,
    projectId: ProjectId,
    runId: RunId,
    status: RunStatus,
    now: Date,
  ): Promise<Run | null> {
    const [run] = await tx.query<Run>(
      `/* tracking.setStatus */ UPDATE run AS r SET status = $3::text, last_seq = last_seq + 1,
         ended_at = CASE WHEN $3::text = 'RUNNING' THEN NULL ELSE $5::timestamptz END
       WHERE r.id = $1 AND r.project_id = $2 AND r.status = ANY($4) RETURNING ${RUN}`,
      [runId, projectId, status, statusesBefore(status), now],
    );
    return run ?? null;
  }

  /** Takes the run's row and its next number, so that numbers are in the order of commits. Null where it is not running. */
  async takeSequence(tx: Transaction, projectId: ProjectId, runId: RunId): Promise<Sequenced | null> {
    const [row] = await tx.query<Run & { readonly seq: string }>(
      `/* tracking.takeSequence */ UPDATE run AS r SET last_seq = last_seq + 1
       WHERE r.id = $1 AND r.project_id = $2 AND r.status = 'RUNNING' RETURNING r.last_seq AS seq, ${RUN}`,
      [runId, projectId],
    );
    if (!row) return null;
    const { seq, ...run } = row;
    return { run, seq };
  }

  /** The run, which cannot end before this transaction does. Null where it is not running. */
  async holdRunning(tx: Transaction, projectId: ProjectId, runId: RunId): Promise<Run | null> {
    const [run] = await tx.query<Run>(
      `/* tracking.holdRunning */ SELECT ${RUN} FROM run r
       WHERE r.id = $1 AND r.project_id = $2 AND r.status = 'RUNNING' FOR NO KEY UPDATE`,
      [runId, projectId],
    );
    return run ?? null;
  }
}

import type { Bus } from '../../kernel/bus';
import type { ProjectId } from '../../kernel/ids';
import type { SqlRunner, Transaction } from '../../kernel/database/sql';
import type { Experiment, ExperimentId, RunId } from '../run';
import type { ChangedRun, RunChangeColumn } from './run-change';
import { experimentTopic } from '../tracking.events';
import { EXPERIMENT } from '../tracking.queries';

/** Where an experiment's changes stand, for those who follow them. */
export interface ExperimentPosition {
  readonly experiment: Experiment;
  readonly lastSeq: bigint;
}

type ChangeRow = { readonly runId: RunId } & Readonly<Record<RunChangeColumn, string | null>>;

/**
 * Tells what changes among the runs of experiments. The number of a change is taken under the lock of the experiment's
 * feed, so numbers are in the order of commits; it is taken last, after the rows of runs, so nobody waits in a circle;
 * and what runs log meanwhile has nothing to do with it.
 */
export class RunChangeStore {
  constructor(private readonly bus: Pick<Bus, 'wake'>) {}

  /**
   * The caller holds the runs' rows. Those of one experiment get one number.
   *
   * @param projectId theirs, where they are nobody's any more
   */
  async tell(
    tx: Transaction,
    runIds: readonly RunId[],
    column: RunChangeColumn,
    projectId: ProjectId | null = null,
  ): Promise<void> {
    if (runIds.length === 0) return;
    const experiments = await tx.query<{ id: ExperimentId }>(
      `/* tracking.tellRunChange */ WITH changed AS (
         SELECT id, coalesce($2::uuid, project_id) AS project_id, experiment_id FROM run WHERE id = ANY($1)
       ), feed AS (
         INSERT INTO experiment_feed AS f (experiment_id, project_id, seq)
         SELECT DISTINCT experiment_id, project_id, 1::bigint FROM changed ORDER BY experiment_id
         ON CONFLICT (experiment_id) DO UPDATE SET seq = f.seq + 1 RETURNING experiment_id, seq
       ), told AS (
         INSERT INTO run_change (run_id, project_id, experiment_id, seq, ${column}_seq)
         SELECT changed.id, changed.project_id, experiment_id, feed.seq, feed.seq
         FROM changed JOIN feed USING (experiment_id)
         ON CONFLICT (run_id) DO UPDATE SET seq = excluded.seq, ${column}_seq = excluded.${column}_seq
       )
       SELECT experiment_id AS id FROM feed`,
      [runIds, projectId],
      { prepareAs: `tracking.tellRunChange.${column}` },
    );
    for (const { id } of experiments) await this.bus.wake(tx, experimentTopic(id));
  }
}

/** Reads what has changed among the runs of experiments. */
export class RunChangeQueries {
  constructor(private readonly sql: SqlRunner) {}

  async position(projectId: ProjectId, id: ExperimentId): Promise<ExperimentPosition | null> {
    const [row] = await this.sql.query<Experiment & { readonly lastSeq: string }>(
      `/* tracking.experimentPosition */ SELECT ${EXPERIMENT}, coalesce(f.seq, 0) AS "lastSeq"
       FROM experiment e LEFT JOIN experiment_feed f ON f.experiment_id = e.id WHERE e.id = $1 AND e.project_id = $2`,
      [id, projectId],
    );
    if (!row) return null;
    const { lastSeq, ...experiment } = row;
    return { experiment, lastSeq: BigInt(lastSeq) };
  }

  /** Runs that have changed after a number, those first that have not since. */
  async after(experimentId: ExperimentId, seq: bigint, limit: number): Promise<ChangedRun[]> {
    const rows = await this.sql.query<ChangeRow>(
      `/* tracking.runChanges */ SELECT c.run_id AS "runId", c.started_seq AS started, c.status_seq AS status,
         c.name_seq AS name, c.lifecycle_seq AS lifecycle, c.purged_seq AS purged
       FROM run_change c WHERE c.experiment_id = $1 AND c.seq > $2 ORDER BY c.seq, c.run_id LIMIT $3`,
      [experimentId, seq, limit],
    );
    return rows.map(({ runId, ...seqs }) => ({
      runId,
      seqs: {
        started: toSeq(seqs.started),
        status: toSeq(seqs.status),
        name: toSeq(seqs.name),
        lifecycle: toSeq(seqs.lifecycle),
        purged: toSeq(seqs.purged),
      },
    }));
  }
}

const toSeq = (text: string | null) => (text === null ? null : BigInt(text));

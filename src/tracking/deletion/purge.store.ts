import type { ProjectId } from '../../kernel/ids';
import type { SqlRunner, Transaction } from '../../kernel/database/sql';
import type { LoggedModelId } from '../logged-model';
import type { Experiment, ExperimentId, Run, RunId } from '../run';
import { EXPERIMENT_PARTS, LOGGED_MODEL_PARTS, RUN_PARTS, type RunPart } from './run-parts';
import { EXPERIMENT, RUN } from '../tracking.queries';

/**
 * The project of what is going for good: nobody's. Every statement asks for rows of a project, so none of them finds
 * what has this one, whoever has written it.
 */
export const GOING = '00000000-0000-0000-0000-000000000000' as ProjectId;

/** Rows that one transaction deletes, by their weights: some ten milliseconds. */
const ROWS_PER_STEP = 2_000;
const MODELS_PER_STEP = 50;
const RUNS_PER_STEP = 50;

/** Takes runs and experiments out of their project, and then deletes them part by part. */
export class PurgeStore {
  /** The runs of these, which nobody changes, and no joining of points reads, before this transaction ends. */
  holdRuns(tx: Transaction, projectId: ProjectId, ids: readonly RunId[]): Promise<Run[]> {
    return tx.query<Run>(
      `/* tracking.holdRunsToPurge */ SELECT ${RUN} FROM run r WHERE r.id = ANY($2) AND r.project_id = $1
       ORDER BY r.id FOR UPDATE`,
      [projectId, ids],
    );
  }

  async holdExperiment(tx: Transaction, projectId: ProjectId, id: ExperimentId): Promise<Experiment | null> {
    const [experiment] = await tx.query<Experiment>(
      `/* tracking.holdExperimentToPurge */ SELECT ${EXPERIMENT} FROM experiment e
       WHERE e.id = $2 AND e.project_id = $1 FOR UPDATE`,
      [projectId, id],
    );
    return experiment ?? null;
  }

  /** The next runs of an experiment, in the order of their ids. */
  async runIdsOf(
    sql: SqlRunner,
    { id, projectId }: Experiment,
    after: RunId | null,
    limit: number,
  ): Promise<readonly RunId[]> {
    const rows = await sql.query<{ id: RunId }>(
      `/* tracking.runIdsOfExperiment */ SELECT id FROM run
       WHERE experiment_id = $1 AND project_id = $2 AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4`,
      [id, projectId, after, limit],
    );
    return rows.map((row) => row.id);
  }

  /**
   * From the commit on nobody sees these runs and the models that they have logged. Runs below them are nobody's
   * children.
   */
  async takeRuns(tx: Transaction, ids: readonly RunId[]): Promise<void> {
    await this.detachChildren(tx, ids);
    await tx.query(
      '/* tracking.takeLoggedModels */ UPDATE logged_model SET project_id = $2 WHERE source_run_id = ANY($1)',
      [ids, GOING],
    );
    await tx.query('/* tracking.takeRuns */ UPDATE run SET project_id = $2 WHERE id = ANY($1)', [ids, GOING]);
  }

  async askExperiment(tx: Transaction, { id }: Experiment, now: Date): Promise<void> {
    await tx.query(
      '/* tracking.askExperiment */ UPDATE experiment SET purge_asked_at = coalesce(purge_asked_at, $2) WHERE id = $1',
      [id, now],
    );
  }

  /** Its name is free from the commit on. Models that no run has logged go with it. */
  async takeExperiment(tx: Transaction, { id }: Experiment): Promise<void> {
    await tx.query(
      '/* tracking.takeModelsOfExperiment */ UPDATE logged_model SET project_id = $2 WHERE experiment_id = $1',
      [id, GOING],
    );
    await tx.query(
      '/* tracking.takeExperiment */ UPDATE experiment SET project_id = $2, name = id::text WHERE id = $1',
      [id, GOING],
    );
  }

  /** Experiments whose runs are still to be taken, with their projects. */
  askedExperiments(sql: SqlRunner, limit: number): Promise<Experiment[]> {
    return sql.query<Experiment>(
      `/* tracking.askedExperiments */ SELECT ${EXPERIMENT} FROM experiment e
       WHERE e.purge_asked_at IS NOT NULL AND e.project_id <> $1 ORDER BY e.purge_asked_at LIMIT $2`,
      [GOING, limit],
    );
  }

  async goingExperiments(sql: SqlRunner, limit: number): Promise<readonly ExperimentId[]> {
    const rows = await sql.query<{ id: ExperimentId }>(
      `/* tracking.goingExperiments */ SELECT e.id FROM experiment e WHERE e.project_id = $1
         AND e.purge_asked_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM run r WHERE r.experiment_id = e.id)
       ORDER BY e.purge_asked_at LIMIT $2`,
      [GOING, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** The next runs that are going, but for those that another server is at, or whose points are being joined. */
  async holdGoingRuns(tx: Transaction): Promise<readonly RunId[]> {
    const rows = await tx.query<{ id: RunId }>(
      `/* tracking.holdGoingRuns */ SELECT id FROM run WHERE project_id = $1 ORDER BY started_at, id LIMIT $2
       FOR UPDATE SKIP LOCKED`,
      [GOING, RUNS_PER_STEP],
    );
    return rows.map(({ id }) => id);
  }

  /** Deletes a part of these runs, the runs themselves at last. @param tx holds the runs' rows */
  async deleteSome(tx: Transaction, ids: readonly RunId[]): Promise<void> {
    let room = await this.deleteParts(tx, RUN_PARTS, 'run_id', ids, ROWS_PER_STEP);
    if (room === 0) return;
    const models = await this.holdModels(tx, 'source_run_id', ids);
    room = await this.deleteModels(tx, models, room);
    if (room === 0 || models.length === MODELS_PER_STEP) return;
    await this.detachChildren(tx, ids); // those that were hung below them while they went
    await tx.query('/* tracking.deleteRuns */ DELETE FROM run WHERE id = ANY($1)', [ids]);
  }

  /** As `deleteSome`, of an experiment that has no run any more. True where nothing is left to be done now. */
  async deleteSomeOfExperiment(tx: Transaction, id: ExperimentId): Promise<boolean> {
    const held = await tx.query<object>(
      `/* tracking.holdGoingExperiment */ SELECT id FROM experiment WHERE id = $1 AND project_id = $2
       FOR UPDATE SKIP LOCKED`,
      [id, GOING],
    );
    if (held.length === 0) return true;
    const models = await this.holdModels(tx, 'experiment_id', [id]);
    const room = await this.deleteModels(tx, models, ROWS_PER_STEP);
    if (room === 0 || models.length === MODELS_PER_STEP) return false;
    if ((await this.deleteParts(tx, EXPERIMENT_PARTS, 'experiment_id', [id], room)) === 0) return false;
    await tx.query('/* tracking.deleteExperiment */ DELETE FROM experiment WHERE id = $1', [id]);
    return true;
  }

  private async detachChildren(tx: Transaction, ids: readonly RunId[]): Promise<void> {
    await tx.query(
      `/* tracking.detachChildren */ UPDATE run SET parent_run_id = NULL
       FROM (SELECT id FROM run WHERE parent_run_id = ANY($1) ORDER BY id FOR NO KEY UPDATE) held
       WHERE run.id = held.id`,
      [ids],
    );
  }

  private async holdModels(
    tx: Transaction,
    column: 'source_run_id' | 'experiment_id',
    owners: readonly (RunId | ExperimentId)[],
  ): Promise<readonly LoggedModelId[]> {
    const rows = await tx.query<{ id: LoggedModelId }>(
      `/* tracking.holdGoingModels */ SELECT id FROM logged_model WHERE ${column} = ANY($1) ORDER BY id LIMIT $2 FOR UPDATE`,
      [owners, MODELS_PER_STEP],
    );
    return rows.map(({ id }) => id);
  }

  private async deleteModels(tx: Transaction, ids: readonly LoggedModelId[], room: number): Promise<number> {
    if (ids.length === 0) return room;
    const left = await this.deleteParts(tx, LOGGED_MODEL_PARTS, 'logged_model_id', ids, room);
    if (left > 0)
      await tx.query('/* tracking.deleteModels */ DELETE FROM logged_model WHERE id = ANY($1)', [ids]);
    return left;
  }

  /** Gives the room that is left; 0 where there may be more rows. */
  private async deleteParts(
    tx: Transaction,
    parts: readonly RunPart[],
    column: string,
    owners: readonly string[],
    room: number,
  ): Promise<number> {
    let left = room;
    for (const { table, weight } of parts) {
      const limit = Math.ceil(left / weight);
      const [row] = await tx.query<{ deleted: number }>(
        `/* tracking.deletePart */ WITH gone AS (
           DELETE FROM ${table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM ${table} WHERE ${column} = ANY($1) LIMIT $2))
           RETURNING 1
         ) SELECT count(*)::int AS deleted FROM gone`,
        [owners, limit],
      );
      const deleted = row?.deleted ?? 0;
      if (deleted >= limit) return 0;
      left -= deleted * weight;
    }
    return left;
  }
}

import { newId, type ProjectId } from '../kernel/ids';
import type { Transaction } from '../kernel/database/sql';
import type { Experiment, ExperimentId, KeyValue, RunId } from './run';
import { EXPERIMENT } from './tracking.queries';

/** Writes experiments. Whoever changes one holds its row first. */
export class ExperimentStore {
  /** Null where there is one of that name. A concurrent twin waits for this transaction. */
  async add(
    tx: Transaction,
    projectId: ProjectId,
    { name, description = null }: { readonly name: string; readonly description?: string | null },
    now: Date,
  ): Promise<Experiment | null> {
    await lockName(tx, projectId, name);
    const [experiment] = await tx.query<Experiment>(
      `/* tracking.addExperiment */
       INSERT INTO experiment AS e (id, project_id, name, description, created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (project_id, name) DO NOTHING RETURNING ${EXPERIMENT}`,
      [newId(), projectId, name, description, now],
    );
    return experiment ?? null;
  }

  /** The experiment, which nobody else changes before this transaction ends. Null where it is going for good. */
  async hold(tx: Transaction, projectId: ProjectId, id: ExperimentId): Promise<Experiment | null> {
    const [experiment] = await tx.query<Experiment>(
      `/* tracking.holdExperiment */ SELECT ${EXPERIMENT} FROM experiment e
       WHERE e.id = $1 AND e.project_id = $2 AND e.purge_asked_at IS NULL FOR NO KEY UPDATE`,
      [id, projectId],
    );
    return experiment ?? null;
  }

  /** The experiment, which nobody changes or deletes before this transaction ends; others may share it. */
  async share(tx: Transaction, projectId: ProjectId, id: ExperimentId): Promise<Experiment | null> {
    const [experiment] = await tx.query<Experiment>(
      `/* tracking.shareExperiment */ SELECT ${EXPERIMENT} FROM experiment e
       WHERE e.id = $1 AND e.project_id = $2 FOR SHARE`,
      [id, projectId],
      { prepareAs: 'tracking.shareExperiment' },
    );
    return experiment ?? null;
  }

  /** As `share`. */
  async shareNamed(tx: Transaction, projectId: ProjectId, name: string): Promise<Experiment | null> {
    const [experiment] = await tx.query<Experiment>(
      `/* tracking.shareExperimentNamed */ SELECT ${EXPERIMENT} FROM experiment e
       WHERE e.project_id = $1 AND e.name = $2 FOR SHARE`,
      [projectId, name],
      { prepareAs: 'tracking.shareExperimentNamed' },
    );
    return experiment ?? null;
  }

  /**
   * As `share`: the experiments of these runs, in the order of their ids, so that two such calls never wait for each
   * other.
   */
  shareOf(tx: Transaction, projectId: ProjectId, runIds: readonly RunId[]): Promise<readonly Experiment[]> {
    return tx.query<Experiment>(
      `/* tracking.shareExperimentsOf */ SELECT ${EXPERIMENT} FROM experiment e
       WHERE e.project_id = $1 AND e.id IN (SELECT experiment_id FROM run WHERE id = ANY($2) AND project_id = $1)
       ORDER BY e.id FOR SHARE OF e`,
      [projectId, runIds],
    );
  }

  /** Null where another experiment has the name. */
  async update(
    tx: Transaction,
    { id, projectId, name: oldName }: Experiment,
    changed: Pick<Experiment, 'name' | 'description' | 'deletedAt' | 'updatedAt'>,
  ): Promise<Experiment | null> {
    if (changed.name !== oldName) await lockName(tx, projectId, changed.name);
    const [experiment] = await tx.query<Experiment>(
      `/* tracking.updateExperiment */ UPDATE experiment AS e
       SET name = $3, description = $4, deleted_at = $5, updated_at = $6
       WHERE e.id = $1 AND NOT EXISTS (
         SELECT 1 FROM experiment other WHERE other.project_id = $2 AND other.name = $3 AND other.id <> $1)
       RETURNING ${EXPERIMENT}`,
      [id, projectId, changed.name, changed.description, changed.deletedAt, changed.updatedAt],
    );
    return experiment ?? null;
  }

  async putTags(tx: Transaction, { id, projectId }: Experiment, tags: readonly KeyValue[]): Promise<void> {
    await tx.query(
      `/* tracking.putExperimentTags */ INSERT INTO experiment_tag (experiment_id, project_id, key, value)
       SELECT $1::uuid, $2::uuid, tag.key, tag.value FROM unnest($3::text[], $4::text[]) AS tag (key, value)
       ON CONFLICT (experiment_id, key) DO UPDATE SET value = excluded.value`,
      [id, projectId, tags.map(({ key }) => key), tags.map(({ value }) => value)],
    );
  }

  async removeTags(tx: Transaction, { id }: Experiment, keys: readonly string[]): Promise<void> {
    await tx.query(
      '/* tracking.removeExperimentTags */ DELETE FROM experiment_tag WHERE experiment_id = $1 AND key = ANY($2)',
      [id, keys],
    );
  }

  async countTags(tx: Transaction, { id }: Experiment): Promise<number> {
    const [row] = await tx.query<{ count: string }>(
      '/* tracking.countExperimentTags */ SELECT count(*) AS count FROM experiment_tag WHERE experiment_id = $1',
      [id],
    );
    return Number(row?.count);
  }

  /** Those that are not deleted yet: their time of deletion is the experiment's, by which they are found again. */
  async deleteRuns(tx: Transaction, { id }: Experiment, deletedAt: Date): Promise<readonly RunId[]> {
    const rows = await tx.query<{ id: RunId }>(
      `/* tracking.deleteExperimentRuns */ UPDATE run SET deleted_at = $2
       WHERE experiment_id = $1 AND deleted_at IS NULL RETURNING id`,
      [id, deletedAt],
    );
    return rows.map((row) => row.id);
  }

  async restoreRuns(tx: Transaction, { id }: Experiment, deletedAt: Date): Promise<readonly RunId[]> {
    const rows = await tx.query<{ id: RunId }>(
      `/* tracking.restoreExperimentRuns */ UPDATE run SET deleted_at = NULL
       WHERE experiment_id = $1 AND deleted_at = $2 RETURNING id`,
      [id, deletedAt],
    );
    return rows.map((row) => row.id);
  }
}

/** Who makes an experiment and who gives another one the same name wait for each other. */
async function lockName(tx: Transaction, projectId: ProjectId, name: string): Promise<void> {
  await tx.query(`/* tracking.lockExperimentName */ SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, [
    `experiment ${projectId} ${name}`,
  ]);
}

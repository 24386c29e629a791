import type { ProjectId } from '../kernel/ids';
import type { Transaction } from '../kernel/database/sql';
import type { KeyValue, Run, RunId } from './run';
import { RUN } from './tracking.queries';

export interface MarkedRun {
  readonly run: Run;
  /** False where it was so already. */
  readonly isChanged: boolean;
}

/** Writes what may change of a run at any time. */
export class RunStore {
  /** The run, which nobody else changes before this transaction ends. */
  async hold(tx: Transaction, projectId: ProjectId, id: RunId): Promise<Run | null> {
    const [run] = await tx.query<Run>(
      `/* tracking.holdRun */ SELECT ${RUN} FROM run r WHERE r.id = $1 AND r.project_id = $2 FOR NO KEY UPDATE`,
      [id, projectId],
      { prepareAs: 'tracking.holdRun' },
    );
    return run ?? null;
  }

  async rename(tx: Transaction, { id }: Run, name: string): Promise<Run> {
    const [run] = await tx.query<Run>(
      `/* tracking.renameRun */ UPDATE run AS r SET name = $2 WHERE r.id = $1 RETURNING ${RUN}`,
      [id, name],
    );
    return run as Run;
  }

  /** The caller holds the run. Gives the number of all tags that it has then. */
  async putTags(tx: Transaction, { id, projectId }: Run, tags: readonly KeyValue[]): Promise<number> {
    // What stood there before is all that the statement sees: those that it puts are counted by their keys.
    const [row] = await tx.query<{ others: string }>(
      `/* tracking.putTags */ WITH put AS (
         INSERT INTO run_tag (run_id, project_id, key, value)
         SELECT $1::uuid, $2::uuid, tag.key, tag.value FROM unnest($3::text[], $4::text[]) AS tag (key, value)
         ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value
       )
       SELECT count(*) AS others FROM run_tag WHERE run_id = $1 AND key <> ALL($3)`,
      [id, projectId, tags.map(({ key }) => key), tags.map(({ value }) => value)],
      { prepareAs: 'tracking.putTags' },
    );
    return Number(row?.others) + tags.length;
  }

  async removeTags(tx: Transaction, { id }: Run, keys: readonly string[]): Promise<void> {
    await tx.query('/* tracking.removeTags */ DELETE FROM run_tag WHERE run_id = $1 AND key = ANY($2)', [
      id,
      keys,
    ]);
  }

  /**
   * Those of the runs that there are, deleted at that time or before, or restored; and whether that is new. In the
   * order of their ids: two such calls cannot wait for each other.
   */
  async mark(
    tx: Transaction,
    projectId: ProjectId,
    ids: readonly RunId[],
    deletedAt: Date | null,
  ): Promise<readonly MarkedRun[]> {
    const rows = await tx.query<Run & { readonly isChanged: boolean }>(
      `/* tracking.markRuns */ UPDATE run AS r
       SET deleted_at = CASE WHEN $3::timestamptz IS NULL THEN NULL ELSE coalesce(r.deleted_at, $3) END
       FROM (SELECT id, deleted_at FROM run WHERE id = ANY($2) AND project_id = $1 ORDER BY id FOR NO KEY UPDATE) held
       WHERE r.id = held.id RETURNING ${RUN}, (held.deleted_at IS NULL) <> ($3::timestamptz IS NULL) AS "isChanged"`,
      [projectId, ids, deletedAt],
    );
    return rows.map(({ isChanged, ...run }) => ({ run, isChanged }));
  }
}

import type { ArtifactReferences } from './artifact-references';
import { REMOVAL_LOCK } from './artifact-rows';
import type { Sha256 } from './artifact';
import type { ProjectId } from '../ids';
import type { SqlRunner, Transaction } from '../database/sql';

export interface ArtifactKey {
  readonly projectId: ProjectId;
  readonly sha256: Sha256;
}

/** How long a removal that is done is remembered, in hours: no upload lasts longer than one. */
const REMEMBERED_HOURS = 24;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** Takes artifacts out that nothing refers to. */
export class CollectionStore {
  constructor(
    private readonly references: readonly ArtifactReferences[],
    private readonly graceHours: number,
  ) {}

  /** The next artifacts, and which of them nothing refers to, and nobody has used of late. */
  page(
    sql: SqlRunner,
    after: ArtifactKey | null,
    limit: number,
  ): Promise<(ArtifactKey & { readonly isFree: boolean })[]> {
    return sql.query(
      `/* artifacts.collectionPage */ WITH page AS MATERIALIZED (
         SELECT project_id, sha256, used_at FROM artifact WHERE (project_id, sha256) > ($1::uuid, $2::char(64))
         ORDER BY project_id, sha256 LIMIT $3
       )
       SELECT page.project_id AS "projectId", page.sha256,
         used_at < now() - make_interval(hours => $4) AND ${this.isFreeSql('page')} AS "isFree"
       FROM page ORDER BY page.project_id, page.sha256`,
      [after?.projectId ?? BEFORE_ALL, after?.sha256 ?? '', limit, this.graceHours],
    );
  }

  /**
   * Of these, the rows that are free still; their bytes are to be removed where no project has them. Gives their
   * number.
   */
  async release(tx: Transaction, keys: readonly ArtifactKey[]): Promise<number> {
    const parameters = [keys.map(({ projectId }) => projectId), keys.map(({ sha256 }) => sha256)];
    const held = await tx.query<ArtifactKey>(
      `/* artifacts.holdFree */ SELECT a.project_id AS "projectId", a.sha256 FROM artifact a
       JOIN unnest($1::uuid[], $2::char(64)[]) AS k (project_id, sha256)
         ON a.project_id = k.project_id AND a.sha256 = k.sha256
       WHERE a.used_at < now() - make_interval(hours => $3)
       ORDER BY a.project_id, a.sha256 FOR UPDATE OF a SKIP LOCKED`,
      [...parameters, this.graceHours],
    );
    // Another statement, so that it sees who has referred to them while the rows were waited for.
    const [row] = await tx.query<{ released: number }>(
      `/* artifacts.release */ WITH released AS (
         DELETE FROM artifact a USING unnest($1::uuid[], $2::char(64)[]) AS k (project_id, sha256)
         WHERE a.project_id = k.project_id AND a.sha256 = k.sha256 AND ${this.isFreeSql('a')}
         RETURNING a.project_id, a.sha256
       ), listed AS (
         INSERT INTO artifact_removal (sha256, project_id) SELECT DISTINCT ON (sha256) sha256, project_id FROM released
         ON CONFLICT (sha256) DO UPDATE
           SET project_id = excluded.project_id, created_at = now(), attempted_at = NULL, done_at = NULL
       )
       SELECT count(*)::int AS released FROM released`,
      [held.map(({ projectId }) => projectId), held.map(({ sha256 }) => sha256)],
    );
    return row?.released ?? 0;
  }

  /** Bytes that are to be removed, the oldest first. */
  async removals(sql: SqlRunner, limit: number): Promise<readonly Sha256[]> {
    const rows = await sql.query<{ sha256: Sha256 }>(
      `/* artifacts.removals */ SELECT sha256 FROM artifact_removal WHERE done_at IS NULL ORDER BY created_at LIMIT $1`,
      [limit],
    );
    return rows.map(({ sha256 }) => sha256);
  }

  /** From here on the bytes may be gone. False where a project has them again, and they are to stay. */
  async attempt(sql: SqlRunner, sha256: Sha256): Promise<boolean> {
    const rows = await sql.query<object>(
      `/* artifacts.attemptRemoval */ UPDATE artifact_removal SET attempted_at = now()
       WHERE sha256 = $1 AND done_at IS NULL AND NOT EXISTS (SELECT 1 FROM artifact a WHERE a.sha256 = $1)
       RETURNING sha256`,
      [sha256],
    );
    if (rows.length > 0) return true;
    await sql.query(
      `/* artifacts.endRemoval */ UPDATE artifact_removal SET done_at = now()
       WHERE sha256 = $1 AND done_at IS NULL AND EXISTS (SELECT 1 FROM artifact a WHERE a.sha256 = $1)`,
      [sha256],
    );
    return false;
  }

  /** Until the transaction ends, nobody inserts a row for any bytes. False where these are somebody's, or are gone. */
  async holdRemoval(tx: Transaction, sha256: Sha256): Promise<boolean> {
    await tx.query('/* artifacts.lockRemoval */ SELECT pg_advisory_xact_lock($1)', [REMOVAL_LOCK]);
    const rows = await tx.query<object>(
      `/* artifacts.holdRemoval */ SELECT sha256 FROM artifact_removal
       WHERE sha256 = $1 AND done_at IS NULL AND NOT EXISTS (SELECT 1 FROM artifact a WHERE a.sha256 = $1)
       FOR UPDATE`,
      [sha256],
    );
    return rows.length > 0;
  }

  async removed(tx: Transaction, sha256: Sha256): Promise<void> {
    await tx.query('/* artifacts.removed */ UPDATE artifact_removal SET done_at = now() WHERE sha256 = $1', [
      sha256,
    ]);
  }

  async forgetRemovals(sql: SqlRunner): Promise<void> {
    await sql.query(
      `/* artifacts.forgetRemovals */ DELETE FROM artifact_removal WHERE done_at < now() - make_interval(hours => $1)`,
      [REMEMBERED_HOURS],
    );
  }

  private isFreeSql(artifact: string): string {
    return this.references.map(({ sql }) => `NOT EXISTS (${sql(artifact)})`).join(' AND ') || 'TRUE';
  }
}

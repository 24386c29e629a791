import type { Artifact, Sha256 } from './artifact';
import type { ProjectId } from '../ids';
import type { SqlRunner, Transaction } from '../database/sql';

/** Any number, the same for ever: it names our lock among a database's advisory locks. */
export const REMOVAL_LOCK = 4_715_062_207;
/** Until what was found is told as used once more, in seconds: not every read is a write. */
const USED_AGAIN_AFTER_S = 900;
/** For so long after somebody began to remove bytes they may still be on their way out, in seconds. */
const ATTEMPT_LASTS_S = 60;

/** Which project has which bytes. */
export class ArtifactRows {
  constructor(private readonly sql: SqlRunner) {}

  /**
   * Until the transaction ends, no bytes are removed. Says what is known of a removal of these: none; that it may be
   * under way, its remover having lost the database; or that there was one, or is to be one.
   */
  async holdAgainstRemoval(tx: Transaction, sha256: Sha256): Promise<'none' | 'known' | 'under way'> {
    await tx.query('/* artifacts.holdAgainstRemoval */ SELECT pg_advisory_xact_lock_shared($1)', [
      REMOVAL_LOCK,
    ]);
    const [removal] = await tx.query<{ isUnderWay: boolean }>(
      `/* artifacts.removalOf */ SELECT done_at IS NULL AND attempted_at IS NOT NULL
         AND attempted_at > now() - make_interval(secs => $2) AS "isUnderWay"
       FROM artifact_removal WHERE sha256 = $1`,
      [sha256, ATTEMPT_LASTS_S],
    );
    if (!removal) return 'none';
    return removal.isUnderWay ? 'under way' : 'known';
  }

  /** False where the project had them already. */
  async put(tx: Transaction, projectId: ProjectId, { sha256, sizeBytes }: Artifact): Promise<boolean> {
    const [row] = await tx.query<{ isNew: boolean }>(
      `/* artifacts.put */ INSERT INTO artifact (project_id, sha256, size_bytes) VALUES ($1, $2, $3)
       ON CONFLICT (project_id, sha256) DO UPDATE SET used_at = now() RETURNING xmax = 0 AS "isNew"`,
      [projectId, sha256, sizeBytes],
    );
    return row?.isNew ?? false;
  }

  async findMany(projectId: ProjectId, sha256s: readonly Sha256[]): Promise<(Artifact | null)[]> {
    const rows = await this.sql.query<{ sha256: Sha256; sizeBytes: string; isStale: boolean }>(
      `/* artifacts.findMany */ SELECT sha256, size_bytes AS "sizeBytes",
         used_at < now() - make_interval(secs => $3) AS "isStale"
       FROM artifact WHERE project_id = $1 AND sha256 = ANY($2)`,
      [projectId, sha256s, USED_AGAIN_AFTER_S],
    );
    const stale = rows.filter(({ isStale }) => isStale).map(({ sha256 }) => sha256);
    const used = stale.length > 0 ? await this.useAgain(projectId, stale) : new Set();
    const found = new Map(
      rows
        .filter(({ sha256, isStale }) => !isStale || used.has(sha256))
        .map(({ sha256, sizeBytes }) => [sha256, { sha256, sizeBytes: Number(sizeBytes) }]),
    );
    return sha256s.map((sha256) => found.get(sha256) ?? null);
  }

  /** Those that are there still, and stay for a while. */
  private async useAgain(projectId: ProjectId, sha256s: readonly Sha256[]): Promise<ReadonlySet<Sha256>> {
    const rows = await this.sql.query<{ sha256: Sha256 }>(
      `/* artifacts.useAgain */ UPDATE artifact SET used_at = now()
       WHERE project_id = $1 AND sha256 = ANY($2) RETURNING sha256`,
      [projectId, sha256s],
    );
    return new Set(rows.map(({ sha256 }) => sha256));
  }
}

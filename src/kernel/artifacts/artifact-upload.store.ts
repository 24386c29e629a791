import { ArtifactUploadEntity } from './artifact-upload.entity';
import type { Sha256 } from './artifact';
import type { UploadId, Upload, StoredPart } from './artifact-upload';
import type { DraftId } from './drafts';
import type { ProjectId } from '../ids';
import type { SqlRunner, Transaction } from '../database/sql';

const UPLOAD = `id, project_id AS "projectId", place, part_count AS "partCount", token_hash AS "tokenHash", sha256`;

/** The rows of uploads and their parts. */
export class ArtifactUploadStore {
  constructor(private readonly sql: SqlRunner) {}

  async find(id: UploadId): Promise<Upload | null> {
    const [upload] = await this.sql.query<Upload>(
      `/* uploads.find */ SELECT ${UPLOAD} FROM artifact_upload WHERE id = $1`,
      [id],
    );
    return upload ?? null;
  }

  /** Those of the project that are not joined yet. */
  async countOpen(projectId: ProjectId): Promise<number> {
    const [row] = await this.sql.query<{ open: number }>(
      `/* uploads.countOpen */ SELECT count(*)::integer AS open FROM artifact_upload
       WHERE project_id = $1 AND sha256 IS NULL`,
      [projectId],
    );
    return row?.open ?? 0;
  }

  /** Bytes of all parts but one. */
  async sizeOfOthers(id: UploadId, number: number): Promise<number> {
    const [row] = await this.sql.query<{ bytes: string }>(
      `/* uploads.sizeOfOthers */ SELECT coalesce(sum(size_bytes), 0)::bigint AS bytes FROM artifact_upload_part
       WHERE upload_id = $1 AND number <> $2`,
      [id, number],
    );
    return Number(row?.bytes ?? 0);
  }

  async parts(id: UploadId): Promise<readonly StoredPart[]> {
    const rows = await this.sql.query<StoredPart>(
      `/* uploads.parts */ SELECT number, draft_id AS "draftId", sha256, size_bytes AS "sizeBytes"
       FROM artifact_upload_part WHERE upload_id = $1 ORDER BY number`,
      [id],
    );
    return rows.map((row) => ({ ...row, sizeBytes: Number(row.sizeBytes) }));
  }

  async add(tx: Transaction, upload: Upload): Promise<void> {
    await tx.insert('uploads.add', ArtifactUploadEntity, upload);
  }

  /** The upload, which nobody else changes before this transaction ends. */
  async hold(tx: Transaction, id: UploadId): Promise<Upload | null> {
    const [upload] = await tx.query<Upload>(
      `/* uploads.hold */ SELECT ${UPLOAD} FROM artifact_upload WHERE id = $1 FOR NO KEY UPDATE`,
      [id],
    );
    return upload ?? null;
  }

  /** The draft whose place it took; null where the part is new. */
  async putPart(tx: Transaction, upload: Upload, part: StoredPart): Promise<DraftId | null> {
    const [before] = await tx.query<{ draftId: DraftId | null }>(
      `/* uploads.putPart */ WITH before AS (
         SELECT draft_id FROM artifact_upload_part WHERE upload_id = $1 AND number = $2
       ), put AS (
         INSERT INTO artifact_upload_part (upload_id, number, project_id, draft_id, sha256, size_bytes)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (upload_id, number) DO UPDATE
           SET draft_id = excluded.draft_id, sha256 = excluded.sha256, size_bytes = excluded.size_bytes
       )
       SELECT (SELECT draft_id FROM before) AS "draftId"`,
      [upload.id, part.number, upload.projectId, part.draftId, part.sha256, part.sizeBytes],
    );
    return before?.draftId ?? null;
  }

  /** Keeps what it has become. Gives the drafts that nobody needs any more. */
  async joined(tx: Transaction, id: UploadId, sha256: Sha256): Promise<readonly DraftId[]> {
    await tx.query('/* uploads.joined */ UPDATE artifact_upload SET sha256 = $2 WHERE id = $1', [id, sha256]);
    return this.removeParts(tx, [id]);
  }

  /** Gives the drafts that nobody needs any more. */
  async remove(tx: Transaction, ids: readonly UploadId[]): Promise<readonly DraftId[]> {
    const drafts = await this.removeParts(tx, ids);
    await tx.query('/* uploads.remove */ DELETE FROM artifact_upload WHERE id = ANY($1)', [ids]);
    return drafts;
  }

  /** Those that were opened so long ago, which are held from then on; some of them, and none that others hold. */
  async holdOld(tx: Transaction, olderThanMs: number, limit: number): Promise<readonly UploadId[]> {
    const rows = await tx.query<{ id: UploadId }>(
      `/* uploads.holdOld */ SELECT id FROM artifact_upload WHERE created_at < now() - make_interval(secs => $1)
       ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED`,
      [olderThanMs / 1_000, limit],
    );
    return rows.map(({ id }) => id);
  }

  private async removeParts(tx: Transaction, ids: readonly UploadId[]): Promise<readonly DraftId[]> {
    const rows = await tx.query<{ draftId: DraftId }>(
      `/* uploads.removeParts */ DELETE FROM artifact_upload_part WHERE upload_id = ANY($1)
       RETURNING draft_id AS "draftId"`,
      [ids],
    );
    return rows.map(({ draftId }) => draftId);
  }
}

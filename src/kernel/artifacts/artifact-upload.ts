import type { Id, ProjectId } from '../ids';
import type { Sha256 } from './artifact';
import type { DraftId } from './drafts';

export type UploadId = Id<'artifact_upload'>;

export interface Upload {
  readonly id: UploadId;
  readonly projectId: ProjectId;
  readonly place: string;
  readonly partCount: number;
  readonly tokenHash: string;
  readonly sha256: Sha256 | null;
}

export interface StoredPart {
  readonly number: number;
  readonly draftId: DraftId;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

import type { Readable } from 'node:stream';
import type { Sha256 } from './artifact';
import type { Id } from '../ids';

export type DraftId = Id<'draft'>;

/** How long a store keeps a draft at least, in ms. After that it may remove it. */
export const DRAFT_KEPT_MS = 24 * 3_600_000;

/** Bytes that are not an artifact yet, by a name of ours that nobody else has. All servers of a store see them. */
export interface DraftStore {
  /** Reads `body` to its end. Throws `ArtifactTooLarge` or `StoreFull`, and keeps nothing then. */
  writeDraft(
    id: DraftId,
    body: Readable,
    maxBytes: number,
  ): Promise<{ readonly actual: Sha256; readonly sizeBytes: number }>;
  /** The caller ends or destroys the stream. Throws `DraftLost`. */
  readDraft(id: DraftId): Promise<Readable>;
  /** That there is none is no fault. */
  removeDraft(id: DraftId): Promise<void>;
}

/** The bytes of a draft are not where they were kept. */
export class DraftLost extends Error {}

/**
 * What was live before, told by the moves of an alias alone. Each move remembers the move that a rollback would
 * return to, so the history is a stack in a log: promotions push, rollbacks pop, and finding the way back reads
 * two rows however long the history is.
 */
export interface MoveLink {
  /** The alias's revision after the move. */
  readonly revision: number;
  readonly versionId: string;
  /** Revision of the move that a rollback returns to; null where nothing was live before. */
  readonly returnsTo: number | null;
}

/** A promotion: a rollback will return to what is live now. */
export function linkPromotion<Version extends string>(current: MoveLink | null, versionId: Version) {
  return { revision: (current?.revision ?? 0) + 1, versionId, returnsTo: current?.revision ?? null };
}

/** A rollback: from now on `target` is live again, and a further rollback returns to where `target` would have. */
export function linkRollback<Target extends MoveLink>(current: MoveLink, target: Target) {
  return {
    revision: current.revision + 1,
    versionId: target.versionId as Target['versionId'],
    returnsTo: target.returnsTo,
  };
}

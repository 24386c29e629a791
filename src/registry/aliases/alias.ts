import type { Id } from '../../kernel/ids';
import type { ModelId } from '../models/model';
import type { ModelVersionId } from '../versions/model-version';

export type AliasId = Id<'alias'>;

/** A name of a model that points at one of its versions, and moves. */
export interface Alias {
  readonly id: AliasId;
  readonly modelId: ModelId;
  readonly name: string;
  readonly versionId: ModelVersionId;
  /** 1, 2, …: how often it has moved. */
  readonly revision: number;
}

export const MOVE_KINDS = ['PROMOTION', 'ROLLBACK', 'REMOVAL'] as const;
export type MoveKind = (typeof MOVE_KINDS)[number];

/** One move of an alias, as its history tells it. */
export interface AliasMove {
  readonly aliasId: AliasId;
  readonly revision: number;
  readonly kind: MoveKind;
  /** What it points at since then; for a removal, what it pointed at until then. */
  readonly versionId: ModelVersionId;
  readonly fromVersionId: ModelVersionId | null;
  readonly reason: string | null;
  readonly actorName: string;
  readonly at: Date;
}

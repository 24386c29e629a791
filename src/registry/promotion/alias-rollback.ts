import type { Actor } from '../../kernel/actor';
import type { Database } from '../../kernel/database/database';
import {
  notFound,
  refuse,
  type InvalidInput,
  type NotFound,
  type Refusal,
  type RevisionConflict,
} from '../../kernel/errors';
import { refusableTransaction } from '../../kernel/database/refusable-transaction';
import type { Alias } from '../aliases/alias';
import type { AliasMoves } from '../aliases/alias-moves';
import type { ModelVersionId } from '../versions/model-version';
import { conflictOf } from './promotion';
import { checkRollback, type RollbackInput } from './promotion-input';
import { nothingToRollBack, type NothingToRollBack } from '../registry.errors';
import type { RegistryQueries } from '../registry.queries';
import type { RegistryStore } from '../registry.store';

export type RollbackResult =
  | { readonly ok: true; readonly alias: Alias; readonly fromId: ModelVersionId }
  | Refusal<RevisionConflict | NothingToRollBack | NotFound | InvalidInput>;

/** Back to what was live before. It asks no gates: it must also work when the house is on fire. */
export class AliasRollback {
  constructor(
    private readonly needs: {
      readonly database: Database;
      readonly queries: RegistryQueries;
      readonly store: RegistryStore;
      readonly moves: AliasMoves;
    },
  ) {}

  async rollBack(actor: Actor, input: RollbackInput): Promise<RollbackResult> {
    const invalid = checkRollback(input);
    if (invalid) return refuse(invalid);
    const model = await this.needs.queries.modelByName(actor.projectId, input.model);
    if (!model) return refuse(notFound('model', input.model));
    return refusableTransaction(this.needs.database, async (tx): Promise<RollbackResult> => {
      const current = await this.needs.store.lockAlias(tx, model.id, input.alias);
      if (!current) return refuse(notFound('alias', `${input.model}@${input.alias}`));
      const conflict = conflictOf(input, current);
      if (conflict) return refuse(conflict);
      const details = { reason: input.reason, actorName: actor.keyName, gates: [] };
      const alias = await this.needs.moves.rollBack(tx, model, current, details);
      return alias ? { ok: true, alias, fromId: current.versionId } : refuse(nothingToRollBack(input.alias));
    });
  }
}

import type { Actor } from '../../kernel/actor';
import type { Database } from '../../kernel/database/database';
import { notFound, refuse, type InvalidInput, type NotFound, type Refusal } from '../../kernel/errors';
import { InputCheck, MAX_PROSE_LENGTH } from '../../kernel/input-check';
import { refusableTransaction } from '../../kernel/database/refusable-transaction';
import type { Alias } from './alias';
import type { AliasMoves } from './alias-moves';
import { followsAlias } from '../reference';
import type { ReferenceUsers } from '../reference-users';
import { inUse, type InUse } from '../registry.errors';
import type { RegistryStore } from '../registry.store';

export interface RemoveAliasInput {
  readonly model: string;
  readonly alias: string;
  readonly reason?: string | null;
}
export type AliasRemoved =
  /** The alias as it was. */
  { readonly ok: true; readonly alias: Alias } | Refusal<NotFound | InUse | InvalidInput>;

/** How an alias goes. Its history stays, and goes on where somebody sets it again. */
export class AliasRemoval {
  constructor(
    private readonly needs: {
      readonly database: Database;
      readonly store: RegistryStore;
      readonly moves: AliasMoves;
      readonly users: ReferenceUsers;
    },
  ) {}

  async remove(actor: Actor, input: RemoveAliasInput): Promise<AliasRemoved> {
    const invalid = new InputCheck().optionalText('reason', input.reason, MAX_PROSE_LENGTH).result();
    if (invalid) return refuse(invalid);
    const name = `${input.model}@${input.alias}`;
    return refusableTransaction(this.needs.database, async (tx): Promise<AliasRemoved> => {
      const model = await this.needs.store.holdModel(tx, actor.projectId, input.model);
      const current = model && (await this.needs.store.lockAlias(tx, model.id, input.alias));
      if (!model || !current) return refuse(notFound('alias', name));
      const all = await this.needs.users.usersOf(tx, actor.projectId, model.name);
      const followers = all.filter(({ ref }) => followsAlias(ref, input.alias));
      if (followers.length > 0) return refuse(inUse(`The alias “${name}”`, followers));
      const details = { reason: input.reason ?? null, actorName: actor.keyName, gates: [] };
      await this.needs.moves.remove(tx, model, current, details);
      return { ok: true, alias: current };
    });
  }
}

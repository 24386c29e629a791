import type { Bus } from '../kernel/bus';
import type { Outbox } from '../kernel/outbox';
import type { Transaction } from '../kernel/sql';
import type { Alias } from './alias';
import type { Model } from './model';
import type { ModelVersionId } from './model-version';
import { aliasMoved, ROUTING_TOPIC } from './registry.events';
import type { AliasLink, NewMove, RegistryStore } from './registry.store';
import { linkPromotion, linkRollback } from './rollback';

export type MoveDetails = Omit<NewMove, 'kind' | 'fromVersionId'>;

/** Writes one move of an alias: its row, its history, what happened, and the wake-up of whoever routes by it. */
export class AliasMoves {
  constructor(
    private readonly needs: { readonly store: RegistryStore; readonly outbox: Outbox; readonly bus: Bus },
  ) {}

  /** The first move of an alias makes it. Null where somebody else has just made it. */
  async create(
    tx: Transaction,
    model: Model,
    name: string,
    versionId: ModelVersionId,
    details: MoveDetails,
  ): Promise<Alias | null> {
    const { id: modelId, projectId } = model;
    const alias = await this.needs.store.addAlias(tx, { projectId, modelId, name, versionId });
    if (!alias) return null;
    await this.tell(tx, model, alias, linkPromotion(null, versionId), {
      ...details,
      kind: 'PROMOTION',
      fromVersionId: null,
    });
    return alias;
  }

  /** `current` is locked. */
  async promote(
    tx: Transaction,
    model: Model,
    current: Alias,
    versionId: ModelVersionId,
    details: MoveDetails,
  ): Promise<Alias> {
    const link = linkPromotion(await this.needs.store.link(tx, current.id, current.revision), versionId);
    const alias = await this.needs.store.moveAlias(tx, current, versionId);
    await this.tell(tx, model, alias, link, {
      ...details,
      kind: 'PROMOTION',
      fromVersionId: current.versionId,
    });
    return alias;
  }

  /** `current` is locked. Null where nothing was live before. */
  async rollBack(tx: Transaction, model: Model, current: Alias, details: MoveDetails): Promise<Alias | null> {
    const now = await this.needs.store.link(tx, current.id, current.revision);
    if (now.returnsTo === null) return null;
    const link = linkRollback(now, await this.needs.store.link(tx, current.id, now.returnsTo));
    const alias = await this.needs.store.moveAlias(tx, current, link.versionId);
    await this.tell(tx, model, alias, link, {
      ...details,
      kind: 'ROLLBACK',
      fromVersionId: current.versionId,
    });
    return alias;
  }

  private async tell(
    tx: Transaction,
    model: Model,
    alias: Alias,
    link: AliasLink,
    move: NewMove,
  ): Promise<void> {
    await this.needs.store.addMove(tx, model.projectId, alias.id, link, move);
    await this.needs.outbox.append(tx, aliasMoved(model.projectId, model, alias, move.fromVersionId));
    await this.needs.bus.wake(tx, ROUTING_TOPIC);
  }
}

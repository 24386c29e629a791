import type { Bus } from '../../kernel/bus';
import type { Outbox } from '../../kernel/outbox';
import type { Transaction } from '../../kernel/database/sql';
import type { Alias } from './alias';
import type { Model } from '../models/model';
import type { ModelVersionId } from '../versions/model-version';
import { aliasMoved, aliasRemoved, ROUTING_TOPIC } from '../registry.events';
import { RegistryChangesStore } from '../registry-changes.store';
import type { AliasLink, NewMove, RegistryStore } from '../registry.store';
import { linkPromotion, linkRollback } from './rollback';

export type MoveDetails = Omit<NewMove, 'kind' | 'fromVersionId'>;

/** Writes one move of an alias: its row, its history, what happened, and the wake-up of whoever routes by it. */
export class AliasMoves {
  private readonly changes = new RegistryChangesStore();

  constructor(
    private readonly needs: { readonly store: RegistryStore; readonly outbox: Outbox; readonly bus: Bus },
  ) {}

  /** The first move of an alias makes it, or brings it back. Null where somebody else has just made it. */
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
    await this.tell(
      tx,
      model,
      alias,
      { ...linkPromotion(null, versionId), revision: alias.revision },
      {
        ...details,
        kind: 'PROMOTION',
        fromVersionId: null,
      },
    );
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
    const before = await this.liveBefore(tx, current, now.returnsTo);
    if (before === null) return null;
    const link = linkRollback(now, before);
    const alias = await this.needs.store.moveAlias(tx, current, link.versionId);
    await this.tell(tx, model, alias, link, {
      ...details,
      kind: 'ROLLBACK',
      fromVersionId: current.versionId,
    });
    return alias;
  }

  /** `current` is locked. What was live before it came back is not what a later rollback returns to. */
  async remove(tx: Transaction, model: Model, current: Alias, details: MoveDetails): Promise<void> {
    const { versionId } = current;
    const removed = await this.changes.removeAlias(tx, current);
    const link = { revision: removed.revision, versionId, returnsTo: null };
    const move = { ...details, kind: 'REMOVAL', fromVersionId: versionId } as const;
    await this.needs.store.addMove(tx, model.projectId, current.id, link, move);
    await this.needs.outbox.append(tx, aliasRemoved(model, removed));
    await this.needs.bus.wake(tx, ROUTING_TOPIC);
  }

  /** The newest move to return to whose version has not been deleted since. */
  private async liveBefore(tx: Transaction, { id }: Alias, revision: number): Promise<AliasLink | null> {
    for (let next: number | null = revision; next !== null;) {
      const link = await this.needs.store.link(tx, id, next);
      if ((await this.needs.store.version(tx, link.versionId)).deletedAt === null) return link;
      next = link.returnsTo;
    }
    return null;
  }

  private async tell(
    tx: Transaction,
    model: Model,
    alias: Alias,
    link: AliasLink,
    move: NewMove,
  ): Promise<void> {
    await this.needs.store.addMove(tx, model.projectId, alias.id, link, move);
    const { ordinal } = await this.needs.store.version(tx, alias.versionId);
    const moved = aliasMoved(model.projectId, model, alias, move.fromVersionId, ordinal);
    await this.needs.outbox.append(tx, moved);
    await this.needs.bus.wake(tx, ROUTING_TOPIC);
  }
}

import type { Actor } from '../../kernel/actor';
import type { Bus } from '../../kernel/bus';
import type { Database } from '../../kernel/database/database';
import {
  notFound,
  refuse,
  type InvalidInput,
  type NameConflict,
  type NotFound,
  type Refusal,
} from '../../kernel/errors';
import { InputCheck, MAX_PROSE_LENGTH } from '../../kernel/input-check';
import type { Outbox } from '../../kernel/outbox';
import { refusableTransaction } from '../../kernel/database/refusable-transaction';
import type { Transaction } from '../../kernel/database/sql';
import type { KeyValue } from '../../tracking/tracking';
import type { Model } from './model';
import type { ReferenceUsers } from '../reference-users';
import { RegistryChangesStore } from '../registry-changes.store';
import { inUse, modelNameTaken, tooManyTags, type InUse } from '../registry.errors';
import { modelCreated, modelRenamed, ROUTING_TOPIC, tagsChanged } from '../registry.events';
import type { RegistryStore } from '../registry.store';
import { checkTags, MAX_TAGS, tagsOf } from '../tags';

export interface UpdateModelInput {
  /** Name of the model. */
  readonly model: string;
  /** Its new name. Absent, as the others: as it is. */
  readonly name?: string | null;
  readonly description?: string | null;
  readonly tags?: readonly KeyValue[] | null;
  readonly removeTags?: readonly string[] | null;
}

export type ModelChanged =
  { readonly ok: true; readonly model: Model } | Refusal<NotFound | NameConflict | InUse | InvalidInput>;
export type ModelDeleted = { readonly ok: true; readonly model: Model } | Refusal<NotFound | InUse>;

/** A model that was made without a policy, as other registries make theirs. */
export interface AddModelInput {
  readonly name: string;
  readonly description?: string | null;
  readonly tags?: readonly KeyValue[] | null;
}

/** How models come by other doors, change their words and go. The front door has checked that the caller may. */
export class ModelChanges {
  private readonly changes = new RegistryChangesStore();

  constructor(
    private readonly needs: {
      readonly database: Database;
      readonly outbox: Outbox;
      readonly bus: Bus;
      readonly store: RegistryStore;
      readonly users: ReferenceUsers;
    },
  ) {}

  /** Refused where there is one of that name. */
  async add(
    { projectId }: Actor,
    input: AddModelInput,
  ): Promise<{ readonly ok: true; readonly model: Model } | Refusal<NameConflict | InvalidInput>> {
    const invalid = checkWords(new InputCheck().name('name', input.name), input);
    if (invalid) return refuse(invalid);
    return refusableTransaction<{ ok: true; model: Model }, NameConflict>(this.needs.database, async (tx) => {
      const { model, created } = await this.needs.store.lockModel(tx, projectId, input.name);
      if (!created) return refuse(modelNameTaken(input.name));
      const words = { ...model, description: input.description ?? '', tags: tagsOf(input.tags) };
      const said = await this.changes.updateModel(tx, model, { ...words, removeTags: [], isTouch: false });
      await this.needs.outbox.append(tx, modelCreated(said ?? model));
      return { ok: true, model: said ?? model };
    });
  }

  /** Changes what is given. A model that endpoints name keeps its name: they would name nothing. */
  async update(actor: Actor, input: UpdateModelInput): Promise<ModelChanged> {
    const { name = null, description = null, tags, removeTags } = input;
    const check = new InputCheck();
    if (name !== null) check.name('name', name);
    const invalid = checkWords(check, input);
    if (invalid) return refuse(invalid);
    return refusableTransaction(this.needs.database, async (tx): Promise<ModelChanged> => {
      const before = await this.needs.store.holdModel(tx, actor.projectId, input.model);
      if (!before) return refuse(notFound('model', input.model));
      const isRenamed = name !== null && name !== before.name;
      const users = isRenamed ? await this.usersOf(tx, before) : [];
      if (users.length > 0) return refuse(inUse(`The model “${before.name}”`, users));
      const model = await this.changes.updateModel(tx, before, {
        name: name ?? before.name,
        description: description ?? before.description,
        tags: tagsOf(tags),
        removeTags: removeTags ?? [],
        isTouch: isRenamed || description !== null,
      });
      if (!model) return refuse(modelNameTaken(name ?? before.name));
      if (Object.keys(model.tags).length > MAX_TAGS) return refuse(tooManyTags());
      if (isRenamed) await this.renamed(tx, before, model);
      const change = { before: before.tags, put: tagsOf(tags), remove: removeTags ?? [] };
      const told = tagsChanged(model, null, change);
      if (told) await this.needs.outbox.append(tx, told);
      return { ok: true, model };
    });
  }

  /** With its versions. Refused while an alias or an endpoint leads to one of them: traffic would end. */
  async delete(actor: Actor, name: string): Promise<ModelDeleted> {
    return refusableTransaction(this.needs.database, async (tx): Promise<ModelDeleted> => {
      const model = await this.needs.store.holdModel(tx, actor.projectId, name);
      if (!model) return refuse(notFound('model', name));
      const users = await this.usersOf(tx, model);
      const aliases = await this.changes.aliasNames(tx, model.id, null);
      if (users.length > 0 || aliases.length > 0) return refuse(inUse(`The model “${name}”`, users, aliases));
      const deleted = await this.changes.deleteModel(tx, model.id);
      await this.needs.bus.wake(tx, ROUTING_TOPIC);
      return { ok: true, model: deleted };
    });
  }

  private usersOf(tx: Transaction, { projectId, name }: Model) {
    return this.needs.users.usersOf(tx, projectId, name);
  }

  private async renamed(tx: Transaction, before: Model, model: Model): Promise<void> {
    await this.changes.touchVersions(tx, model.id);
    const versions = await this.changes.versionRefs(tx, model);
    const aliases = await this.changes.aliasNames(tx, model.id, null);
    await this.needs.outbox.append(tx, modelRenamed(model, before.name, versions, aliases));
    await this.needs.bus.wake(tx, ROUTING_TOPIC);
  }
}

function checkWords(
  check: InputCheck,
  { description, tags, removeTags }: Pick<UpdateModelInput, 'description' | 'tags' | 'removeTags'>,
): InvalidInput | null {
  check.optionalText('description', description, MAX_PROSE_LENGTH);
  checkTags(check, tags, removeTags);
  return check.result();
}

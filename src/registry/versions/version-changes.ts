import type { Actor } from '../../kernel/actor';
import type { Bus } from '../../kernel/bus';
import type { Database } from '../../kernel/database/database';
import { notFound, refuse, type InvalidInput, type NotFound, type Refusal } from '../../kernel/errors';
import { InputCheck, MAX_PROSE_LENGTH } from '../../kernel/input-check';
import type { Outbox } from '../../kernel/outbox';
import { refusableTransaction } from '../../kernel/database/refusable-transaction';
import type { Transaction } from '../../kernel/database/sql';
import type { KeyValue } from '../../tracking/tracking';
import type { ModelVersion } from './model-version';
import { parseReference } from '../reference';
import type { ReferenceUsers } from '../reference-users';
import { RegistryChangesStore } from '../registry-changes.store';
import { inUse, tooManyTags, type InUse } from '../registry.errors';
import { ROUTING_TOPIC, tagsChanged } from '../registry.events';
import { RegistryQueries } from '../registry.queries';
import type { RegistryStore } from '../registry.store';
import type { Stage } from './stage';
import { checkTags, MAX_TAGS, tagsOf } from '../tags';

export interface UpdateVersionInput {
  readonly ref: string;
  /** Absent, as the others: as it is. */
  readonly description?: string | null;
  readonly tags?: readonly KeyValue[] | null;
  readonly removeTags?: readonly string[] | null;
}
export interface SetStageInput {
  readonly ref: string;
  readonly stage: Stage;
  /** Other versions of the model at this stage become archived. */
  readonly archiveOthers: boolean;
}

interface Changed {
  readonly ok: true;
  readonly version: ModelVersion;
}
export type VersionChanged = Changed | Refusal<NotFound | InvalidInput>;
export type VersionDeleted = Changed | Refusal<NotFound | InUse>;

/** How versions change their words and go. The front door has checked that the caller may. */
export class VersionChanges {
  private readonly changes = new RegistryChangesStore();

  constructor(
    private readonly needs: {
      readonly database: Database;
      readonly bus: Bus;
      readonly outbox: Outbox;
      readonly store: RegistryStore;
      readonly users: ReferenceUsers;
    },
  ) {}

  async update(actor: Actor, input: UpdateVersionInput): Promise<VersionChanged> {
    const { description = null, tags, removeTags } = input;
    const check = new InputCheck().optionalText('description', description, MAX_PROSE_LENGTH);
    checkTags(check, tags, removeTags);
    const invalid = check.result();
    if (invalid) return refuse(invalid);
    return this.changing<InvalidInput>(actor, input.ref, async (tx, before) => {
      await this.changes.updateVersion(tx, before.id, {
        description: description ?? before.description,
        tags: tagsOf(tags),
        removeTags: removeTags ?? [],
        isTouch: description !== null,
      });
      const version = await this.needs.store.version(tx, before.id);
      if (Object.keys(version.tags).length > MAX_TAGS) return refuse(tooManyTags());
      const model = { ...version, id: version.modelId, name: version.modelName };
      const change = { before: before.tags, put: tagsOf(tags), remove: removeTags ?? [] };
      const told = tagsChanged(model, version.ordinal, change);
      if (told) await this.needs.outbox.append(tx, told);
      return { ok: true, version };
    });
  }

  async setStage(
    actor: Actor,
    { ref, stage, archiveOthers }: SetStageInput,
  ): Promise<Changed | Refusal<NotFound>> {
    return this.changing<NotFound>(actor, ref, async (tx, { id, modelId }) => {
      await this.changes.setStage(tx, id, stage);
      if (archiveOthers) await this.changes.archiveOthers(tx, modelId, id, stage);
      return { ok: true, version: await this.needs.store.version(tx, id) };
    });
  }

  /** Its number and its ordinal are never given again. Refused while an alias or an endpoint leads to it. */
  async delete(actor: Actor, ref: string): Promise<VersionDeleted> {
    return this.changing<InUse>(actor, ref, async (tx, version) => {
      const all = await this.needs.users.usersOf(tx, actor.projectId, version.modelName);
      const users = all.filter((user) => names(user.ref, version));
      const aliases = await this.changes.aliasNames(tx, version.modelId, version.id);
      if (users.length > 0 || aliases.length > 0) return refuse(inUse(version.ref, users, aliases));
      await this.changes.deleteVersion(tx, version.id);
      await this.needs.bus.wake(tx, ROUTING_TOPIC);
      return { ok: true, version: await this.needs.store.version(tx, version.id) };
    });
  }

  /** `work` has the version as it is with its model's row held. */
  private async changing<Refused extends NotFound | InvalidInput | InUse>(
    { projectId }: Actor,
    ref: string,
    work: (tx: Transaction, before: ModelVersion) => Promise<Changed | Refusal<Refused>>,
  ): Promise<Changed | Refusal<Refused | NotFound>> {
    const reference = parseReference(ref);
    if (!reference) return refuse(notFound('model version', ref));
    return refusableTransaction<Changed, Refused | NotFound>(this.needs.database, async (tx) => {
      const model = await this.needs.store.holdModel(tx, projectId, reference.model);
      const [version] = model
        ? await new RegistryQueries(tx).versionsByReferences(projectId, [reference])
        : [];
      return version ? work(tx, version) : refuse(notFound('model version', ref));
    });
  }
}

/** By its number or its place; who follows an alias names what the alias points at. */
function names(ref: string, version: ModelVersion): boolean {
  const target = parseReference(ref)?.target;
  if (target?.kind === 'ordinal') return target.ordinal === version.ordinal;
  return target?.kind === 'number' && ref === version.ref;
}

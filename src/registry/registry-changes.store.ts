import type { ProjectId } from '../kernel/ids';
import type { Transaction } from '../kernel/database/sql';
import type { Alias } from './aliases/alias';
import type { Model, ModelId, Tags } from './models/model';
import type { ModelVersionId } from './versions/model-version';
import { ALIAS_COLUMNS, MODEL_COLUMNS, type AliasRow } from './registry-rows';
import { lockModelName } from './registry.store';
import type { Stage } from './versions/stage';

/** What becomes of tags: some are put, some are taken away before that. */
export interface TagChanges {
  readonly tags: Tags;
  readonly removeTags: readonly string[];
}

/** Writes of what may change of models and versions. Whoever changes something holds the model's row. */
export class RegistryChangesStore {
  /** Null where another model has the name. `isTouch`: whether its time of change follows. */
  async updateModel(
    tx: Transaction,
    before: Model,
    changed: Pick<Model, 'name' | 'description'> & TagChanges & { readonly isTouch: boolean },
  ): Promise<Model | null> {
    const { id, projectId, name } = before;
    if (changed.name !== name) await lockModelName(tx, projectId, changed.name);
    const [model] = await tx.query<Model>(
      `/* registry.updateModel */ UPDATE model AS m
       SET name = $3, description = $4, tags = (m.tags - $5::text[]) || $6::jsonb,
         updated_at = CASE WHEN $7 THEN now() ELSE m.updated_at END
       WHERE m.id = $1 AND NOT EXISTS (
         SELECT 1 FROM model other
         WHERE other.project_id = $2 AND other.name = $3 AND other.deleted_at IS NULL AND other.id <> $1)
       RETURNING ${MODEL_COLUMNS}`,
      [
        id,
        projectId,
        changed.name,
        changed.description,
        changed.removeTags,
        JSON.stringify(changed.tags),
        changed.isTouch,
      ],
    );
    return model ?? null;
  }

  /** With its name its versions have another one too. */
  async touchVersions(tx: Transaction, modelId: ModelId): Promise<void> {
    await tx.query(
      '/* registry.touchVersions */ UPDATE model_version SET updated_at = now() WHERE model_id = $1',
      [modelId],
    );
  }

  async updateVersion(
    tx: Transaction,
    id: ModelVersionId,
    changed: TagChanges & { readonly description: string; readonly isTouch: boolean },
  ): Promise<void> {
    await tx.query(
      `/* registry.updateVersion */ UPDATE model_version AS v
       SET description = $2, tags = (v.tags - $3::text[]) || $4::jsonb,
         updated_at = CASE WHEN $5 THEN now() ELSE v.updated_at END
       WHERE v.id = $1`,
      [id, changed.description, changed.removeTags, JSON.stringify(changed.tags), changed.isTouch],
    );
  }

  async setStage(tx: Transaction, id: ModelVersionId, stage: Stage): Promise<void> {
    await tx.query(
      '/* registry.setStage */ UPDATE model_version SET stage = $2, updated_at = now() WHERE id = $1',
      [id, stage],
    );
  }

  /** All other versions of the model that are at this stage. */
  async archiveOthers(tx: Transaction, modelId: ModelId, id: ModelVersionId, stage: Stage): Promise<void> {
    await tx.query(
      `/* registry.archiveOthers */ UPDATE model_version SET stage = 'Archived', updated_at = now()
       WHERE model_id = $1 AND id <> $2 AND stage = $3 AND deleted_at IS NULL`,
      [modelId, id, stage],
    );
  }

  async deleteVersion(tx: Transaction, id: ModelVersionId): Promise<void> {
    await tx.query('/* registry.deleteVersion */ UPDATE model_version SET deleted_at = now() WHERE id = $1', [
      id,
    ]);
  }

  async deleteModel(tx: Transaction, id: ModelId): Promise<Model> {
    await tx.query(
      `/* registry.deleteVersions */ UPDATE model_version SET deleted_at = now()
       WHERE model_id = $1 AND deleted_at IS NULL`,
      [id],
    );
    const [model] = await tx.query<Model>(
      `/* registry.deleteModel */ UPDATE model AS m SET deleted_at = now() WHERE m.id = $1 RETURNING ${MODEL_COLUMNS}`,
      [id],
    );
    if (!model) throw new Error('The model is held, so it is there.');
    return model;
  }

  /** `current` is locked. Its row stays, as does its history. */
  async removeAlias(tx: Transaction, current: Alias): Promise<Alias> {
    const [removed] = await tx.query<AliasRow>(
      `/* registry.removeAlias */ UPDATE model_alias a SET removed_at = now(), revision = a.revision + 1
       WHERE a.id = $1 RETURNING ${ALIAS_COLUMNS}`,
      [current.id],
    );
    if (!removed) throw new Error('The alias is locked, so its row is there.');
    return removed;
  }

  /** Names of the aliases that point at any version of the model, or at this one. */
  async aliasNames(
    tx: Transaction,
    modelId: ModelId,
    versionId: ModelVersionId | null,
  ): Promise<readonly string[]> {
    const rows = await tx.query<{ name: string }>(
      `/* registry.aliasNames */ SELECT a.name FROM model_alias a
       WHERE a.model_id = $1 AND a.removed_at IS NULL AND ($2::uuid IS NULL OR a.version_id = $2) ORDER BY a.name`,
      [modelId, versionId],
    );
    return rows.map(({ name }) => name);
  }

  /** The references of all versions that there are, for whoever knows them by these. */
  async versionRefs(
    tx: Transaction,
    model: Pick<Model, 'id' | 'name'>,
  ): Promise<readonly { readonly versionId: ModelVersionId; readonly ref: string }[]> {
    return tx.query(
      `/* registry.versionRefs */ SELECT id AS "versionId",
         $2::text || '@' || major || '.' || minor || '.' || pipeline AS ref
       FROM model_version WHERE model_id = $1 AND deleted_at IS NULL ORDER BY ordinal`,
      [model.id, model.name],
    );
  }

  /** Whoever adds a reference to one of these models holds its row, so that what it names stays until then. */
  async holdForReferences(tx: Transaction, projectId: ProjectId, names: readonly string[]): Promise<void> {
    await tx.query(
      `/* registry.holdForReferences */ SELECT id FROM model
       WHERE project_id = $1 AND name = ANY($2) AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE`,
      [projectId, names],
    );
  }
}

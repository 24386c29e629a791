import type { Sha256 } from '../kernel/artifacts/artifact';
import type { ProjectId } from '../kernel/ids';
import type { DomainEvent } from '../kernel/outbox';
import type { DatasetVersionId } from '../datasets/datasets';
import type { KeyValue, RunId } from '../tracking/tracking';
import type { Alias, AliasId } from './aliases/alias';
import type { Model, ModelId, Tags } from './models/model';
import type { ModelVersion, ModelVersionId } from './versions/model-version';
import { isPrompt } from './models/prompt';
import { tagList } from './tags';

/** Woken whenever an alias moves: whoever routes by aliases reads them again. */
export const ROUTING_TOPIC = 'routing';

const modelTopic = (modelId: ModelId) => `model:${modelId}`;

/** What data was to a version: what its numbers were measured on, or what it was made from. */
export type DatasetRole = 'evaluated' | 'trained';

export interface VersionRegistered {
  readonly versionId: ModelVersionId;
  readonly ref: string;
  readonly modelId: ModelId;
  readonly modelName: string;
  readonly ordinal: number;
  readonly runId: RunId | null;
  readonly sha256: Sha256;
  /** As the client of another protocol gave it; null where it was registered here. */
  readonly source: string | null;
  readonly description: string;
  readonly tags: Tags;
  readonly isPrompt: boolean;
  readonly datasetVersionIds: readonly { readonly id: DatasetVersionId; readonly role: DatasetRole }[];
}
export type VersionRegisteredEvent = DomainEvent<'registry.version-registered', VersionRegistered>;

export interface AliasMoved {
  readonly modelId: ModelId;
  readonly modelName: string;
  readonly alias: string;
  readonly aliasId: AliasId;
  readonly fromVersionId: ModelVersionId | null;
  readonly toVersionId: ModelVersionId;
  /** Of the version that it leads to. */
  readonly ordinal: number;
  readonly revision: number;
  readonly isPrompt: boolean;
}
export type AliasMovedEvent = DomainEvent<'registry.alias-moved', AliasMoved>;

export function versionRegistered(
  version: ModelVersion,
  datasetVersionIds: VersionRegistered['datasetVersionIds'],
): VersionRegisteredEvent {
  const { id: versionId, ref, modelId, modelName, ordinal, runId, sha256, projectId } = version;
  const { origin, description, tags } = version;
  const payload = {
    ...{ versionId, ref, modelId, modelName, ordinal, runId, sha256, datasetVersionIds },
    ...{ source: origin?.uri ?? null, description, tags, isPrompt: isPrompt(tags) },
  };
  return { type: 'registry.version-registered', topic: modelTopic(modelId), projectId, payload };
}

export function aliasMoved(
  projectId: ProjectId,
  model: Pick<Model, 'id' | 'name' | 'tags'>,
  alias: Alias,
  fromVersionId: ModelVersionId | null,
  ordinal: number,
): AliasMovedEvent {
  const { id: aliasId, name, versionId: toVersionId, revision } = alias;
  const payload = {
    modelId: model.id,
    modelName: model.name,
    alias: name,
    aliasId,
    fromVersionId,
    toVersionId,
    ordinal,
    revision,
    isPrompt: isPrompt(model.tags),
  };
  return { type: 'registry.alias-moved', topic: modelTopic(model.id), projectId, payload };
}

export interface AliasRemoved {
  readonly modelId: ModelId;
  readonly modelName: string;
  readonly alias: string;
  readonly aliasId: AliasId;
  readonly fromVersionId: ModelVersionId;
  readonly revision: number;
  readonly isPrompt: boolean;
}
export type AliasRemovedEvent = DomainEvent<'registry.alias-removed', AliasRemoved>;

/** @param alias as it is after that */
export function aliasRemoved({ projectId, name: modelName, tags }: Model, alias: Alias): AliasRemovedEvent {
  const { id: aliasId, modelId, name, versionId: fromVersionId, revision } = alias;
  const prompt = isPrompt(tags);
  const payload = { modelId, modelName, alias: name, aliasId, fromVersionId, revision, isPrompt: prompt };
  return { type: 'registry.alias-removed', topic: modelTopic(modelId), projectId, payload };
}

export interface ModelRenamed {
  readonly modelId: ModelId;
  readonly from: string;
  readonly to: string;
  readonly versions: readonly { readonly versionId: ModelVersionId; readonly ref: string }[];
  readonly aliases: readonly string[];
}
export type ModelRenamedEvent = DomainEvent<'registry.model-renamed', ModelRenamed>;

/** All that has the model's name in its own says it otherwise from now on. */
export function modelRenamed(
  { id: modelId, projectId, name: to }: Model,
  from: string,
  versions: ModelRenamed['versions'],
  aliases: readonly string[],
): ModelRenamedEvent {
  const payload = { modelId, from, to, versions, aliases };
  return { type: 'registry.model-renamed', topic: modelTopic(modelId), projectId, payload };
}

export interface ModelCreated {
  readonly modelId: ModelId;
  readonly name: string;
  readonly description: string;
  readonly tags: Tags;
  readonly isPrompt: boolean;
}
export type ModelCreatedEvent = DomainEvent<'registry.model-created', ModelCreated>;

export function modelCreated({ id: modelId, projectId, name, description, tags }: Model): ModelCreatedEvent {
  const payload = { modelId, name, description, tags, isPrompt: isPrompt(tags) };
  return { type: 'registry.model-created', topic: modelTopic(modelId), projectId, payload };
}

export interface TagsChanged {
  readonly modelId: ModelId;
  readonly modelName: string;
  /** Of the version that has the tags; null where the model has them. */
  readonly ordinal: number | null;
  readonly set: readonly KeyValue[];
  readonly removed: readonly string[];
  readonly isPrompt: boolean;
}
export type TagsChangedEvent = DomainEvent<'registry.tags-changed', TagsChanged>;

/** What a change puts, whether it was there or not, and what it takes away that was. */
export interface TagChange {
  readonly before: Tags;
  readonly put: Tags;
  readonly remove: readonly string[];
}

/** Null where nothing is said otherwise. */
export function tagsChanged(
  model: Pick<Model, 'id' | 'projectId' | 'name' | 'tags'>,
  ordinal: number | null,
  { before, put, remove }: TagChange,
): TagsChangedEvent | null {
  const { id: modelId, projectId, name: modelName, tags } = model;
  const removed = remove.filter((key) => Object.hasOwn(before, key) && !Object.hasOwn(put, key));
  const set = tagList(put);
  if (set.length + removed.length === 0) return null;
  const payload = { modelId, modelName, ordinal, set, removed, isPrompt: isPrompt(tags) };
  return { type: 'registry.tags-changed', topic: modelTopic(modelId), projectId, payload };
}

import type { Sha256 } from '../kernel/artifacts';
import type { ProjectId } from '../kernel/ids';
import type { DomainEvent } from '../kernel/outbox';
import type { DatasetVersionId } from '../datasets/datasets';
import type { RunId } from '../tracking/tracking';
import type { Alias, AliasId } from './alias';
import type { Model, ModelId } from './model';
import type { ModelVersion, ModelVersionId } from './model-version';

/** Woken whenever an alias moves: whoever routes by aliases reads them again. */
export const ROUTING_TOPIC = 'routing';

const modelTopic = (modelId: ModelId) => `model:${modelId}`;

/** What data was to a version: what its numbers were measured on, or what it was made from. */
export type DatasetRole = 'evaluated' | 'trained';

export interface VersionRegistered {
  readonly versionId: ModelVersionId;
  readonly ref: string;
  readonly modelId: ModelId;
  readonly runId: RunId | null;
  readonly sha256: Sha256;
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
  readonly revision: number;
}
export type AliasMovedEvent = DomainEvent<'registry.alias-moved', AliasMoved>;

export function versionRegistered(
  version: ModelVersion,
  datasetVersionIds: VersionRegistered['datasetVersionIds'],
): VersionRegisteredEvent {
  const { id: versionId, ref, modelId, runId, sha256, projectId } = version;
  const payload = { versionId, ref, modelId, runId, sha256, datasetVersionIds };
  return { type: 'registry.version-registered', topic: modelTopic(modelId), projectId, payload };
}

export function aliasMoved(
  projectId: ProjectId,
  model: Pick<Model, 'id' | 'name'>,
  alias: Alias,
  fromVersionId: ModelVersionId | null,
): AliasMovedEvent {
  const { id: aliasId, name, versionId: toVersionId, revision } = alias;
  const payload = {
    modelId: model.id,
    modelName: model.name,
    alias: name,
    aliasId,
    fromVersionId,
    toVersionId,
    revision,
  };
  return { type: 'registry.alias-moved', topic: modelTopic(model.id), projectId, payload };
}

import type { ProjectId } from '../kernel/ids';
import type { DomainEvent } from '../kernel/outbox';
import type { ModelId, ModelVersionId } from '../registry/registry';
import type { Endpoint, EndpointId } from './endpoints/endpoint';

/** What a variant leads to: an alias, where it follows one, else a version. */
export type VariantTarget =
  | { readonly kind: 'alias'; readonly modelId: ModelId; readonly alias: string }
  | { readonly kind: 'version'; readonly versionId: ModelVersionId };

export interface EndpointDeployed {
  readonly endpointId: EndpointId;
  readonly name: string;
  readonly revision: number;
  readonly targets: readonly VariantTarget[];
}
export type EndpointDeployedEvent = DomainEvent<'serving.endpoint-deployed', EndpointDeployed>;

export const endpointTopic = (endpointId: EndpointId) => `endpoint:${endpointId}`;

export function endpointDeployed(
  projectId: ProjectId,
  { id: endpointId, name, revision }: Pick<Endpoint, 'id' | 'name' | 'revision'>,
  targets: readonly VariantTarget[],
): EndpointDeployedEvent {
  const payload = { endpointId, name, revision, targets };
  return { type: 'serving.endpoint-deployed', topic: endpointTopic(endpointId), projectId, payload };
}

export interface EndpointDeleted {
  readonly endpointId: EndpointId;
  readonly name: string;
}
export type EndpointDeletedEvent = DomainEvent<'serving.endpoint-deleted', EndpointDeleted>;

export function endpointDeleted(
  projectId: ProjectId,
  endpointId: EndpointId,
  name: string,
): EndpointDeletedEvent {
  const payload = { endpointId, name };
  return { type: 'serving.endpoint-deleted', topic: endpointTopic(endpointId), projectId, payload };
}

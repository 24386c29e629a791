import type { DatasetVersionRegisteredEvent } from '../datasets/datasets.events';
import type { DomainEvent } from '../kernel/outbox';
import type {
  AliasMovedEvent,
  AliasRemovedEvent,
  ModelRenamedEvent,
  VersionRegisteredEvent,
} from '../registry/registry.events';
import type { EndpointDeletedEvent, EndpointDeployedEvent, VariantTarget } from '../serving/serving.events';
import type {
  ArtifactLoggedEvent,
  DatasetsReadEvent,
  RunsPurgedEvent,
  RunStartedEvent,
} from '../tracking/tracking.events';
import {
  aliasKey,
  artifactKey,
  datasetVersionKey,
  endpointKey,
  modelVersionKey,
  runKey,
  type LineageKey,
  type LineageKind,
} from './lineage-key';

export interface NodeChange {
  readonly key: LineageKey;
  readonly kind: LineageKind;
  readonly label: string;
}

/** Read as a sentence: `penguins@1` trained `penguins@1.0.0`. */
export interface EdgeChange {
  readonly from: LineageKey;
  readonly to: LineageKey;
  readonly label: string;
}

/** What follows from an event for the graph. */
export interface LineageChange {
  /** Things that the event names: they are called so from now on. */
  readonly named: readonly NodeChange[];
  /** Things that it only points at: made where they are missing, else left as they are. */
  readonly mentioned: readonly NodeChange[];
  readonly edges: readonly EdgeChange[];
  /** What leads to this node now is all that leads to it: older edges go. */
  readonly replacesSourcesOf: LineageKey | null;
  /** Things that are gone: they and what only they led to are forgotten, but for what something still comes from. */
  readonly forgotten: readonly LineageKey[];
}

type LineageEvent =
  | DatasetVersionRegisteredEvent
  | RunStartedEvent
  | DatasetsReadEvent
  | ArtifactLoggedEvent
  | RunsPurgedEvent
  | VersionRegisteredEvent
  | AliasMovedEvent
  | AliasRemovedEvent
  | ModelRenamedEvent
  | EndpointDeployedEvent
  | EndpointDeletedEvent;

/** Null where the event says nothing of what came from what. */
export function lineageChange(domainEvent: DomainEvent): LineageChange | null {
  const event = domainEvent as LineageEvent;
  switch (event.type) {
    case 'datasets.version-registered':
      return change({ named: [datasetVersion(event.payload.versionId, event.payload.ref)] });
    case 'tracking.run-started':
    case 'tracking.datasets-read':
      return runStarted(event.payload);
    case 'tracking.artifact-logged':
      return artifactLogged(event.payload);
    case 'tracking.runs-purged':
      return runsPurged(event.payload);
    case 'registry.version-registered':
      return versionRegistered(event.payload);
    case 'registry.alias-moved':
      return aliasMoved(event.payload);
    case 'registry.alias-removed':
      return change({ replacesSourcesOf: aliasKey(event.payload.modelId, event.payload.alias) });
    case 'registry.model-renamed':
      return modelRenamed(event.payload);
    case 'serving.endpoint-deployed':
      return endpointDeployed(event.payload);
    case 'serving.endpoint-deleted':
      return change({ forgotten: [endpointKey(event.payload.endpointId)] });
    default:
      return null;
  }
}

function runStarted({ runId, name, datasetVersionIds }: RunStartedEvent['payload']): LineageChange {
  const run = runKey(runId);
  return change({
    named: [{ key: run, kind: 'RUN', label: name }],
    mentioned: datasetVersionIds.map((id) => datasetVersion(id, shortId(id))),
    edges: datasetVersionIds.map((id) => ({ from: datasetVersionKey(id), to: run, label: 'read by' })),
  });
}

function artifactLogged({ runId, path, sha256 }: ArtifactLoggedEvent['payload']): LineageChange {
  const artifact = artifactKey(sha256);
  return change({
    named: [{ key: artifact, kind: 'ARTIFACT', label: `${path} (${sha256.slice(0, SHORT)})` }],
    mentioned: [{ key: runKey(runId), kind: 'RUN', label: shortId(runId) }],
    edges: [{ from: runKey(runId), to: artifact, label: 'logged' }],
  });
}

function runsPurged({ runs }: RunsPurgedEvent['payload']): LineageChange {
  return change({
    named: runs.map(({ runId, name }) => ({ key: runKey(runId), kind: 'RUN', label: `${name} (deleted)` })),
    forgotten: runs.map(({ runId }) => runKey(runId)),
  });
}

function versionRegistered(payload: VersionRegisteredEvent['payload']): LineageChange {
  const { versionId, ref, runId, sha256, datasetVersionIds } = payload;
  const version = modelVersionKey(versionId);
  const artifact: NodeChange = {
    key: artifactKey(sha256),
    kind: 'ARTIFACT',
    label: sha256.slice(0, SHORT),
  };
  const runs: NodeChange[] =
    runId === null ? [] : [{ key: runKey(runId), kind: 'RUN', label: shortId(runId) }];
  return change({
    named: [{ key: version, kind: 'MODEL_VERSION', label: ref }],
    mentioned: [artifact, ...runs, ...datasetVersionIds.map(({ id }) => datasetVersion(id, shortId(id)))],
    edges: [
      { from: artifact.key, to: version, label: 'file of' },
      ...runs.map((run) => ({ from: run.key, to: version, label: 'made' })),
      ...datasetVersionIds.map(({ id, role }) => ({ from: datasetVersionKey(id), to: version, label: role })),
    ],
  });
}

function aliasMoved({ modelId, modelName, alias, toVersionId }: AliasMovedEvent['payload']): LineageChange {
  const key = aliasKey(modelId, alias);
  return change({
    named: [{ key, kind: 'ALIAS', label: `${modelName}@${alias}` }],
    mentioned: [modelVersion(toVersionId)],
    edges: [{ from: modelVersionKey(toVersionId), to: key, label: 'named' }],
    replacesSourcesOf: key,
  });
}

function modelRenamed({ modelId, to, versions, aliases }: ModelRenamedEvent['payload']): LineageChange {
  return change({
    named: [
      ...versions.map(({ versionId, ref }) => ({ ...modelVersion(versionId), label: ref })),
      ...aliases.map((alias) => ({
        key: aliasKey(modelId, alias),
        kind: 'ALIAS' as const,
        label: `${to}@${alias}`,
      })),
    ],
  });
}

function endpointDeployed({ endpointId, name, targets }: EndpointDeployedEvent['payload']): LineageChange {
  const key = endpointKey(endpointId);
  const sources = targets.map(sourceOf);
  return change({
    named: [{ key, kind: 'ENDPOINT', label: name }],
    mentioned: sources,
    edges: sources.map((source) => ({ from: source.key, to: key, label: 'served by' })),
    replacesSourcesOf: key,
  });
}

const sourceOf = (target: VariantTarget): NodeChange =>
  target.kind === 'alias'
    ? { key: aliasKey(target.modelId, target.alias), kind: 'ALIAS', label: target.alias }
    : modelVersion(target.versionId);

const datasetVersion = (id: Parameters<typeof datasetVersionKey>[0], label: string): NodeChange => ({
  key: datasetVersionKey(id),
  kind: 'DATASET_VERSION',
  label,
});
const modelVersion = (id: Parameters<typeof modelVersionKey>[0]): NodeChange => ({
  key: modelVersionKey(id),
  kind: 'MODEL_VERSION',
  label: shortId(id),
});

/** Characters of a hash or an id that tell it apart for a person. */
const SHORT = 8;
/** The end of an id is random; its beginning is the time. */
const shortId = (id: string) => id.slice(-SHORT);

/** Two variants may follow one alias: every node and edge is told once, since a statement may touch a row once. */
const change = (parts: Partial<LineageChange>): LineageChange => ({
  named: unique(parts.named ?? [], ({ key }) => key),
  mentioned: unique(parts.mentioned ?? [], ({ key }) => key),
  edges: unique(parts.edges ?? [], ({ from, to, label }) => `${from} ${to} ${label}`),
  replacesSourcesOf: parts.replacesSourcesOf ?? null,
  forgotten: parts.forgotten ?? [],
});

const unique = <Row>(rows: readonly Row[], keyOf: (row: Row) => string): Row[] => [
  ...new Map(rows.map((row) => [keyOf(row), row])).values(),
];

import type { Sha256 } from '../kernel/artifacts/artifact';
import type { DomainEvent } from '../kernel/outbox';
import type { DatasetId, DatasetVersion, DatasetVersionId } from './dataset';

export interface DatasetVersionRegistered {
  readonly versionId: DatasetVersionId;
  readonly datasetId: DatasetId;
  /** `penguins@3`. */
  readonly ref: string;
  readonly sha256: Sha256 | null;
}
export type DatasetVersionRegisteredEvent = DomainEvent<
  'datasets.version-registered',
  DatasetVersionRegistered
>;

export function versionRegistered(version: DatasetVersion): DatasetVersionRegisteredEvent {
  const { id: versionId, datasetId, projectId, ref, sha256 } = version;
  const payload = { versionId, datasetId, ref, sha256 };
  return { type: 'datasets.version-registered', topic: `dataset:${datasetId}`, projectId, payload };
}

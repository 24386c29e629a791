import type { Artifact, Sha256 } from '../../kernel/artifacts/artifact';
import type { Id, ProjectId } from '../../kernel/ids';
import type { DatasetVersionId } from '../../datasets/datasets';
import type { RunId } from '../../tracking/tracking';
import type { ModelId, Tags } from '../models/model';
import type { Stage } from './stage';
import type { VersionReason } from './version-number';
import type { Signature } from '../contract/signature';

export type ModelVersionId = Id<'model_version'>;

/** Where the code came from. */
export interface CodeSource {
  readonly repository: string | null;
  readonly commit: string | null;
  readonly entryPoint: string | null;
  readonly dirty: boolean | null;
}

export const VERSION_FORMATS = ['ONNX', 'REMOTE', 'OPAQUE'] as const;
/**
 * What the bytes are: a model file that our workers run, a document that says which server has the model, or a list of
 * files that are kept and handed out, and never opened.
 */
export type VersionFormat = (typeof VERSION_FORMATS)[number];

/** One of the files that were logged together as a model. */
export interface VersionFile extends Artifact {
  /** Relative to the model's own folder. */
  readonly path: string;
}

/** Where a version that came by another protocol was registered from, in that protocol's words. */
export interface VersionOrigin {
  /** As the client gave it. */
  readonly uri: string;
  /** Where its files are fetched from: an address of ours. */
  readonly place: string;
  readonly link: string;
}

/** One registered model. What was registered never changes; what is said of it may. */
export interface ModelVersion {
  readonly id: ModelVersionId;
  readonly projectId: ProjectId;
  readonly modelId: ModelId;
  readonly modelName: string;
  /** `name@1.2.0`. */
  readonly ref: string;
  /** `1.2.0`. */
  readonly number: string;
  /** 1, 2, … in order of registration within the model. */
  readonly ordinal: number;
  readonly reason: VersionReason;
  readonly signature: Signature;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  readonly runId: RunId | null;
  readonly description: string;
  readonly source: CodeSource | null;
  readonly format: VersionFormat;
  /** Null where it was registered here. */
  readonly origin: VersionOrigin | null;
  readonly tags: Tags;
  readonly stage: Stage;
  readonly createdAt: Date;
  /** When its description or its stage changed. */
  readonly updatedAt: Date;
  /** Null while it is there. What happened with it tells of it still. */
  readonly deletedAt: Date | null;
}

/** A number that was measured for a version, and on which data. */
export interface VersionMetric {
  readonly key: string;
  readonly value: number;
  readonly datasetVersionId: DatasetVersionId | null;
  /** `penguins@3`; null without a dataset. */
  readonly datasetRef: string | null;
}

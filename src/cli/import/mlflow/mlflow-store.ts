import type { KeyValue } from '../../../client/operations/runs';
import type { SourceDataset, SourceFile, SourcePoint } from '../source-run';

/** Why what is deleted in the source, and does not come even with `--deleted`, stays behind. */
export const DELETED_FOR_GOOD = 'They are deleted in the source.';
/** Of traces. */
export const NO_PLACE = 'They have no place here.';

/** What MLflow keeps, wherever it keeps it: a server, a folder, a database. */
export interface MlflowStore {
  /** Where it is, for people: without a credential. */
  readonly place: string;
  experiments(): Promise<readonly MlflowExperiment[]>;
  /** Runs, deleted ones too, some at a time. */
  runs(experimentId: string): AsyncIterable<readonly MlflowRunRef[]>;
  /** Null where there is none. */
  run(runId: string): Promise<MlflowRunRef | null>;
  /** Points of one metric, in an order in which new ones are the last. */
  points(run: MlflowRun, key: string): AsyncIterable<readonly SourcePoint[]>;
  loggedModels(experimentId: string): Promise<readonly MlflowLoggedModel[]>;
  registeredModels(): Promise<readonly MlflowModel[]>;
  files(owner: FileOwner): AsyncIterable<SourceFile>;
  close(): void;
}

export interface MlflowExperiment {
  readonly id: string;
  readonly name: string;
  readonly isDeleted: boolean;
  readonly tags: readonly KeyValue[];
}

/** A run before it is read. */
export interface MlflowRunRef {
  readonly id: string;
  readonly name: string;
  readonly isDeleted: boolean;
  /** Changes when the run does. */
  readonly mark: string;
  load(): Promise<MlflowRun>;
}

export interface MlflowRun {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly userId: string;
  readonly status: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly artifactUri: string;
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly metricKeys: readonly string[];
  readonly datasets: readonly SourceDataset[];
  /** Ids of logged models that it has read. */
  readonly inputModels: readonly string[];
}

export interface ModelMetric extends Omit<SourcePoint, 'model'> {
  readonly runId: string;
  readonly datasetName: string | null;
  readonly datasetDigest: string | null;
}

export interface MlflowLoggedModel {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly modelType: string;
  readonly sourceRunId: string;
  /** `READY`, `PENDING` or `UPLOAD_FAILED`. */
  readonly status: string;
  readonly artifactUri: string;
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly metrics: readonly ModelMetric[];
  /** At which step its run has made it. */
  readonly step: number | bigint;
}

export interface MlflowModel {
  readonly name: string;
  /** ms since 1970; 0 where it is not told. With the name it tells a model from one of another store. */
  readonly createdAtMs: number;
  readonly description: string;
  readonly tags: readonly KeyValue[];
  readonly aliases: readonly { readonly alias: string; readonly version: string }[];
  /** By number, lowest first. */
  readonly versions: readonly MlflowVersion[];
}

export interface MlflowVersion {
  readonly version: string;
  readonly description: string;
  readonly source: string;
  readonly runId: string;
  readonly runLink: string;
  /** `None`, `Staging`, `Production` or `Archived`. */
  readonly stage: string;
  readonly tags: readonly KeyValue[];
}

/** Whose files are asked for. */
export type FileOwner =
  | { readonly kind: 'run'; readonly id: string; readonly experimentId: string; readonly artifactUri: string }
  | {
      readonly kind: 'model';
      readonly id: string;
      readonly experimentId: string;
      readonly artifactUri: string;
    };

/** MLflow's statuses of runs by number, as its files have them. */
export const RUN_STATUSES = ['', 'RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const;
/** The same of logged models. */
export const MODEL_STATUSES = ['', 'PENDING', 'READY', 'UPLOAD_FAILED'] as const;

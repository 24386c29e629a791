import type { DatasetVersionId } from '../datasets/datasets';
import type { Sha256 } from '../kernel/artifacts/artifact';
import type { Id, ProjectId } from '../kernel/ids';
import type { RunStatus } from './run-status';

export type ExperimentId = Id<'experiment'>;
export type RunId = Id<'run'>;

/** Which of the things that may be deleted a list has. */
export const LIFECYCLE_VIEWS = ['ACTIVE', 'DELETED', 'ALL'] as const;
export type LifecycleView = (typeof LIFECYCLE_VIEWS)[number];

/** Runs that try the same question. */
export interface Experiment {
  readonly id: ExperimentId;
  readonly projectId: ProjectId;
  readonly name: string;
  readonly description: string | null;
  readonly createdAt: Date;
  /** When its name, its description or its tags changed last, or it was deleted or restored. */
  readonly updatedAt: Date;
  /** Null unless it is deleted. It may be restored, and keeps its name. */
  readonly deletedAt: Date | null;
}

/** Where the code came from. */
export interface Source {
  readonly repository?: string | null;
  readonly commit?: string | null;
  readonly branch?: string | null;
  readonly entryPoint?: string | null;
  /** Whether there were changes that the commit does not have. */
  readonly dirty?: boolean | null;
  /** What kind of thing was run, in MLflow's words: `LOCAL`, `NOTEBOOK`, `JOB`, `PROJECT`, or any other. */
  readonly type?: string | null;
}

/** One try: its parameters, its metrics over time, and what came out. */
export interface Run {
  readonly id: RunId;
  readonly projectId: ProjectId;
  readonly experimentId: ExperimentId;
  readonly name: string;
  readonly status: RunStatus;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly parentRunId: RunId | null;
  readonly source: Source | null;
  /** Null unless it is deleted. It may be restored. */
  readonly deletedAt: Date | null;
}

/** A param, which never changes, or a tag, which may. */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** What else is known of a run that was made just now, since it was written with it. */
export interface MadeRun {
  readonly experiment: Experiment;
  /** By key, as they are read; those that are facts of its source are not among them. */
  readonly tags: readonly KeyValue[];
}

/** Data that a run reads. */
export interface RunInput {
  readonly name: string;
  /** What tells this data from other data of that name; empty where nobody said. */
  readonly digest: string;
  readonly sourceType: string;
  /** Where it came from: an address, or JSON of the client's. */
  readonly source: string;
  /** JSON of the client's; null where it gave none. */
  readonly schema: string | null;
  readonly profile: string | null;
  /** What it was used for, for example `training`; empty where nobody said. */
  readonly context: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A file that a run made: bytes, and the path under which the run knows them. */
export interface RunArtifact {
  readonly path: string;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

export interface MetricPoint {
  readonly key: string;
  /** 64 bits; a plain 0 where the caller gave none. */
  readonly step: bigint | 0;
  /** Any double: NaN, the infinities and -0 are kept as they are. */
  readonly value: number;
  /** Null: the time at which the point arrived. */
  readonly timestamp?: Date | null;
  /**
   * A reference such as `penguins@3`: the data that it was measured on. The point is one of the run as a whole, too.
   */
  readonly dataset?: string | null;
  /** Node id of the logged model that was measured. The point is one of the run as a whole, too. */
  readonly loggedModel?: string | null;
}

/** What is known of a series without reading its points. */
export interface MetricSummary {
  readonly key: string;
  /** The point with the highest step; among equals the latest in time, then the last to arrive. */
  readonly last: number;
  readonly lastStep: bigint;
  readonly lastTimestamp: Date;
  /** Null until a number other than NaN came. */
  readonly min: number | null;
  readonly max: number | null;
  /** The lowest step at which the value was that. Null where there is none, or nobody looked when it came. */
  readonly minStep: bigint | null;
  readonly maxStep: bigint | null;
  /** Of the values other than NaN. Null where there is none, or the series is older than this was counted. */
  readonly mean: number | null;
  /** Points, NaN among them. */
  readonly count: number;
  /** The data that it was measured on, where the client said so. */
  readonly datasetVersionId: DatasetVersionId | null;
}

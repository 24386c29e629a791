import type { DatasetVersionId } from '../datasets/datasets';
import type { Sha256 } from '../kernel/artifacts';
import type { Id, ProjectId } from '../kernel/ids';
import type { RunStatus } from './run-status';

export type ExperimentId = Id<'experiment'>;
export type RunId = Id<'run'>;

/** Runs that try the same question. */
export interface Experiment {
  readonly id: ExperimentId;
  readonly projectId: ProjectId;
  readonly name: string;
  readonly description: string | null;
  readonly createdAt: Date;
}

/** Where the code came from. */
export interface Source {
  readonly repository?: string | null;
  readonly commit?: string | null;
  readonly entryPoint?: string | null;
  /** Whether there were changes that the commit does not have. */
  readonly dirty?: boolean | null;
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
}

/** A param, which never changes, or a tag, which may. */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
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
  readonly count: number;
  /** The data that it was measured on, where the client said so. */
  readonly datasetVersionId: DatasetVersionId | null;
}

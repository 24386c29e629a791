import type { Id, ProjectId } from '../kernel/ids';
import type { ExperimentId, RunId } from './run';

export type LoggedModelId = Id<'logged_model'>;

/** Its files are on their way, all there, or could not be sent. */
export const LOGGED_MODEL_STATUSES = ['PENDING', 'READY', 'FAILED'] as const;
export type LoggedModelStatus = (typeof LOGGED_MODEL_STATUSES)[number];

/** A model as a run has logged it, before anybody decides to trust it: files that are kept and never opened. */
export interface LoggedModel {
  readonly id: LoggedModelId;
  readonly projectId: ProjectId;
  readonly experimentId: ExperimentId;
  /** Not unique. */
  readonly name: string;
  /** What its maker calls this sort of model; null where nobody said. */
  readonly modelType: string | null;
  readonly status: LoggedModelStatus;
  readonly sourceRunId: RunId | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The latest value of one metric that one run has measured of a model, on one dataset or on none. */
export interface LoggedModelMetric {
  readonly runId: RunId;
  readonly key: string;
  readonly value: number;
  readonly step: bigint;
  readonly timestamp: Date;
  /** As the client calls it; null where it was measured on no dataset in particular. */
  readonly datasetName: string | null;
  readonly datasetDigest: string | null;
}

/** How a run and a model belong together: it was made by the run, or used by it. */
export const RUN_MODEL_DIRECTIONS = ['OUTPUT', 'INPUT'] as const;
export type RunModelDirection = (typeof RUN_MODEL_DIRECTIONS)[number];

export interface RunModel {
  readonly modelId: LoggedModelId;
  readonly direction: RunModelDirection;
  readonly step: bigint;
}

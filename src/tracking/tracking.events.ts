import type { DatasetVersionId } from '../datasets/datasets';
import type { Sha256 } from '../kernel/artifacts/artifact';
import type { ProjectId } from '../kernel/ids';
import type { DomainEvent } from '../kernel/outbox';
import type { ExperimentId, Run, RunId } from './run';
import type { RunStatus } from './run-status';

/** Woken whenever a run gets points, an artifact, or an end. */
export const runTopic = (runId: RunId) => `run:${runId}`;

/** The same in SQL. @param id an expression that gives the run's id */
export const runTopicSql = (id: string) => `'run:' || ${id}`;

/** Woken whenever the runs of an experiment change: see `live/run-change.store.ts`. */
export const experimentTopic = (experimentId: ExperimentId) => `experiment:${experimentId}`;

export interface RunStarted {
  readonly runId: RunId;
  readonly name: string;
  readonly experimentId: ExperimentId;
  readonly datasetVersionIds: readonly DatasetVersionId[];
}
export type RunStartedEvent = DomainEvent<'tracking.run-started', RunStarted>;

/** A run that goes on says what it reads besides what it was started with. */
export type DatasetsReadEvent = DomainEvent<'tracking.datasets-read', RunStarted>;

export interface ArtifactLogged {
  readonly runId: RunId;
  readonly path: string;
  readonly sha256: Sha256;
}
export type ArtifactLoggedEvent = DomainEvent<'tracking.artifact-logged', ArtifactLogged>;

export function runStarted(run: Run, datasetVersionIds: readonly DatasetVersionId[]): RunStartedEvent {
  const { id: runId, name, experimentId, projectId } = run;
  const payload = { runId, name, experimentId, datasetVersionIds };
  return { type: 'tracking.run-started', topic: runTopic(runId), projectId, payload };
}

export function datasetsRead(run: Run, datasetVersionIds: readonly DatasetVersionId[]): DatasetsReadEvent {
  const { id: runId, name, experimentId, projectId } = run;
  const payload = { runId, name, experimentId, datasetVersionIds };
  return { type: 'tracking.datasets-read', topic: runTopic(runId), projectId, payload };
}

export function artifactLogged(run: Run, path: string, sha256: Sha256): ArtifactLoggedEvent {
  const { id: runId, projectId } = run;
  const payload = { runId, path, sha256 };
  return { type: 'tracking.artifact-logged', topic: runTopic(runId), projectId, payload };
}

/** Runs of one experiment that are gone for good: nobody sees them any more. */
export interface RunsPurged {
  readonly experimentId: ExperimentId;
  readonly runs: readonly { readonly runId: RunId; readonly name: string }[];
}
export type RunsPurgedEvent = DomainEvent<'tracking.runs-purged', RunsPurged>;

/** Runs that nobody deleted but their experiment's rule. */
export interface RunsExpired {
  readonly experimentId: ExperimentId;
  readonly runIds: readonly RunId[];
}
export type RunsExpiredEvent = DomainEvent<'tracking.runs-expired', RunsExpired>;

/** Of each experiment one. @param runs of one project */
export function runsPurged(runs: readonly Run[]): readonly RunsPurgedEvent[] {
  const byExperiment = new Map<ExperimentId, Run[]>();
  for (const run of runs)
    byExperiment.set(run.experimentId, [...(byExperiment.get(run.experimentId) ?? []), run]);
  return [...byExperiment].map(([experimentId, ofOne]) => ({
    type: 'tracking.runs-purged',
    topic: experimentTopic(experimentId),
    projectId: (ofOne[0] as Run).projectId,
    payload: { experimentId, runs: ofOne.map(({ id, name }) => ({ runId: id, name })) },
  }));
}

export const runsExpired = (
  projectId: ProjectId,
  experimentId: ExperimentId,
  runIds: readonly RunId[],
): RunsExpiredEvent => ({
  type: 'tracking.runs-expired',
  topic: experimentTopic(experimentId),
  projectId,
  payload: { experimentId, runIds },
});

export interface RunEnded {
  readonly runId: RunId;
  readonly name: string;
  readonly experimentId: ExperimentId;
  readonly status: Exclude<RunStatus, 'SCHEDULED' | 'RUNNING'>;
}
export type RunEndedEvent = DomainEvent<'tracking.run-ended', RunEnded>;

/** Null of a run that has not ended. */
export function runEnded({ id: runId, projectId, name, experimentId, status }: Run): RunEndedEvent | null {
  if (status === 'SCHEDULED' || status === 'RUNNING') return null;
  const payload = { runId, name, experimentId, status };
  return { type: 'tracking.run-ended', topic: runTopic(runId), projectId, payload };
}

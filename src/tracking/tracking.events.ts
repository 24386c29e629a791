import type { DatasetVersionId } from '../datasets/datasets';
import type { Sha256 } from '../kernel/artifacts';
import type { DomainEvent } from '../kernel/outbox';
import type { ExperimentId, Run, RunId } from './run';

/** Woken whenever a run gets points, an artifact, or an end. */
export const runTopic = (runId: RunId) => `run:${runId}`;

export interface RunStarted {
  readonly runId: RunId;
  readonly name: string;
  readonly experimentId: ExperimentId;
  readonly datasetVersionIds: readonly DatasetVersionId[];
}
export type RunStartedEvent = DomainEvent<'tracking.run-started', RunStarted>;

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

export function artifactLogged(run: Run, path: string, sha256: Sha256): ArtifactLoggedEvent {
  const { id: runId, projectId } = run;
  const payload = { runId, path, sha256 };
  return { type: 'tracking.artifact-logged', topic: runTopic(runId), projectId, payload };
}

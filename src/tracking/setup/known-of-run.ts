import type { KeyValue, Run, RunArtifact } from '../run';
import type { RunCode, RunEnvironment, RunSeed } from './run-setup';
import type { DatasetVersion } from '../../datasets/datasets';

/** Data that a run used. */
export interface UsedDataset {
  readonly version: DatasetVersion;
  /** Its bytes, where this server has them. */
  readonly bytes: RunArtifact | null;
}

/** What there is to go by. */
export interface KnownOfRun {
  readonly run: Pick<Run, 'name'>;
  readonly code: RunCode | null;
  readonly environment: RunEnvironment;
  readonly configFiles: readonly RunArtifact[];
  readonly seeds: readonly RunSeed[];
  readonly params: readonly KeyValue[];
  readonly datasets: readonly UsedDataset[];
  /** Files that pin what the run's models need: fewer packages than the run had. */
  readonly modelPins: readonly RunArtifact[];
}

import type { DatasetVersion } from '../../datasets/datasets';
import type { RunArtifact } from '../run';

export const STEP_KINDS = [
  'PREPARE',
  'CHECK_OUT_CODE',
  'APPLY_DIFF',
  'FETCH_FILE',
  'INSTALL_PACKAGES',
  'FETCH_DATASET',
  'SET_VARIABLES',
  'RUN_COMMAND',
] as const;

export type StepKind = (typeof STEP_KINDS)[number];

/** One act of the repetition: the steps are lines of one shell, in their order. */
export interface ReproductionStep {
  readonly kind: StepKind;
  /** One line, for a person. */
  readonly description: string;
  /** What a POSIX shell runs. */
  readonly command: string;
  /** The bytes that it fetches from this server. */
  readonly artifact: RunArtifact | null;
  /** The data that it fetches. */
  readonly dataset: DatasetVersion | null;
}

export const MISSING_FACTS = [
  'REPOSITORY',
  'COMMIT',
  'PUSHED_COMMIT',
  'CLEAN_TREE',
  'DIFF',
  'OMITTED_FILES',
  'LANGUAGE',
  'PACKAGES',
  'DATASET',
  'COMMAND',
  'SECRET',
  'SEED',
] as const;

export type MissingKind = (typeof MISSING_FACTS)[number];

/** Something that is not known, and stands in the way. */
export interface MissingFact {
  readonly kind: MissingKind;
  readonly message: string;
  /** Whether the steps cannot come to their end without it; else what comes out may differ. */
  readonly isBlocking: boolean;
}

/** A part of the answer: what to do, and what is not known for it. */
export interface Part {
  readonly steps: readonly ReproductionStep[];
  readonly missing: readonly MissingFact[];
}

import type { DatasetVersion } from '../../datasets/datasets';
import type { KeyValue, Run, RunArtifact } from '../run';
import { codeSteps } from './code-steps';
import { dataSteps, type UsedDataset } from './data-steps';
import { commandSteps } from './command-steps';
import { installSteps } from './install-steps';
import { configSteps, PREPARATION } from './file-steps';
import { describedLine } from './step-text';
import type { RunCode, RunEnvironment, RunSeed } from './run-setup';

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

export interface Reproduction {
  readonly steps: readonly ReproductionStep[];
  readonly missing: readonly MissingFact[];
  /** The steps as one program for a POSIX shell. */
  readonly script: string;
}

/** A part of the answer: what to do, and what is not known for it. */
export interface Part {
  readonly steps: readonly ReproductionStep[];
  readonly missing: readonly MissingFact[];
}

/** Everything that is needed to do it again, in order, and what is not known. */
export function reproduction(known: KnownOfRun): Reproduction {
  const parts = [
    codeSteps(known.code),
    configSteps(known.configFiles),
    installSteps(known.environment, known.modelPins),
    dataSteps(known.datasets),
    commandSteps(known),
  ];
  const steps = [PREPARATION, ...parts.flatMap((part) => part.steps)];
  const missing = parts.flatMap((part) => part.missing);
  return { steps, missing, script: scriptOf(known, steps, missing) };
}

function scriptOf(
  { run, environment }: KnownOfRun,
  steps: readonly ReproductionStep[],
  missing: readonly MissingFact[],
): string {
  const lines = [
    '#!/bin/sh',
    ...[`The run “${run.name}” again, in an empty folder.`, ...machineLines(environment)].map(comment),
    ...(missing.length > 0 ? [comment('Not known:')] : []),
    ...missing.map(({ message }) => comment(`- ${message}`)),
    'set -eu',
    ...steps.flatMap(({ description, command }) => ['', comment(description), command]),
  ];
  return `${lines.join('\n')}\n`;
}

/** Whatever is told in it, a comment is one line. */
const comment = (text: string): string => `# ${describedLine(text)}`;

function machineLines(environment: RunEnvironment): readonly string[] {
  const { operatingSystem, cpuModel, cpuCores, memoryBytes, gpus, containerImage } = environment;
  const memory = memoryBytes === null ? null : `${(memoryBytes / 1024 ** 3).toFixed(1)} GiB of memory`;
  const cores = cpuCores === null ? null : `${cpuCores} cores`;
  const cards = gpus?.map(({ name, driver }) => (driver === null ? name : `${name} (driver ${driver})`));
  const machine = [operatingSystem, cpuModel, cores, memory, ...(cards ?? [])].filter(
    (part) => part !== null,
  );
  return [
    ...(machine.length > 0 ? [`It ran on: ${machine.join(', ')}.`] : []),
    ...(containerImage === null ? [] : [`It ran in the image ${containerImage}: start the script in it.`]),
  ];
}

import { codeSteps } from './code-steps';
import { dataSteps } from './data-steps';
import { commandSteps } from './command-steps';
import { installSteps } from './install-steps';
import { configSteps, PREPARATION } from './file-steps';
import { describedLine } from './step-text';
import type { RunEnvironment } from './run-setup';
import type { ReproductionStep, MissingFact } from './reproduction-step';
import type { KnownOfRun } from './known-of-run';

export interface Reproduction {
  readonly steps: readonly ReproductionStep[];
  readonly missing: readonly MissingFact[];
  /** The steps as one program for a POSIX shell. */
  readonly script: string;
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

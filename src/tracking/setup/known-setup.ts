import type { RunArtifact, Source } from '../run';
import type { RunCode, RunEnvironment, RunSetup } from './run-setup';

/** Everything that is known of the code of a run: null where that is nothing. */
export function codeOf({ source }: { readonly source: Source | null }, setup: RunSetup): RunCode | null {
  const diff = setup.files.find(({ role }) => role === 'DIFF') ?? null;
  const code: RunCode = {
    repository: source?.repository ?? null,
    commit: source?.commit ?? null,
    branch: source?.branch ?? null,
    entryPoint: source?.entryPoint ?? null,
    type: source?.type ?? null,
    dirty: source?.dirty ?? null,
    ...setup.code,
    diff,
  };
  return Object.values(code).every((fact) => fact === null) ? null : code;
}

/** @param modelPins shown beside the files that were told */
export const environmentOf = (setup: RunSetup, modelPins: readonly RunArtifact[]): RunEnvironment => ({
  ...setup.environment,
  variables: setup.variables,
  lockFiles: [...setup.files.filter(({ role }) => role === 'LOCK'), ...modelPins],
});

export const configFilesOf = ({ files }: RunSetup): readonly RunArtifact[] =>
  files.filter(({ role }) => role === 'CONFIG');

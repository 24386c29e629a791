import type { RunArtifact } from '../run';
import type { Part, ReproductionStep, StepKind } from './reproduction-step';
import { shellPath } from './shell-words';
import { describedLine } from './step-text';

/**
 * What the other steps use. `modelgraph_file <sha256> <path>` puts a file there: out of the folder `MODELGRAPH_FILES`,
 * or from the server, and in both cases only if its bytes hash to that. The key does not stand in curl's arguments,
 * which everybody on the machine can read.
 */
export const PREPARATION: ReproductionStep = {
  kind: 'PREPARE',
  description:
    'Files come from MODELGRAPH_FILES, or from the server with MODELGRAPH_KEY; their bytes are checked.',
  command: [
    'unset CDPATH',
    'base=$PWD',
    ': "${MODELGRAPH_URL:=http://127.0.0.1:4000}" "${MODELGRAPH_FILES:=$(dirname -- "$0")/files}"',
    'modelgraph_file() {',
    '  mkdir -p -- "$(dirname -- "$2")"',
    '  if [ -f "$MODELGRAPH_FILES/$1" ]; then cp -- "$MODELGRAPH_FILES/$1" "$2"',
    `  else printf 'authorization: Bearer %s\\n' "\${MODELGRAPH_KEY:?}" |`,
    '    curl -fsS -H @- -o "$2" --url "$MODELGRAPH_URL/artifacts/sha256/$1"; fi',
    '  modelgraph_check "$1" "$2"',
    '}',
    'modelgraph_check() {',
    `  found=$({ sha256sum 2>/dev/null || shasum -a 256; } < "$2" | cut -d ' ' -f 1)`,
    '  [ "$found" = "$1" ] || { echo "$2 has other bytes than those of the run." >&2; return 1; }',
    '}',
    'case $MODELGRAPH_FILES in /*) ;; *) MODELGRAPH_FILES=$base/$MODELGRAPH_FILES ;; esac',
  ].join('\n'),
  artifact: null,
  dataset: null,
};

/** Configuration, each file at its place in the code. */
export const configSteps = (files: readonly RunArtifact[]): Part => ({
  steps: files.map((file) =>
    fileStep('FETCH_FILE', `The configuration file ${file.path}, as it was.`, file, file.path),
  ),
  missing: [],
});

/** @param then lines for what is done with the file. Lines are not joined by `&&`: behind it `set -e` does not stop. */
export function fileStep(
  kind: StepKind,
  description: string,
  artifact: RunArtifact,
  path: string,
  then: readonly string[] = [],
): ReproductionStep {
  const command = [`modelgraph_file ${artifact.sha256} ${shellPath(path)}`, ...then].join('\n');
  return { kind, description: describedLine(description), command, artifact, dataset: null };
}

export const plainStep = (kind: StepKind, description: string, command: string): ReproductionStep => ({
  ...{ kind, description: describedLine(description), command },
  ...{ artifact: null, dataset: null },
});

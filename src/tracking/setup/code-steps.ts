import { fileStep, plainStep } from './file-steps';
import { isCloneable } from './repository-address';
import type { MissingFact, Part, ReproductionStep } from './reproduction-step';
import type { RunCode } from './run-setup';
import { shellWord } from './shell-words';

/** A commit by its hash, whole or cut: nothing else names the same code for ever. */
const COMMIT = /^[0-9a-f]{7,64}$/i;

/** The code as it was: the commit, and the changes beyond it. */
export function codeSteps(code: RunCode | null): Part {
  const { repository = null, commit = null, diff = null } = code ?? {};
  const clone = checkOut(repository, commit);
  if (clone === null || code === null)
    return { steps: [EMPTY_FOLDER], missing: unknownCode(repository, commit) };
  const changes = diff && fileStep('APPLY_DIFF', 'The changes beyond the commit.', diff, DIFF_FILE, APPLY);
  return { steps: [clone, ...(changes ? [changes] : [])], missing: doubtsOf(code) };
}

/** In a folder of git's own, so that it does not lie about in the code. */
const DIFF_FILE = '.git/modelgraph.diff';
/** A diff without changes is no fault. */
const APPLY = [`[ ! -s ${DIFF_FILE} ] || git apply --whitespace=nowarn ${DIFF_FILE}`];

const EMPTY_FOLDER = plainStep(
  'CHECK_OUT_CODE',
  'The code belongs here; where it came from is not known.',
  'mkdir -p code\ncd code',
);

function checkOut(repository: string | null, commit: string | null): ReproductionStep | null {
  if (repository === null || !isCloneable(repository)) return null;
  if (commit === null || !COMMIT.test(commit)) return null;
  return plainStep(
    'CHECK_OUT_CODE',
    `The code: ${repository} at ${commit}.`,
    [
      `git clone --quiet --no-checkout -- ${shellWord(repository)} code`,
      'cd code',
      `git checkout --quiet --detach ${commit}`,
      'git submodule --quiet update --init --recursive',
    ].join('\n'),
  );
}

function unknownCode(repository: string | null, commit: string | null): readonly MissingFact[] {
  const isAddress = repository !== null && repository !== '';
  const isHash = commit !== null && COMMIT.test(commit);
  return [
    ...(isAddress && isCloneable(repository)
      ? []
      : [
          missing(
            'REPOSITORY',
            isAddress
              ? `“${repository}” is no address that git can clone from another machine.`
              : 'The repository of the code was not told.',
          ),
        ]),
    ...(isHash
      ? []
      : [
          missing(
            'COMMIT',
            commit === null || commit === ''
              ? 'The commit of the code was not told.'
              : `“${commit}” is no hash of a commit.`,
          ),
        ]),
  ];
}

function doubtsOf({ dirty, diff, pushed, omittedFiles }: RunCode): readonly MissingFact[] {
  const doubts: MissingFact[] = [];
  if (dirty === true && diff === null)
    doubts.push(missing('DIFF', 'There were changes beyond the commit, and they were not kept.'));
  if (dirty === null)
    doubts.push(doubt('CLEAN_TREE', 'Nobody told whether there were changes beyond the commit.'));
  if (pushed === false)
    doubts.push(doubt('PUSHED_COMMIT', 'The repository did not have the commit when the run began.'));
  if (omittedFiles && omittedFiles.length > 0)
    doubts.push(
      missing('OMITTED_FILES', `These changed files are not in the diff: ${omittedFiles.join(', ')}.`),
    );
  return doubts;
}

const missing = (kind: MissingFact['kind'], message: string): MissingFact => ({
  ...{ kind, message, isBlocking: true },
});
const doubt = (kind: MissingFact['kind'], message: string): MissingFact => ({
  ...{ kind, message, isBlocking: false },
});

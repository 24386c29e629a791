import { invalidInput, notFound, shorten } from '../kernel/errors';
import type { InvalidInput, NameConflict, NotFound, UserError } from '../kernel/errors';
import type { Run } from './run';
import { MAX_TAGS } from './tracking-input';
import type { RunStatus } from './run-status';

export interface RunNotActive extends UserError<'RunNotActiveError'> {
  readonly status: RunStatus;
}

export const runNotActive = ({ name, status }: Pick<Run, 'name' | 'status'>): RunNotActive => ({
  kind: 'RunNotActiveError',
  code: 'RUN_NOT_ACTIVE',
  message:
    status === 'SCHEDULED'
      ? `The run “${shorten(name)}” is SCHEDULED: it takes nothing yet. Begin it first (finishRun with the status RUNNING).`
      : `The run “${shorten(name)}” is ${status}: it takes nothing more. Start another run.`,
  status,
});

export const artifactNotFound = (sha256: string): NotFound => ({
  ...notFound('artifact', sha256),
  message: `This project has no artifact ${sha256}. Upload it first: PUT /artifacts/sha256/${sha256}, then try again.`,
});

/** The run is there, and takes nothing before somebody restores it. */
export const runDeleted = ({ name }: Pick<Run, 'name'>): NotFound => ({
  kind: 'NotFoundError',
  code: 'RUN_DELETED',
  message: `The run “${shorten(name)}” is deleted. Restore it, then try again.`,
});

export const parentElsewhere = (experiment: string): InvalidInput =>
  invalidInput([
    {
      path: 'parentRunId',
      expected: `a run of the experiment “${shorten(experiment)}”`,
      actual: 'a run of another experiment',
    },
  ]);

/** A retry of a call whose run has gone for good: it is neither made again nor told of. */
export const runPurged = (): NotFound => ({
  kind: 'NotFoundError',
  code: 'RUN_PURGED',
  message: 'The run of this idempotencyKey has been deleted for good. Use another key to begin another run.',
});

/** What goes for good has to be deleted before, so that nobody does it by one slip. */
export const notDeletedYet = (path: string, what: string, name: string): InvalidInput =>
  invalidInput([
    {
      path,
      expected: `a deleted ${what}: delete it first`,
      actual: `“${shorten(name)}”, which is not deleted`,
    },
  ]);

export type InUse = UserError<'InUseError'>;

export const runsInUse = (users: readonly { readonly what: string }[]): InUse => {
  const named = users.slice(0, 3).map(({ what }) => `“${shorten(what)}”`);
  const more = users.length > named.length ? ` and ${users.length - named.length} more` : '';
  return {
    kind: 'InUseError',
    code: 'RUN_IN_USE',
    message: `${named.join(', ')}${more} came from it. Delete those first, or ask with \`force\`: they stay then, and their run is not known any more.`,
  };
};

export const experimentDeleted = (path: string, name: string): InvalidInput =>
  invalidInput([
    {
      path,
      expected: 'an experiment that is not deleted: restore it first',
      actual: `the deleted “${shorten(name)}”`,
    },
  ]);

export const experimentNameTaken = (name: string): NameConflict => ({
  kind: 'NameConflictError',
  code: 'NAME_TAKEN',
  message: `Another experiment is called “${shorten(name)}”, perhaps a deleted one. Choose another name.`,
});

export const tooManyTags = (): InvalidInput =>
  invalidInput([{ path: 'tags', expected: `at most ${MAX_TAGS} tags on one thing`, actual: 'more' }]);

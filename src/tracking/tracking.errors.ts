import type { Sha256 } from '../kernel/artifacts';
import { notFound, shorten, type NotFound, type UserError } from '../kernel/errors';
import type { Run } from './run';
import type { RunStatus } from './run-status';

export interface RunNotActive extends UserError<'RunNotActiveError'> {
  readonly status: RunStatus;
}

export const runNotActive = ({ name, status }: Pick<Run, 'name' | 'status'>): RunNotActive => ({
  kind: 'RunNotActiveError',
  code: 'RUN_NOT_ACTIVE',
  message: `The run “${shorten(name)}” is ${status}: it takes nothing more. Start another run.`,
  status,
});

export const artifactNotFound = (sha256: Sha256): NotFound => ({
  ...notFound('artifact', sha256),
  message: `This project has no artifact ${sha256}. Upload it first: PUT /artifacts/sha256/${sha256}, then try again.`,
});

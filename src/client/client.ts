import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { ServerAccess } from './access';
import { ClientError } from './client-error';
import type { StoredRun } from './operations/runs';
import { DEFAULT_SPOOL, Listeners, type ClientOptions } from './options';
import { Run } from './run';
import { collectSetup } from './setup/collect-setup';
import { tellSetup } from './setup/tell-setup';
import { Spool } from './spool/spool';
import { accessFor, failRun, lookUp, startOn, type StartRunOptions } from './start-run';

export { ClientError } from './client-error';
export { resumeSpool, type ResumeOptions, type SpoolReport } from './resume-spool';
export { sampleSystem, type SystemSampler } from './system/sample-system';
export type { AccessOptions } from './access';
export type { FactValue } from './facts';
export type { RunStatus, Source } from './operations/runs';
export type { ClientOptions, ClientRefusal, ClientWarning } from './options';
export type { Told } from './point';
export type { Uploaded } from './artifact-upload';
export type { Delivery, Run, WaitOptions } from './run';
export type { CaptureOptions, Seed, SetupOptions } from './setup/setup-options';
export type { StartRunOptions } from './start-run';

export interface AttachRunOptions extends ClientOptions {
  /** Id of a run that goes on. */
  readonly runId: string;
}

/**
 * Starts a run. This is the one call that needs the server: while it is away the start is tried again (never twice: it
 * has an idempotency key), and then a ClientError is thrown. Whoever catches it may train without a run; nothing is
 * written for later, since a run that nobody has made has no id to log to. What the run is made with (commit, changes,
 * packages, machine) is found and told beside the training; see `capture`.
 */
export async function startRun(options: StartRunOptions): Promise<Run> {
  const access = accessFor(options);
  Spool.makeRoom(resolve(options.spool ?? DEFAULT_SPOOL)); // before there is a run that nobody could tell of
  // The code as it is now, while the server is asked; it is told afterwards, without anybody waiting for it.
  const collecting = collectSetup(options, process.env, options.spool ?? DEFAULT_SPOOL);
  collecting.catch(() => undefined); // whoever tells it hears of it
  const run = await spooledOrFailed(await startOn(access, options), access, options);
  run.describeBy(tellSetup(access, run.id, collecting, options.source, new Listeners(options)));
  return run;
}

/**
 * Goes on with a run that was started elsewhere; throws a ClientError where the server says that there is no such run.
 * A server that is away is no hindrance: what is logged waits in the spool.
 */
export async function attachRun(options: AttachRunOptions): Promise<Run> {
  const access = accessFor(options);
  return runOf(await lookUp(access, options.runId, options, new Listeners(options)), access, options);
}

/** The disk may have become full while the server was asked. */
async function spooledOrFailed(
  stored: StoredRun,
  access: ServerAccess,
  options: StartRunOptions,
): Promise<Run> {
  try {
    return runOf(stored, access, options);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    throw new ClientError(error.code, `${error.message} ${await failRun(access, stored, options)}`);
  }
}

function runOf(
  { id, name }: Pick<StoredRun, 'id' | 'name'>,
  access: ServerAccess,
  options: ClientOptions,
): Run {
  // Several processes may tell of one run: each has a folder of its own.
  const folder = `${safeName(id)}-${randomBytes(4).toString('hex')}`;
  const spool = Spool.create(resolve(join(options.spool ?? DEFAULT_SPOOL, folder)), {
    ...{ runId: id, runName: name, url: access.url, project: access.project },
  });
  return new Run(id, name, spool, access, options, new Listeners(options));
}

/** What a server gives as an id is text of any kind; a folder's name is not. */
const safeName = (id: string): string => (/^[\w-]{1,128}$/.test(id) ? id : 'run');

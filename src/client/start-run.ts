import { randomUUID } from 'node:crypto';
import { serverAccess, type ServerAccess } from './access';
import { callUntil } from './call-until';
import { ClientError } from './client-error';
import { paramsOf, type FactValue } from './facts';
import { callOnce } from './graphql-call';
import {
  FINISH_RUN,
  RUN,
  START_RUN,
  type Source,
  type StartRunInput,
  type StoredRun,
} from './operations/runs';
import type { SetupOptions } from './setup/setup-options';
import { DEFAULT_REQUEST_TIMEOUT_MS, type ClientOptions, type Listeners } from './options';

/** How long a start is tried while the server is away, in ms, unless told otherwise. */
const DEFAULT_START_MS = 30_000;
/** How long is waited for a server that could say whether there is such a run, in ms. */
const LOOK_MS = 5_000;

export interface StartRunOptions extends ClientOptions, SetupOptions {
  /** Its name; the experiment is made where there is none. */
  readonly experiment: string;
  /** A name to talk about; one is made up if absent. */
  readonly name?: string | undefined;
  readonly params?: Readonly<Record<string, FactValue>> | undefined;
  readonly tags?: Readonly<Record<string, FactValue>> | undefined;
  /** References such as `penguins@3`, or `penguins` for the newest version. */
  readonly datasets?: readonly string[] | undefined;
  /** The run that this one is a part of. */
  readonly parentRunId?: string | undefined;
  /** Where the code came from. */
  readonly source?: Source | undefined;
  /** How long to try while the server is away, in ms; 30,000 if absent. */
  readonly startTimeoutMs?: number | undefined;
}

/** Makes the run, once, however often it has to be asked for. */
export async function startOn(access: ServerAccess, options: StartRunOptions): Promise<StoredRun> {
  const until = performance.now() + (options.startTimeoutMs ?? DEFAULT_START_MS);
  const input = startInput(options);
  const { result } = await callUntil(access, START_RUN, { input }, until, options.requestTimeoutMs);
  if (!('run' in result)) throw new ClientError(result.code, result.message);
  return result.run;
}

/** Ends a run of which nobody could tell, which would seem to go on for ever. Gives the sentence that says so. */
export async function failRun(
  access: ServerAccess,
  { id, name }: Pick<StoredRun, 'id' | 'name'>,
  { startTimeoutMs = DEFAULT_START_MS, requestTimeoutMs }: StartRunOptions,
): Promise<string> {
  const input = { runId: id, status: 'FAILED' } as const;
  const until = performance.now() + startTimeoutMs;
  let reason: string;
  try {
    const { result } = await callUntil(access, FINISH_RUN, { input }, until, requestTimeoutMs);
    if ('run' in result || result.status === input.status)
      return `The run ${id} (${name}) had been started: it has been ended as FAILED.`;
    reason = result.message;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    reason = error.message;
  }
  return `The run ${id} (${name}) is there as RUNNING, since it could not be ended: ${reason}`;
}

/** The run, as far as the server can say; a server that is away says nothing, and the spool takes what is logged. */
export async function lookUp(
  access: ServerAccess,
  id: string,
  { requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS }: ClientOptions,
  listeners: Listeners,
): Promise<Pick<StoredRun, 'id' | 'name'>> {
  const end = await callOnce(access, RUN, { id }, { timeoutMs: Math.min(LOOK_MS, requestTimeoutMs) });
  if (end.kind === 'later') {
    listeners.warn('SERVER_AWAY', `${end.message} Whether there is such a run is not known yet.`);
    return { id, name: id };
  }
  if (end.kind !== 'answered') throw new ClientError(end.code, end.message);
  if (!end.data.run) throw new ClientError('NOT_FOUND', `There is no run “${id}” at ${access.url}.`);
  return end.data.run;
}

export const accessFor = (options: ClientOptions): ServerAccess => serverAccess(options, process.env);

function startInput({ params, tags, ...options }: StartRunOptions): StartRunInput {
  const { experiment, name, datasets, parentRunId, source } = options;
  return {
    ...{ experiment, name, datasets, parentRunId, source },
    params: factsOf(params),
    tags: factsOf(tags),
    idempotencyKey: `start:${randomUUID()}`,
  };
}

function factsOf(facts: Readonly<Record<string, FactValue>> = {}) {
  const list = paramsOf(facts);
  if (typeof list === 'string') throw new ClientError('INVALID_INPUT', list);
  return list;
}

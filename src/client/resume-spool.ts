import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { DEFAULT_URL, serverAccess, type ServerAccess } from './access';
import { callUntil } from './call-until';
import { ClientError } from './client-error';
import { RUN } from './operations/runs';
import { DEFAULT_REQUEST_TIMEOUT_MS, DEFAULT_SPOOL, Listeners, type ClientOptions } from './options';
import { DEFAULT_WAIT_MS } from './run';
import { Sender } from './sender';
import { factsIn, isSpool } from './spool/spool-facts';
import { Spool } from './spool/spool';

export interface ResumeOptions extends Omit<ClientOptions, 'spool' | 'maxSpoolBytes'> {
  /** How long to try, for each run, in ms; 30,000 if absent. */
  readonly timeoutMs?: number | undefined;
}

/** What has come of one spool. */
export interface SpoolReport {
  readonly folder: string;
  readonly runId: string;
  /** The folder's name where nobody knows whose points are in it. */
  readonly runName: string;
  /** Points that the server has acknowledged now. */
  readonly sentPoints: number;
  /** Bytes that still wait. */
  readonly pendingBytes: number;
  /** Requests that the server has refused, now or before; they are kept in `refused.jsonl` in the folder. */
  readonly refusedRequests: number;
  /** Files that were damaged; what was damaged in them is kept beside them in the folder, and never sent. */
  readonly damagedFiles: number;
  /** Why nothing could be sent; null where that was possible. */
  readonly problem: ClientError | null;
}

/**
 * Sends what processes that have ended have left behind: of one run, where the folder is its spool, or of all runs that
 * have a spool in the folder. A spool whose process lives is left to it. What is sent twice is kept once: requests that
 * may have arrived are sent again as they were.
 */
export async function resumeSpool(
  folder: string = DEFAULT_SPOOL,
  options: ResumeOptions = {},
): Promise<readonly SpoolReport[]> {
  const reports: SpoolReport[] = [];
  for (const found of spoolsIn(resolve(folder))) reports.push(await resumeOne(found, options));
  return reports;
}

function spoolsIn(folder: string): readonly string[] {
  if (isSpool(folder)) return [folder];
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .toSorted()
    .map((name) => join(folder, name))
    .filter(isSpool);
}

async function resumeOne(folder: string, options: ResumeOptions): Promise<SpoolReport> {
  const { runId, runName } = factsIn(folder) ?? { runId: '', runName: basename(folder) };
  const nothing = {
    ...{ folder, runId, runName },
    ...{ sentPoints: 0, pendingBytes: 0, refusedRequests: 0, damagedFiles: 0 },
  };
  const listeners = new Listeners(options);
  let spool: Spool;
  try {
    spool = Spool.open(folder, (sentence) => listeners.warn('SPOOL_DAMAGED', sentence));
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { ...nothing, problem: error };
  }
  const { damagedFiles } = spool;
  let sentPoints = 0;
  let problem: ClientError | null = null;
  try {
    sentPoints = await sendAll(spool, options, listeners);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    problem = error;
  } finally {
    await spool.close();
  }
  const { pendingBytes, aside } = spool;
  return { ...nothing, sentPoints, pendingBytes, refusedRequests: aside.count, damagedFiles, problem };
}

async function sendAll(spool: Spool, options: ResumeOptions, listeners: Listeners): Promise<number> {
  const { timeoutMs = DEFAULT_WAIT_MS, requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS } = options;
  const access = accessFor(spool, options);
  const until = performance.now() + timeoutMs;
  await mustHaveRun(access, spool, until);
  const sender = new Sender(spool, { access, listeners, requestTimeoutMs });
  await sender.drained(Math.max(1, until - performance.now()));
  await sender.stop();
  return sender.sentPoints;
}

/**
 * The server that was named now; else the one that is always meant. A file does not decide where a key is sent: where
 * it names another server than that, a person must say so.
 */
function accessFor({ facts, folder }: Spool, options: ResumeOptions): ServerAccess {
  const project = options.project ?? facts.project ?? undefined;
  const access = serverAccess({ ...options, project }, process.env);
  const isSaid = options.url !== undefined || Boolean(process.env.MODELGRAPH_URL);
  if (!isSaid && facts.url !== DEFAULT_URL)
    throw new ClientError(
      'BAD_ADDRESS',
      `The run of ${folder} was started on ${facts.url}. Name the server that it is to be sent to.`,
    );
  return access;
}

/** On another server everything would be refused, and put aside. */
async function mustHaveRun(access: ServerAccess, { facts }: Spool, until: number): Promise<void> {
  const { run } = await callUntil(access, RUN, { id: facts.runId }, until);
  if (!run)
    throw new ClientError('NOT_FOUND', `There is no run ${facts.runName} (${facts.runId}) at ${access.url}.`);
}

import type { ServerAccess } from '../access';
import { uploadArtifact } from '../artifact-upload';
import { callUntil } from '../call-until';
import { DESCRIBE_RUN, type DescribeRunInput, type FileInput } from '../operations/describe-run';
import type { Source } from '../operations/runs';
import type { Listeners } from '../options';
import type { CollectedSetup } from './collect-setup';
import type { LockFile } from './package-facts';

/** How long facts are tried to be told while the server is away, in ms. */
const TELL_MS = 30_000;

/**
 * Tells what a run is made with. Never throws, since nothing of it is worth a training: what could not be told is a
 * warning.
 *
 * @param source what the caller has said of the code by itself, which goes before what was found
 */
export async function tellSetup(
  access: ServerAccess,
  runId: string,
  collecting: Promise<CollectedSetup>,
  source: Source | undefined,
  listeners: Listeners,
): Promise<void> {
  try {
    const found = await collecting;
    for (const message of found.warnings) listeners.warn('SETUP_INCOMPLETE', message);
    const until = performance.now() + TELL_MS;
    const input = await inputOf(access, runId, found, source, until);
    if (Object.keys(input).length === 1) return;
    const { result } = await callUntil(access, DESCRIBE_RUN, { input }, until);
    if (!('run' in result)) listeners.warn('SETUP_INCOMPLETE', `${NOT_TOLD} ${result.message}`);
  } catch (error) {
    listeners.warn('SETUP_INCOMPLETE', `${NOT_TOLD} ${(error as Error).message}`);
  }
}

const NOT_TOLD = 'What the run is made with was not told, so that it may be hard to repeat.';

async function inputOf(
  access: ServerAccess,
  runId: string,
  { code, diff, environment, locks, configFiles, seeds }: CollectedSetup,
  source: Source | undefined,
  until: number,
): Promise<DescribeRunInput> {
  const upload = async ({ path, bytes }: LockFile): Promise<FileInput> => {
    const { sha256 } = await uploadArtifact(access, bytes, until);
    return { path, artifact: { sha256 } };
  };
  const kept = diff && (await uploadArtifact(access, diff, until));
  const lockFiles = await Promise.all(locks.map(upload));
  const configs = await Promise.all(configFiles.map(upload));
  return {
    runId,
    ...(code && { code: { ...code, ...source, ...(kept && { diff: { sha256: kept.sha256 } }) } }),
    ...((environment ?? lockFiles.length > 0) && {
      environment: { ...environment, ...(lockFiles.length > 0 && { lockFiles }) },
    }),
    ...(seeds.length > 0 && { seeds }),
    ...(configs.length > 0 && { configFiles: configs }),
  };
}

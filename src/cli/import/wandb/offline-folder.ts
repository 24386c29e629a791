import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { isFileError } from '../file-error';
import { isFolderToRead, sizeOf, type LinkRule } from '../local-file';
import type { Tally } from '../tally';

const RUN_FOLDER = /^(?:offline-)?run-\d{8}_\d{6}-(.+)$/;
const LOG_FILE = /^run-.+\.wandb$/;

/** A folder that W&B has written for one go of a run. */
export interface OfflineFolder {
  readonly folder: string;
  readonly logFile: string;
  readonly sizeBytes: number;
  /** W&B's id of the run: a run that was resumed has several folders. */
  readonly runId: string;
}

/** The folders of runs in a folder, in its `wandb`, or that folder itself, by time. What cannot be read is counted. */
export async function offlineFolders(root: string, rule: LinkRule): Promise<readonly OfflineFolder[]> {
  if (RUN_FOLDER.test(basename(resolve(root)))) return offlineFolder(resolve(root), rule.tally);
  const found: OfflineFolder[] = [];
  for (const place of [root, join(root, 'wandb')])
    for (const name of await runNamesIn(place, rule))
      found.push(...(await offlineFolder(join(place, name), rule.tally)));
  return found;
}

/** Names of the folders that look like those of runs, by time. */
async function runNamesIn(place: string, rule: LinkRule): Promise<readonly string[]> {
  const names: string[] = [];
  for (const entry of (await entriesOf(place, 'folders', rule.tally)) ?? [])
    if (RUN_FOLDER.test(entry.name) && (await isFolderToRead(join(place, entry.name), entry, 'runs', rule)))
      names.push(entry.name);
  return names.sort((a, b) => timeIn(a).localeCompare(timeIn(b)) || a.localeCompare(b));
}

const timeIn = (name: string): string => /\d{8}_\d{6}/.exec(name)?.[0] ?? '';

/** None where it has no log. */
async function offlineFolder(folder: string, tally: Tally): Promise<readonly OfflineFolder[]> {
  const [, runId = ''] = RUN_FOLDER.exec(basename(folder)) ?? [];
  const entries = await entriesOf(folder, 'runs', tally);
  if (entries === null) return [];
  const logs = entries.filter((entry) => entry.isFile() && LOG_FILE.test(entry.name)).map(({ name }) => name);
  const [name, ...others] = logs.sort();
  for (const other of others)
    tally.fail('logs', 'A run’s folder has one: another was read.', join(folder, other));
  if (name === undefined) {
    tally.fail('runs', 'There is no log (run-….wandb) in their folders.', folder);
    return [];
  }
  const logFile = join(folder, name);
  const sizeBytes = await sizeOf(logFile, tally, 'runs');
  return sizeBytes === null ? [] : [{ folder, logFile, sizeBytes, runId }];
}

/** Null where the folder is not there, or cannot be read, which is counted. */
async function entriesOf(folder: string, what: string, tally: Tally): Promise<readonly Dirent[] | null> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (!isFileError(error)) throw error;
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') tally.fail(what, error.message, folder);
    return null;
  }
}

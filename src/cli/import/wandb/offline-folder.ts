import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

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

/** The folders of runs in a folder, in its `wandb`, or that folder itself, by time. */
export async function offlineFolders(root: string): Promise<readonly OfflineFolder[]> {
  const itself = await offlineFolder(root);
  if (itself) return [itself];
  const found: OfflineFolder[] = [];
  for (const place of [root, join(root, 'wandb')]) {
    const names = (await readdir(place, { withFileTypes: true }).catch(() => []))
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort((a, b) => timeIn(a).localeCompare(timeIn(b)) || a.localeCompare(b));
    for (const name of names) {
      const folder = await offlineFolder(join(place, name));
      if (folder) found.push(folder);
    }
  }
  return found;
}

const timeIn = (name: string): string => /\d{8}_\d{6}/.exec(name)?.[0] ?? '';

/** Null where it is none. */
async function offlineFolder(folder: string): Promise<OfflineFolder | null> {
  const [, runId] = RUN_FOLDER.exec(basename(folder)) ?? [];
  if (runId === undefined) return null;
  const entries = await readdir(folder, { withFileTypes: true });
  const name = entries.find((entry) => entry.isFile() && LOG_FILE.test(entry.name))?.name;
  if (name === undefined) return null;
  const logFile = join(folder, name);
  const { size } = await stat(logFile);
  return { folder, logFile, sizeBytes: size, runId };
}

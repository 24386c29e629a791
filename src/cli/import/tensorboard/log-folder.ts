import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isFileError } from '../file-error';
import { sizeOf } from '../local-file';
import type { Tally } from '../tally';

/** Deepest folder below the one that was named. */
const MAX_DEPTH = 32;
const EVENT_FILE = /tfevents/;

/** A folder with event files is a run, as TensorBoard has it. */
export interface LogFolder {
  /** Relative to the folder that was named, with slashes; `.` for itself. */
  readonly name: string;
  /** Full paths in the order in which they were begun: their names hold the time. */
  readonly files: readonly { readonly path: string; readonly name: string; readonly sizeBytes: number }[];
}

/** All runs below a folder, by name. Links are not followed; what cannot be read is counted. */
export async function logFolders(
  root: string,
  tally: Tally,
  name = '.',
  depth = 0,
): Promise<readonly LogFolder[]> {
  const folder = join(root, name);
  const entries = await entriesOf(folder, tally);
  const found: LogFolder[] = [];
  const names = entries
    .filter((entry) => entry.isFile() && EVENT_FILE.test(entry.name))
    .map((file) => file.name);
  const files = await Promise.all(
    names.sort().map(async (file) => {
      const path = join(folder, file);
      const sizeBytes = await sizeOf(path, tally, 'event files');
      return sizeBytes === null ? [] : [{ path, name: file, sizeBytes }];
    }),
  );
  if (files.flat().length > 0) found.push({ name, files: files.flat() });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  if (depth < MAX_DEPTH)
    for (const inner of folders.sort())
      found.push(...(await logFolders(root, tally, name === '.' ? inner : `${name}/${inner}`, depth + 1)));
  return found;
}

async function entriesOf(folder: string, tally: Tally) {
  return readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (!isFileError(error)) throw error;
    tally.fail('folders', error.message, folder);
    return [];
  });
}

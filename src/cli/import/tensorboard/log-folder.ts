import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isFolder } from '../../folder';
import { isFileError } from '../file-error';
import { isFileToRead, sizeOf, type LinkRule } from '../local-file';
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

/** All runs below a folder, by name. What cannot be read is counted, and so are links that are not followed. */
export async function logFolders(
  root: string,
  rule: LinkRule,
  name = '.',
  depth = 0,
): Promise<readonly LogFolder[]> {
  const folder = join(root, name);
  const { folders, events } = await namesIn(folder, rule);
  const found: LogFolder[] = [];
  const files = await Promise.all(
    events.map(async (file) => {
      const path = join(folder, file);
      const sizeBytes = await sizeOf(path, rule.tally, 'event files');
      return sizeBytes === null ? [] : [{ path, name: file, sizeBytes }];
    }),
  );
  if (files.flat().length > 0) found.push({ name, files: files.flat() });
  if (depth < MAX_DEPTH)
    for (const inner of folders)
      found.push(...(await logFolders(root, rule, name === '.' ? inner : `${name}/${inner}`, depth + 1)));
  else if (folders.length > 0)
    rule.tally.fail('folders', `They are more than ${MAX_DEPTH} deep.`, folder, folders.length);
  return found;
}

/** Folders and event files, sorted. Links to folders may go round. */
async function namesIn(folder: string, rule: LinkRule) {
  const folders: string[] = [];
  const events: string[] = [];
  for (const entry of await entriesOf(folder, rule.tally)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) folders.push(entry.name);
    else if (EVENT_FILE.test(entry.name)) {
      if (await isFileToRead(path, entry, 'event files', rule)) events.push(entry.name);
    } else if (entry.isSymbolicLink() && (await isFolder(path)))
      rule.tally.leaveOut('folders', 'They are links: name the folders that they lead to.', path);
  }
  return { folders: folders.sort(), events: events.sort() };
}

async function entriesOf(folder: string, tally: Tally) {
  return readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (!isFileError(error)) throw error;
    tally.fail('folders', error.message, folder);
    return [];
  });
}

import { createReadStream, type Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isFolder } from '../folder';
import { isFileError } from './file-error';
import type { SourceFile } from './source-run';
import type { Tally } from './tally';

/** Deepest folder that is looked into. */
const MAX_DEPTH = 64;

/** How links in a folder are met. */
export interface LinkRule {
  readonly tally: Tally;
  readonly followsLinks: boolean;
}

interface EntryRule {
  readonly tally: Pick<Tally, 'leaveOut'>;
  readonly followsLinks: boolean;
}

const LINKS_LEFT_OUT = 'They are links, which may lead out of the folder: --follow-links brings them.';

/**
 * The files below a folder, by their paths in it; none where there is no such folder. A folder that others have made
 * may hold links to any file of this machine: they are followed only where whoever starts the import says so, and those
 * to folders never, since they may go round.
 */
export async function* filesBelow(
  root: string,
  rule: LinkRule,
  path = '',
  depth = 0,
): AsyncGenerator<SourceFile> {
  const entries = await entriesOf(join(root, path));
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inner = path === '' ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) {
      if (depth < MAX_DEPTH) yield* filesBelow(root, rule, inner, depth + 1);
      else rule.tally.fail('files', `Folders are more than ${MAX_DEPTH} deep.`, inner);
    } else if (await isFileToRead(join(root, inner), entry, 'files', rule)) {
      const size = await sizeOf(join(root, inner), rule.tally, 'files');
      if (size !== null) yield localFile(inner, join(root, inner), size);
    }
  }
}

/** Whether it is a file, or a link that leads to one and may be followed; what is none is counted. */
export async function isFileToRead(
  path: string,
  entry: Dirent,
  what: string,
  { tally, followsLinks }: EntryRule,
): Promise<boolean> {
  if (entry.isFile()) return true;
  if (!entry.isSymbolicLink()) tally.leaveOut(what, 'They are no plain files.', path);
  else if (!followsLinks) tally.leaveOut(what, LINKS_LEFT_OUT, path);
  else if ((await stat(path).catch(() => null))?.isFile()) return true;
  else tally.leaveOut(what, 'They are links that lead to no file.', path);
  return false;
}

/** The same of a folder; of what is no link, only folders are meant. */
export async function isFolderToRead(
  path: string,
  entry: Dirent,
  what: string,
  { tally, followsLinks }: EntryRule,
): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  if (!followsLinks) tally.leaveOut(what, LINKS_LEFT_OUT, path);
  else if (await isFolder(path)) return true;
  else tally.leaveOut(what, 'They are links that lead to no folder.', path);
  return false;
}

/** Null where it is not to be had: it has gone meanwhile, or its name is not UTF-8 and so no name here. */
export async function sizeOf(file: string, tally: Tally, what: string): Promise<number | null> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (!isFileError(error)) throw error;
    tally.fail(what, error.message, file);
    return null;
  }
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

const localFile = (path: string, place: string, sizeBytes: number): SourceFile => ({
  path,
  sizeBytes,
  open: () => Promise.resolve(createReadStream(place)),
});

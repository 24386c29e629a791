import { stat } from 'node:fs/promises';
import { CommandFailed } from './command';

export const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => null))?.isDirectory() ?? false;

/** Throws where there is none. */
export async function checkFolder(path: string): Promise<void> {
  if (!(await isFolder(path))) throw new CommandFailed(`There is no folder ${path}.`);
}

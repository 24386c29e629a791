import { stat } from 'node:fs/promises';
import { CommandFailed } from './command';

/** Throws where there is none. */
export async function checkFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (!found?.isDirectory()) throw new CommandFailed(`There is no folder ${path}.`);
}

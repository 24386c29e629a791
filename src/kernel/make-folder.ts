import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { CannotStart } from './cannot-start';

/**
 * Makes the folder, and those above it, for nobody but their owner; nothing where it is there. One by one: below /proc,
 * which takes no folders and says that there is no such file, Node's own recursive call (20.20) never ends.
 */
export function makeFolder(path: string): void {
  try {
    make(path);
  } catch (error) {
    const { message } = error as Error;
    throw new CannotStart(`The folder ${path} cannot be made: ${message}. Choose another place for it.`, {
      cause: error,
    });
  }
}

function make(path: string): void {
  if (isFolder(path)) return;
  const above = dirname(path);
  if (above !== path) make(above);
  try {
    mkdirSync(path, 0o700);
  } catch (error) {
    if (!isFolder(path)) throw error; // else another process was first
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

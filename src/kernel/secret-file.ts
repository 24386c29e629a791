import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { newId } from './ids';
import { makeFolder } from './make-folder';

/**
 * The text of a file that holds a secret, which the first process that needs it makes: the prefix and 256 random bits.
 * Processes that share artifacts share the folder, so nothing has to be set up.
 */
export async function ensureSecretFile(path: string, prefix: string): Promise<string> {
  const known = await readSecret(path);
  if (known !== null) return known;
  makeFolder(dirname(path));
  const draft = `${path}.${newId()}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${prefix}${randomBytes(32).toString('base64url')}\n`);
    await file.sync();
    await link(draft, path); // whole or not at all: another process may look at this moment
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another process was first
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
  const made = await readSecret(path);
  if (made !== null) return made;
  throw new Error(`${path}: it was removed while it was made.`);
}

/** Null where there is no file. */
async function readSecret(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return text?.trim() ?? null;
}

import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CannotStart } from '../kernel/cannot-start';
import { makeFolder } from '../kernel/make-folder';
import { isPlausibleKey, newApiKey } from './api-key';

/** The key in the file, or null where there is no file. Throws where the file holds no key. */
export async function readKeyFile(path: string): Promise<string | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const key = text.trim();
  if (!isPlausibleKey(key))
    throw new CannotStart(
      `ADMIN_KEY_FILE: ${path} holds no key of 20 to 512 printable characters without spaces.`,
    );
  return key;
}

/** Makes a key and writes it where only its owner can read it; on disk before anyone may rely on it. */
export async function writeNewKeyFile(path: string): Promise<string> {
  const key = newApiKey();
  makeFolder(dirname(path));
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(`${key}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return key;
}

import { randomBytes, timingSafeEqual, hash } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { newId } from '../../kernel/ids';

/** What `api` processes show to `worker` processes: whoever has it may have models run. */
export type WorkerToken = string & { readonly kind: 'worker-token' };

/** Shortest that is taken, in characters; ours have 46. */
const SHORTEST = 20;

/**
 * The token in the file, which the first process that needs it makes. Processes that share artifacts share the folder,
 * so nothing has to be set up; whoever can read it there could read every model too.
 */
export async function ensureWorkerToken(path: string): Promise<WorkerToken> {
  const known = await readToken(path);
  if (known) return known;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${newId()}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`mgw_${randomBytes(32).toString('base64url')}\n`);
    await file.sync();
    await link(draft, path); // whole or not at all: another process may look at this moment
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another process was first
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
  const made = await readToken(path);
  if (made) return made;
  throw new Error(`${path}: it was removed while it was made.`);
}

/** Null where there is no file. Throws where it holds no token. */
async function readToken(path: string): Promise<WorkerToken | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const token = text.trim();
  if (token.length < SHORTEST || !/^[\x21-\x7e]+$/.test(token))
    throw new Error(`${path}: expected a token of at least ${SHORTEST} printable characters without spaces.`);
  return token as WorkerToken;
}

/** Compares hashes, which take as long wherever two texts differ and however long they are. */
export const isSameToken = (one: string, other: string): boolean =>
  timingSafeEqual(hash('sha256', one, 'buffer'), hash('sha256', other, 'buffer'));

import { timingSafeEqual, hash } from 'node:crypto';
import { CannotStart } from '../../kernel/cannot-start';
import { ensureSecretFile } from '../../kernel/secret-file';

/** What `api` processes show to `worker` processes: whoever has it may have models run. */
export type WorkerToken = string & { readonly kind: 'worker-token' };

/** Shortest that is taken, in characters; ours have 46. */
const SHORTEST = 20;

/**
 * The token in the file, which the first process that needs it makes. Whoever can read it there could read every model
 * too.
 */
export async function ensureWorkerToken(path: string): Promise<WorkerToken> {
  const token = await ensureSecretFile(path, 'mgw_');
  if (token.length < SHORTEST || !/^[\x21-\x7e]+$/.test(token))
    throw new CannotStart(
      `${path}: expected a token of at least ${SHORTEST} printable characters without spaces.`,
    );
  return token as WorkerToken;
}

/** Compares hashes, which take as long wherever two texts differ and however long they are. */
export const isSameToken = (one: string, other: string): boolean =>
  timingSafeEqual(hash('sha256', one, 'buffer'), hash('sha256', other, 'buffer'));

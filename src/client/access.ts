import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClientError } from './client-error';

export const DEFAULT_URL = 'http://127.0.0.1:4000';

/** The server that is talked to, and by which credential. */
export interface ServerAccess {
  /** Without a slash at its end. */
  readonly url: string;
  readonly key: string;
  /** Name of another project to act in; null: the key's own. */
  readonly project: string | null;
}

export interface AccessOptions {
  /** `http://` or `https://`; else MODELGRAPH_URL, else the address at which a server listens by itself. */
  readonly url?: string | undefined;
  /** API key; else `keyFile`, else MODELGRAPH_KEY, else the admin key that a server on this machine has left. */
  readonly key?: string | undefined;
  /** File with the API key. */
  readonly keyFile?: string | undefined;
  /** Act in another project (admin keys). */
  readonly project?: string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What was said goes before the environment. Throws a ClientError where there is no address or no key. */
export function serverAccess(options: AccessOptions, environment: Environment): ServerAccess {
  return {
    url: urlOf(options.url ?? (environment.MODELGRAPH_URL || DEFAULT_URL)),
    key:
      options.key === undefined ? keyOf(options.keyFile, environment) : checkedKey(options.key, 'the caller'),
    project: options.project ?? null,
  };
}

export const headersOf = ({ key, project }: ServerAccess): Record<string, string> => ({
  authorization: `Bearer ${key}`,
  ...(project !== null && { 'x-modelgraph-project': project }),
});

function urlOf(text: string): string {
  const isUrl = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  if (!isUrl) {
    throw new ClientError(
      'BAD_ADDRESS',
      `Expected an http:// or https:// address of the server, got “${text}”.`,
    );
  }
  return text.replace(/\/+$/, '');
}

function keyOf(file: string | undefined, environment: Environment): string {
  const fallback = environment.ADMIN_KEY_FILE || join(environment.MODEL_STORE || 'model-store', 'admin.key');
  const said = file === undefined ? environment.MODELGRAPH_KEY?.trim() : undefined;
  return said ? checkedKey(said, 'MODELGRAPH_KEY') : checkedKey(keyIn(file ?? fallback), file ?? fallback);
}

/** What no header can carry is refused here: whoever else refuses it would show it. */
function checkedKey(key: string, place: string): string {
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new ClientError(
    'NO_KEY',
    `No API key: what ${place} has is none. Expected one word of ASCII characters.`,
  );
}

function keyIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new ClientError(
      'NO_KEY',
      `No API key: ${file} cannot be read (${why}). Set MODELGRAPH_KEY, or name a file with the key: a server leaves its first one as admin.key in its MODEL_STORE.`,
    );
  }
}

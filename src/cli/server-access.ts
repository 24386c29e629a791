import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandFailed, UsageError } from './command';

const DEFAULT_URL = 'http://127.0.0.1:4000';

/** The server that a command talks to, and by which credential. */
export interface ServerAccess {
  /** Without a slash at its end. */
  readonly url: string;
  readonly key: string;
  /** Name of another project to act in; null: the key's own. */
  readonly project: string | null;
}

/** Options that every command takes, as `parseArgs` wants them. */
export const ACCESS_OPTIONS = {
  url: { type: 'string' },
  'key-file': { type: 'string' },
  project: { type: 'string' },
} as const;

export const ACCESS_HELP = `  --url URL          the server; MODELGRAPH_URL, or ${DEFAULT_URL}
  --key-file FILE    file with the API key; else MODELGRAPH_KEY, else ADMIN_KEY_FILE, else admin.key in MODEL_STORE
  --project NAME     act in another project (admin keys)`;

interface AccessOptions {
  readonly url?: string;
  readonly 'key-file'?: string;
  readonly project?: string;
}

/** What was said on the command line goes before the environment. */
export async function serverAccess(
  options: AccessOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ServerAccess> {
  const file = options['key-file'];
  const key = file === undefined ? environment.MODELGRAPH_KEY?.trim() : undefined;
  const fallback = environment.ADMIN_KEY_FILE || join(environment.MODEL_STORE || 'model-store', 'admin.key');
  return {
    url: urlOf(options.url ?? (environment.MODELGRAPH_URL || DEFAULT_URL)),
    key: key || (await keyIn(file ?? fallback)),
    project: options.project ?? null,
  };
}

export const headersOf = ({ key, project }: ServerAccess): Record<string, string> => ({
  authorization: `Bearer ${key}`,
  ...(project !== null && { 'x-modelgraph-project': project }),
});

function urlOf(text: string): string {
  const isUrl = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  if (!isUrl) throw new UsageError(`Expected an http:// or https:// address of the server, got “${text}”.`);
  return text.replace(/\/+$/, '');
}

async function keyIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new CommandFailed(
      `No API key: ${file} cannot be read (${why}). Give --key-file, or set MODELGRAPH_KEY.`,
    );
  }
}

import { DEFAULT_URL, serverAccess as accessOf, type Environment, type ServerAccess } from '../client/access';

export { headersOf, type ServerAccess } from '../client/access';

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
  readonly url?: string | undefined;
  readonly 'key-file'?: string | undefined;
  readonly project?: string | undefined;
}

/** What was said on the command line goes before the environment. */
export const serverAccess = (options: AccessOptions, environment: Environment): ServerAccess =>
  accessOf(clientOptionsOf(options), environment);

export const clientOptionsOf = ({ url, project, ...options }: AccessOptions) => ({
  ...{ url, project },
  keyFile: options['key-file'],
});

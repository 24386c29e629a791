import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Child, Children } from './children';

/** Registering waits until a worker has loaded the model: nothing else takes longer. */
const REQUEST_TIMEOUT_MS = 60_000;

interface Listening {
  readonly url: string;
  readonly adminKeyFile: string;
}

export interface ServerOptions {
  readonly children: Children;
  /** Empty: the server makes everything in it. */
  readonly storeFolder: string;
  /** Where the CPU profile is written when the server stops. Null: none is taken. */
  readonly profileFolder: string | null;
  /** PostgreSQL, which several servers over one folder share; absent: the embedded database. */
  readonly databaseUrl?: string;
}

/** Our server as a user gets it: default configuration, embedded database; only its folder and port are ours. */
export class ModelgraphServer {
  private constructor(
    readonly process: Child,
    readonly url: string,
    readonly key: string,
  ) {}

  static async start(options: ServerOptions): Promise<ModelgraphServer> {
    const { children, storeFolder, profileFolder, databaseUrl } = options;
    await mkdir(storeFolder, { recursive: true });
    const { PATH, HOME, TMPDIR } = process.env;
    const child = children.start({
      file: join(__dirname, '../src/main.js'),
      nodeOptions: profileFolder === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`],
      environment: {
        ...{ PATH, HOME, TMPDIR, PORT: '0', GRPC_PORT: '0', MODEL_STORE: storeFolder },
        ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
      },
    });
    const { url, adminKeyFile } = await child.hear<Listening>(({ msg }) => msg === 'listening');
    return new ModelgraphServer(child, url, (await readFile(adminKeyFile, 'utf8')).trim());
  }

  /** Runs an operation; its data, or an error with what was answered. */
  async call<Data>(query: string, variables: object): Promise<Data> {
    return this.post<Data>(JSON.stringify({ query, variables }));
  }

  /** The same for a body that is text already, so that making it is not measured. */
  async post<Data>(body: string): Promise<Data> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const text = await response.text();
    const { data, errors } = JSON.parse(text) as { data?: Data | null; errors?: unknown };
    if (!response.ok || errors || !data) throw new Error(`/graphql answered ${response.status}: ${text}`);
    return data;
  }

  async upload(bytes: Uint8Array): Promise<string> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const response = await fetch(`${this.url}/artifacts/sha256/${sha256}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/octet-stream' },
      body: Uint8Array.from(bytes),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`The upload was answered ${response.status}: ${await response.text()}`);
    return sha256;
  }
}

/** A member of a result union, or an error that shows what it was instead. */
export function expectType<Result extends { readonly __typename: string }>(
  result: Result,
  typename: string,
): Result {
  if (result.__typename !== typename) throw new Error(`Expected ${typename}: ${JSON.stringify(result)}`);
  return result;
}

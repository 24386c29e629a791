import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type ExecutionResult } from 'graphql-ws';
import { WebSocket } from 'ws';
import { startPlatform, type Platform } from '../../src/compose';
import { parseConfig, type Config } from '../../src/kernel/config';
import { Database } from '../../src/kernel/database';
import { createLogger } from '../../src/kernel/logger';
import {
  copyEmbeddedTemplate,
  createServerDatabase,
  dropServerDatabase,
  TEST_ENGINE,
} from './template-database';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are checked by the tests, field by field
export type Answer = {
  data: any;
  errors?: { message: string; path?: unknown[]; extensions: Record<string, any> }[];
};
type Variables = Record<string, unknown>;

/** A real server on a free port over a database and a store of its own. */
export class TestServer {
  private constructor(
    private platform: Platform,
    readonly config: Config,
    readonly key: string,
    private readonly cleanUp: () => Promise<void>,
  ) {}

  static async start(environment: Record<string, string> = {}): Promise<TestServer> {
    const folder = await mkdtemp(join(tmpdir(), 'modelgraph-test-'));
    const database = `modelgraph_test_${randomUUID().replaceAll('-', '')}`;
    const isServer = TEST_ENGINE === 'postgres';
    const url = isServer ? await createServerDatabase(database) : undefined;
    if (!isServer) await copyEmbeddedTemplate(join(folder, 'database'));
    return TestServer.over(folder, { ...(url && { DATABASE_URL: url }), ...environment }, async () => {
      if (isServer) await dropServerDatabase(database);
      await rm(folder, { recursive: true, force: true });
    });
  }

  private static async over(
    folder: string,
    environment: Record<string, string>,
    cleanUp: () => Promise<void>,
  ) {
    const config = parseConfig({
      PORT: '0',
      ONNX_WORKERS: '1',
      LOG_LEVEL: 'silent',
      MODEL_STORE: folder,
      ...environment,
    });
    const platform = await startPlatform(config, createLogger(config.logLevel));
    const key = (await readFile(config.adminKeyFile, 'utf8')).trim();
    return new TestServer(platform, config, key, cleanUp);
  }

  get url(): string {
    return this.platform.url;
  }

  get headers(): Record<string, string> {
    return { authorization: `Bearer ${this.key}` };
  }

  /** Another server process' worth of objects over the same database and store; only a server database can be shared. */
  async twin(): Promise<TestServer> {
    const platform = await startPlatform(this.config, createLogger(this.config.logLevel));
    return new TestServer(platform, this.config, this.key, () => Promise.resolve());
  }

  /** Stops and starts again over the same store. */
  async restart(): Promise<void> {
    await this.platform.stop();
    this.platform = await startPlatform(this.config, createLogger(this.config.logLevel));
  }

  async stop(): Promise<void> {
    await this.platform.stop();
    await this.cleanUp();
  }

  /** Posts an operation; top-level errors come back as they are. */
  async graphql(
    query: string,
    variables: Variables = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { ...this.headers, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as Answer;
  }

  /** As `graphql`, for operations that must work: gives the data, throws at errors. */
  async data(query: string, variables: Variables = {}): Promise<Answer['data']> {
    const { data, errors } = await this.graphql(query, variables);
    if (errors) throw new Error(errors.map(({ message }) => message).join('\n'));
    return data;
  }

  /** Uploads bytes and gives their SHA-256. */
  async upload(bytes: Uint8Array | string): Promise<string> {
    const body = Buffer.from(bytes);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const response = await fetch(`${this.url}/artifacts/sha256/${sha256}`, {
      method: 'PUT',
      headers: this.headers,
      body,
    });
    if (!response.ok) throw new Error(`Upload failed: ${response.status} ${await response.text()}`);
    return sha256;
  }

  /** Events of a subscription, in order. Leaving the loop ends it. */
  async *subscribe(query: string, variables: Variables = {}): AsyncGenerator<Answer> {
    const client = createClient({
      url: `${this.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: this.headers,
      retryAttempts: 0,
    });
    const events: AsyncIterableIterator<ExecutionResult> = client.iterate({ query, variables });
    try {
      for await (const event of events) yield event as unknown as Answer;
    } finally {
      await client.dispose();
    }
  }

  /** SQL statements that reads outside of transactions cost while `work` runs. */
  async statementCount(work: () => Promise<unknown>): Promise<number> {
    const spy = jest.spyOn(Database.prototype, 'query');
    try {
      await work();
      return spy.mock.calls.length;
    } finally {
      spy.mockRestore();
    }
  }
}

export const startTestServer = (environment?: Record<string, string>): Promise<TestServer> =>
  TestServer.start(environment);

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { hashApiKey, newApiKey } from '../../src/auth/api-key';
import { startPlatform } from '../../src/compose';
import type { Platform } from '../../src/platform';
import { parseConfig, type Config } from '../../src/kernel/config';
import { Database } from '../../src/kernel/database/database';
import { newId } from '../../src/kernel/ids';
import { createLogger } from '../../src/kernel/logger';
import { ApiClient } from './api-client';
import { createServerDatabase } from './run-databases';
import { newTestStore, type TestStore } from './test-store';
import { copyEmbeddedTemplate, TEST_ENGINE } from './template-database';

export type { Answer } from './api-client';

/** A real server on a free port over a database and a store of its own. */
export class TestServer extends ApiClient {
  private constructor(
    private platform: Platform,
    readonly config: Config,
    key: string,
    /** Where the bytes of artifacts lie: what happens to them behind the server's back. */
    readonly store: TestStore,
    private readonly cleanUp: () => Promise<void>,
  ) {
    super(platform.url, key);
  }

  /**
   * @param detour another way to the database server, for tests that disturb it
   * @param storeIn makes what artifacts are kept in, for tests that disturb that
   */
  static async start(
    environment: Record<string, string> = {},
    detour: (url: URL) => Promise<URL> = (url) => Promise.resolve(url),
    storeIn: (folder: string) => Promise<TestStore> = newTestStore,
  ): Promise<TestServer> {
    const folder = await mkdtemp(join(tmpdir(), 'modelgraph-test-'));
    const database = TEST_ENGINE === 'postgres' ? await createServerDatabase() : undefined;
    const url = database && (await detour(new URL(database.url)));
    if (!database) await copyEmbeddedTemplate(join(folder, 'database'));
    const store = await storeIn(folder);
    return TestServer.over(
      store,
      { ...(url && { DATABASE_URL: url.toString() }), ...store.environment, ...environment },
      async () => {
        await store.stop();
        await database?.drop();
        await rm(folder, { recursive: true, force: true });
      },
    );
  }

  private static async over(
    store: TestStore,
    environment: Record<string, string>,
    cleanUp: () => Promise<void>,
  ) {
    const config = parseConfig({
      PORT: '0',
      GRPC_PORT: '0',
      ONNX_WORKERS: '1',
      LOG_LEVEL: 'silent',
      GRAPHQL_COMPILE_AFTER: '1',
      ...environment,
    });
    const platform = await startPlatform(config, createLogger(config.logLevel));
    const key = (await readFile(config.adminKeyFile, 'utf8')).trim();
    return new TestServer(platform, config, key, store, cleanUp);
  }

  /**
   * Another server process' worth of objects over the same database and store; only a server database can be shared.
   */
  async twin(): Promise<TestServer> {
    const platform = await startPlatform(this.config, createLogger(this.config.logLevel));
    return new TestServer(platform, this.config, this.key, this.store, () => Promise.resolve());
  }

  /** Stops and starts again over the same store. */
  async restart(): Promise<void> {
    await this.platform.stop();
    this.platform = await startPlatform(this.config, createLogger(this.config.logLevel));
    this.url = this.platform.url;
  }

  /** The database itself, for what the API has no way to say: that time has passed. */
  get database(): Database {
    return this.platform.database;
  }

  /** `host:port` of the gRPC door. */
  get grpcAddress(): string {
    return new URL(this.platform.grpcUrl).host;
  }

  async stop(): Promise<void> {
    await this.platform.stop();
    await this.cleanUp();
  }

  /**
   * A new key, as an operator would add its row; makes the project where there is none. The role may be one that nobody
   * knows.
   */
  async keyFor(role: string, project = 'default'): Promise<string> {
    const key = newApiKey();
    await this.platform.database.query(
      `WITH project AS (
         INSERT INTO project (id, name) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id
       )
       INSERT INTO api_key (id, project_id, name, hash, role) SELECT $3, id, $4, $5, $4 FROM project`,
      [newId(), project, newId(), role, hashApiKey(key)],
    );
    return key;
  }

  /** The API as the holder of a new key sees it. */
  async as(role: string, project?: string): Promise<ApiClient> {
    return new ApiClient(this.url, await this.keyFor(role, project));
  }

  async revoke(key: string): Promise<void> {
    await this.platform.database.query('UPDATE api_key SET revoked_at = now() WHERE hash = $1', [
      hashApiKey(key),
    ]);
  }

  /** SQL statements that reads outside of transactions cost while `work` runs. */
  async statementCount(work: () => Promise<unknown>): Promise<number> {
    const spy = jest.spyOn(Database.prototype, 'query');
    try {
      await work();
      return spy.mock.calls.filter(([sql]) => !isOfTheServerItself(sql)).length;
    } finally {
      spy.mockRestore();
    }
  }

  /**
   * The names of all statements that `work` costs, those of transactions among them, but not their beginnings and ends.
   */
  async statementsOf(work: () => Promise<unknown>): Promise<readonly string[]> {
    const spy = jest.spyOn(Client.prototype, 'query');
    try {
      await work();
      return spy.mock.calls.flatMap(([statement]: readonly unknown[]) => {
        const sql = typeof statement === 'string' ? statement : (statement as { readonly text: string }).text;
        const name = /^\/\* (\S+) \*\//.exec(sql)?.[1];
        return name === undefined || isOfTheServerItself(sql) ? [] : [name];
      });
    } finally {
      spy.mockRestore();
    }
  }
}

/**
 * What a server does by itself, every now and then: known credentials, its routes, popular questions, old rows,
 * measurements, chunks, tails.
 */
const BY_ITSELF = [
  'auth.keyByHash',
  ...[
    'serving.revisions',
    'serving.endpointsAnywhere',
    'serving.predictionKey',
    'serving.recentRewards',
    'registry.versionsByReferences',
  ],
  ...[
    'monitoring.addRows',
    'monitoring.removeRows',
    'monitoring.addDifferences',
    'monitoring.removeDifferences',
  ],
  'webhooks.claim',
  ...['serving.addPopular', 'serving.keepMostPopular', 'serving.removeOldPopular'],
  ...['retention.remove', 'tracking.compactionCandidates', 'tracking.vacuumChunks'],
  ...['tracking.allTailedRuns', 'tracking.vacuumTail'],
  ...['tracking.askedExperiments', 'tracking.goingExperiments', 'tracking.ruledExperiments'],
  ...['tracking.holdGoingRuns', 'bus.wake'],
  ...['artifacts.collectionPage', 'artifacts.removals', 'artifacts.forgetRemovals'],
];
const isOfTheServerItself = (sql: string) => BY_ITSELF.some((name) => sql.startsWith(`/* ${name} `));

export const startTestServer = (...args: Parameters<typeof TestServer.start>): Promise<TestServer> =>
  TestServer.start(...args);

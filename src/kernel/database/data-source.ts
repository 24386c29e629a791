import 'reflect-metadata';
import {
  DataSource,
  MigrationExecutor,
  type DataSourceOptions,
  type EntitySchema,
  type MixedList,
} from 'typeorm';
import type { Duplex } from 'node:stream';

/** Longest time a statement may take before its caller is told `UNAVAILABLE`: well below a client's patience. */
export const QUERY_TIMEOUT_MS = 5_000;
/** Longest wait for a free connection. */
const CONNECTION_TIMEOUT_MS = 5_000;
/** Connections to PostgreSQL per process: a process has one thread, so more would only wait inside PostgreSQL. */
const POOL_SIZE = 10;
/** Any number, the same for ever: it names our lock among a database's advisory locks. */
const MIGRATION_LOCK = 4_715_062_205;

type Classes = MixedList<string | EntitySchema | (new () => object)>;
type MigrationClasses = Exclude<DataSourceOptions['migrations'], undefined>;

export interface DataSourceInput {
  /** A PostgreSQL URL, or the embedded database's stream. */
  readonly connection: { readonly url: string } | { readonly stream: () => Duplex };
  readonly entities: Classes;
  readonly migrations: MigrationClasses;
  /** False for migrations, which may wait for a lock or rewrite a table; absent: statements have a time limit. */
  readonly limits?: boolean;
}

/** TypeORM over `pg`, for a server and for the embedded database alike; only the transport differs. */
export function createDataSource({
  connection,
  entities,
  migrations,
  limits = true,
}: DataSourceInput): DataSource {
  const common = {
    type: 'postgres',
    entities,
    migrations,
    migrationsTableName: 'migration',
    migrationsTransactionMode: 'each',
    uuidExtension: 'pgcrypto',
    installExtensions: false,
    synchronize: false,
    logging: false,
  } as const;
  if ('url' in connection) {
    const extra = {
      max: POOL_SIZE,
      query_timeout: limits ? QUERY_TIMEOUT_MS + 2_000 : 0, // the server's own answer comes first, where it lives
      statement_timeout: limits ? QUERY_TIMEOUT_MS : 0,
      connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'modelgraph',
    };
    return new DataSource({ ...common, url: connection.url, extra });
  }
  // One backend session, so exactly one connection, kept for ever.
  const extra = {
    stream: connection.stream,
    idleTimeoutMillis: 0,
    query_timeout: 6 * QUERY_TIMEOUT_MS, // its callers queue for one connection, on a machine that may be busy
    connectionTimeoutMillis: 6 * CONNECTION_TIMEOUT_MS,
  };
  return new DataSource({
    ...common,
    host: 'embedded',
    username: 'postgres',
    database: 'postgres',
    poolSize: 1,
    extra,
  });
}

/** Applies what is missing, one process at a time: the others wait for the lock and then find nothing to do. */
export async function migrate(dataSource: DataSource): Promise<readonly string[]> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('/* migrate.lock */ SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    // The executor must use the runner that holds the lock: the embedded database has no second connection.
    const applied = await new MigrationExecutor(dataSource, runner).executePendingMigrations();
    await runner.query('/* migrate.unlock */ SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    return applied.map((migration) => migration.name);
  } finally {
    await runner.release();
  }
}

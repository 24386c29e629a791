import { join } from 'node:path';
import { MIGRATIONS } from '../migrations/all';
import { Auth } from './auth/auth';
import { ENTITIES } from './entities';
import { createApollo } from './graphql/apollo';
import type { Services } from './graphql/resolvers';
import { createSchema } from './graphql/schema';
import { artifactRoute } from './http/artifact-route';
import { explorerRoute } from './http/explorer-route';
import { graphqlRoute } from './http/graphql-route';
import { livezRoute, readyzRoute } from './http/health-routes';
import { HttpServer } from './http/server';
import { serveWebSocket } from './http/websocket';
import { ArtifactFolder } from './kernel/artifact-folder';
import { Artifacts } from './kernel/artifacts';
import { InProcessBus, type Bus } from './kernel/bus';
import type { Config } from './kernel/config';
import { createDataSource, migrate, type DataSourceInput } from './kernel/data-source';
import { Database } from './kernel/database';
import { EmbeddedDatabase } from './kernel/embedded-database';
import { FolderLock } from './kernel/folder-lock';
import type { Logger } from './kernel/logger';
import { PostgresBus } from './kernel/postgres-bus';
import { ShutdownStack } from './kernel/shutdown-stack';

export interface Platform {
  readonly url: string;
  /** Idempotent; resolves when nothing of the platform runs any more. */
  stop(): Promise<void>;
}

/** The wiring diagram: makes every object once, joins them, and starts what must run. */
export async function startPlatform(config: Config, logger: Logger): Promise<Platform> {
  const shutdown = new ShutdownStack(logger);
  try {
    const { database, bus } = await openDatabase(config, logger, shutdown);
    const artifactFolder = await ArtifactFolder.open(join(config.storeFolder, 'artifacts'));
    const artifacts = new Artifacts(database, artifactFolder, config.maxArtifactBytes);
    const auth = new Auth(database, logger);
    await auth.ensureAdminKey(config.adminKeyFile);

    const services: Services = {};

    const schema = createSchema(services);
    const apollo = createApollo(schema, logger);
    await apollo.start();
    shutdown.push('apollo', () => apollo.stop());

    const routes = {
      public: {
        '/': explorerRoute(),
        '/livez': livezRoute,
        '/readyz': readyzRoute([
          {
            name: 'shutting-down',
            check: () => (shutdown.isStopping ? Promise.reject(new Error()) : Promise.resolve()),
          },
          { name: 'database', check: () => database.ping() },
          { name: 'artifacts', check: () => artifacts.check() },
        ]),
      },
      graphql: graphqlRoute(apollo, services),
      artifacts: artifactRoute(artifacts),
    };
    const http = new HttpServer(routes, auth, logger);
    const url = await http.listen(config.host, config.port);
    shutdown.push('http', () => http.stop(config.drainTimeoutMs));
    const webSocket = serveWebSocket({ server: http.server, schema, services, auth, logger });
    shutdown.push('websocket', () => webSocket.stop());

    void bus;
    return { url, stop: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

/** PostgreSQL where there is a URL, else the embedded database in the store's folder, which must be ours alone. */
async function openDatabase(
  config: Config,
  logger: Logger,
  shutdown: ShutdownStack,
): Promise<{ database: Database; bus: Bus }> {
  const connection =
    config.databaseUrl === null ? await openEmbedded(config, shutdown) : { url: config.databaseUrl };
  const dataSource = createDataSource({ connection, entities: ENTITIES, migrations: MIGRATIONS });
  const database = new Database(dataSource, 'url' in connection ? 'postgres' : 'embedded');
  await database.open();
  shutdown.push('database', () => database.stop());
  const applied = await migrate(dataSource);
  if (applied.length > 0) logger.info({ migrations: applied }, 'the database was brought up to date');
  if (!('url' in connection)) return { database, bus: new InProcessBus() };
  const bus = new PostgresBus(connection.url, logger);
  shutdown.push('bus', () => bus.stop());
  await bus.start();
  return { database, bus };
}

async function openEmbedded(config: Config, shutdown: ShutdownStack): Promise<DataSourceInput['connection']> {
  const lock = FolderLock.take(config.storeFolder);
  shutdown.push('folder lock', () => Promise.resolve(lock.release()));
  const embedded = await EmbeddedDatabase.open(join(config.storeFolder, 'database'));
  shutdown.push('embedded database', () => embedded.stop());
  return { stream: () => embedded.stream() };
}

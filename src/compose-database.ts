import { join } from 'node:path';
import { MIGRATIONS } from '../migrations/all';
import { ENTITIES } from './entities';
import { CannotStart } from './kernel/cannot-start';
import { InProcessBus, type Bus } from './kernel/bus';
import type { Config } from './kernel/config';
import { parseDatabaseUrl } from './kernel/config-urls';
import { createDataSource, migrate, type DataSourceInput } from './kernel/database/data-source';
import { Database } from './kernel/database/database';
import { EmbeddedDatabase } from './kernel/database/embedded-database';
import { FolderLock } from './kernel/database/folder-lock';
import type { Logger } from './kernel/logger';
import { PostgresBus } from './kernel/database/postgres-bus';
import type { ShutdownStack } from './kernel/shutdown-stack';

/** PostgreSQL where there is a URL, else the embedded database in the store's folder, which must be ours alone. */
export async function openDatabase(
  config: Config,
  logger: Logger,
  shutdown: ShutdownStack,
): Promise<{ database: Database; bus: Bus }> {
  const connection =
    config.databaseUrl === null ? await openEmbedded(config, logger, shutdown) : { url: config.databaseUrl };
  const input = { connection, entities: ENTITIES, migrations: MIGRATIONS };
  await bringUpToDate(input, logger);
  const database = new Database(createDataSource(input), 'url' in connection ? 'postgres' : 'embedded');
  await database.open();
  shutdown.push('database', () => database.stop());
  if (!('url' in connection)) return { database, bus: new InProcessBus() };
  const bus = new PostgresBus(connection.url, logger);
  shutdown.push('bus', () => bus.stop());
  await bus.start();
  return { database, bus };
}

/** Over a connection of its own: a migration may take longer than any statement of a caller. */
async function bringUpToDate(input: DataSourceInput, logger: Logger): Promise<void> {
  const dataSource = createDataSource({ ...input, limits: false });
  await dataSource.initialize().catch((error: unknown) => {
    const why = error instanceof Error && error.message !== '' ? ` (${error.message})` : '';
    const message = `${describe(input.connection)} cannot be opened${why}. Check DATABASE_URL and that the database is up.`;
    throw new CannotStart(message, { cause: error });
  });
  try {
    const applied = await migrate(dataSource);
    if (applied.length > 0) logger.info({ migrations: applied }, 'the database was brought up to date');
  } finally {
    await dataSource.destroy();
  }
}

/** Names a server without its credentials. */
function describe(connection: DataSourceInput['connection']): string {
  if (!('url' in connection)) return 'The embedded database';
  const { hostname, port, pathname } = parseDatabaseUrl(connection.url);
  return `The database ${pathname.slice(1)} on ${hostname}:${port || 5432}`;
}

async function openEmbedded(
  config: Config,
  logger: Logger,
  shutdown: ShutdownStack,
): Promise<DataSourceInput['connection']> {
  const lock = FolderLock.take(config.storeFolder);
  if (lock.tookOverFrom)
    logger.warn({ from: lock.tookOverFrom }, 'the folder was taken over from a server that was killed');
  shutdown.push('folder lock', () => Promise.resolve(lock.release()));
  const embedded = await EmbeddedDatabase.open(join(config.storeFolder, 'database'));
  shutdown.push('embedded database', () => embedded.stop());
  return { stream: () => embedded.stream() };
}

import { join } from 'node:path';
import { MIGRATIONS } from '../migrations/all';
import { Auth } from './auth/auth';
import { GrpcServer } from './compat/open-inference/grpc-server';
import { grpcInferenceService } from './compat/open-inference/grpc-service';
import { openInferenceDoor } from './compat/open-inference/open-inference';
import { tfServingDoor } from './compat/tf-serving/tf-serving';
import { Datasets } from './datasets/datasets';
import { ENTITIES } from './entities';
import { createApollo } from './graphql/apollo';
import { CompiledOperations } from './graphql/compiled-operations';
import { Operations } from './graphql/operations';
import type { Services } from './graphql/resolvers';
import { createSchema } from './graphql/schema';
import { artifactRoute } from './http/artifact-route';
import { explorerRoute } from './http/explorer-route';
import { graphqlRoute } from './http/graphql-route';
import { failingChecks, livezRoute, readyzRoute } from './http/health-routes';
import { HttpServer } from './http/server';
import { serveWebSocket } from './http/websocket';
import { ArtifactFolder } from './kernel/artifact-folder';
import { Artifacts } from './kernel/artifacts';
import { InProcessBus, type Bus } from './kernel/bus';
import { systemClock } from './kernel/clock';
import type { Config } from './kernel/config';
import { createDataSource, migrate, type DataSourceInput } from './kernel/data-source';
import { Database } from './kernel/database';
import { EmbeddedDatabase } from './kernel/embedded-database';
import { FolderLock } from './kernel/folder-lock';
import type { Logger } from './kernel/logger';
import { Outbox } from './kernel/outbox';
import { PostgresBus } from './kernel/postgres-bus';
import { Retention } from './kernel/retention';
import { ShutdownStack } from './kernel/shutdown-stack';
import { Lineage, lineageHandler } from './lineage/lineage';
import { LatencyRecorder, Monitoring, ShadowDifferences } from './monitoring/monitoring';
import { Registry, type AliasFollower } from './registry/registry';
import { Backends } from './serving/backends/backends';
import { OnnxBackend } from './serving/backends/onnx';
import { RemoteBackend } from './serving/backends/remote';
import { readCredentials, RemotePolicy } from './serving/backends/remote-policy';
import { Batcher } from './serving/batcher';
import { openSharedAnswers } from './serving/cache-adapter';
import { CacheKeeper } from './serving/cache-keeper';
import { ModelFileInspector } from './serving/model-file-inspector';
import { PredictionCache } from './serving/prediction-cache';
import { PredictionStatistics } from './serving/prediction-statistics';
import { RoutingTable } from './serving/routing-table';
import { Serving } from './serving/serving';
import { WorkerPool, type PoolEvent } from './serving/worker-pool';
import { Tracking } from './tracking/tracking';

export interface Platform {
  readonly url: string;
  readonly grpcUrl: string;
  /** For what the API has no operations for: keys and projects are rows yet. */
  readonly database: Database;
  /** Idempotent; resolves when nothing of the platform runs any more. */
  stop(): Promise<void>;
}

/** The wiring diagram: makes every object once, joins them, and starts what must run. */
export async function startPlatform(config: Config, logger: Logger): Promise<Platform> {
  const shutdown = new ShutdownStack(logger);
  try {
    const cache = openCache(config, logger, shutdown);
    const { database, bus } = await openDatabase(config, logger, shutdown);
    const artifacts = new Artifacts(
      database,
      await ArtifactFolder.open(join(config.storeFolder, 'artifacts')),
      config.maxArtifactBytes,
    );
    const auth = new Auth(database, logger);
    await auth.ensureAdminKey(config.adminKeyFile);
    const outbox = new Outbox(bus, [lineageHandler]);
    const retention = new Retention(database, logger);
    retention.start();
    shutdown.push('retention', () => retention.stop());

    const pool = await startWorkers(config, logger, shutdown);
    const onnx = new OnnxBackend(pool, workerOptions(config));
    shutdown.push('onnx trials', () => onnx.stop());
    const remote = openRemotes(config, logger);
    shutdown.push('remote models', () => remote.stop());
    const backend = new Backends(onnx, remote);

    const kernel = { database, bus, outbox, artifacts, clock: systemClock };
    const datasets = new Datasets(kernel);
    const tracking = new Tracking({ ...kernel, datasets });
    const inspector = new ModelFileInspector(backend, artifacts);
    const follower: AliasFollower = { aliasMoved: () => routing.aliasMoved() };
    const registry: Registry = new Registry({ ...kernel, datasets, tracking, inspector, follower });

    const routing: RoutingTable = new RoutingTable({
      ...{ database, registry, artifacts, backend, cache, bus, logger },
    });
    await routing.start();
    shutdown.push('routing', () => routing.stop());
    const batcher = new Batcher(backend);
    shutdown.push('batcher', () => Promise.resolve(batcher.stop()));
    const cacheKeeper = new CacheKeeper({ cache, database, logger });
    cacheKeeper.start();
    shutdown.push('cache keeper', () => cacheKeeper.stop());
    const recorder = new LatencyRecorder(Date.now);
    const differences = new ShadowDifferences(Date.now);
    const statistics = new PredictionStatistics(Date.now);
    const serving = new Serving({
      ...kernel,
      ...{
        registry,
        routing,
        backend,
        batcher,
        cache,
        cacheKeeper,
        statistics,
        observer: recorder,
        shadowObserver: differences,
      },
    });
    const monitoring = new Monitoring({
      recorder,
      differences,
      serving,
      database,
      bus,
      logger,
      nowMs: Date.now,
    });
    monitoring.start();
    shutdown.push('monitoring', () => monitoring.stop());
    const lineage = new Lineage({ database, datasets, registry, serving });

    const services: Services = { datasets, tracking, registry, serving, monitoring, lineage };
    const urls = await serve({ config, logger, shutdown, auth, artifacts, database, pool, services });
    return { ...urls, database, stop: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

interface ServeInput {
  readonly config: Config;
  readonly logger: Logger;
  readonly shutdown: ShutdownStack;
  readonly auth: Auth;
  readonly artifacts: Artifacts;
  readonly database: Database;
  readonly pool: WorkerPool;
  readonly services: Services;
}

/** The doors: what is behind them is all there already. */
async function serve({
  config,
  logger,
  shutdown,
  auth,
  artifacts,
  database,
  pool,
  services,
}: ServeInput): Promise<Pick<Platform, 'url' | 'grpcUrl'>> {
  const schema = createSchema(services);
  const operations = new Operations(schema, new CompiledOperations(config.compileAfterUses), logger);
  const apollo = createApollo(schema, logger);
  await apollo.start();
  shutdown.push('apollo', () => apollo.stop());
  const readiness = [
    { name: 'shutting-down', check: () => refuseIf(shutdown.isStopping) },
    { name: 'database', check: () => database.ping() },
    { name: 'artifacts', check: () => artifacts.check() },
    {
      name: 'workers',
      check: () => refuseIf(!pool.status().some(({ state }) => state === 'idle' || state === 'busy')),
    },
  ];
  const isReady = async () => (await failingChecks(readiness)).length === 0;
  const routes = {
    public: { '/': explorerRoute(), '/livez': livezRoute, '/readyz': readyzRoute(readiness) },
    graphql: graphqlRoute({ apollo, operations, services }),
    artifacts: artifactRoute(artifacts),
    doors: [openInferenceDoor({ ...services, isReady }), tfServingDoor(services)],
  };
  const http = new HttpServer(routes, auth, logger);
  const grpc = new GrpcServer(grpcInferenceService({ ...services, isReady, auth, logger }));
  // At once, since the time to drain is for both.
  const stopWithin = config.drainTimeoutMs;
  shutdown.push('http and grpc', () => Promise.all([http.stop(stopWithin), grpc.stop(stopWithin)]));
  const url = await http.listen(config.host, config.port);
  const grpcUrl = `grpc://${await grpc.listen(config.host, config.grpcPort)}`;
  const webSocket = serveWebSocket({ server: http.server, operations, services, auth, logger });
  shutdown.push('websocket', () => webSocket.stop());
  return { url, grpcUrl };
}

const refuseIf = (isWrong: boolean): Promise<void> =>
  isWrong ? Promise.reject(new Error('not ready')) : Promise.resolve();

const workerOptions = ({ onnxProviders, onnxThreads, onnxEnvironment }: Config) => ({
  providers: onnxProviders,
  intraOpNumThreads: onnxThreads,
  environment: onnxEnvironment,
});

/** Models that other servers have; whether those answer, callers find out. */
function openRemotes({ remoteBackends, remoteCredentialsFile }: Config, logger: Logger): RemoteBackend {
  const credentials = remoteCredentialsFile === null ? new Map() : readCredentials(remoteCredentialsFile);
  return new RemoteBackend(new RemotePolicy(remoteBackends, credentials), (event) => {
    if (event.state === 'DOWN')
      logger.warn(event, 'a remote model is away, and is looked at until it is back');
    else logger.info(event, 'a remote model says that it is ready');
  });
}

/** Shared with other processes where there is a URL; whether something answers there, predictions find out. */
function openCache({ cacheUrl }: Config, logger: Logger, shutdown: ShutdownStack): PredictionCache {
  const shared = cacheUrl === null ? null : openSharedAnswers(cacheUrl, logger);
  if (shared) shutdown.push('shared cache', () => shared.stop());
  return new PredictionCache(shared, Date.now);
}

const WORKER_NEWS = {
  'worker-died': 'an ONNX worker died, and is started again',
  'worker-failed-to-start': 'an ONNX worker could not be started, and is tried again',
  'model-quarantined': 'a model that ends workers is held back',
  'workers-bounded': 'fewer ONNX workers run than ONNX_WORKERS asks for: one process has a device for itself',
} satisfies Record<PoolEvent['type'], string>;

async function startWorkers(config: Config, logger: Logger, shutdown: ShutdownStack): Promise<WorkerPool> {
  const pool = new WorkerPool({
    workers: config.onnxWorkers,
    ...workerOptions(config),
    ...(config.onnxWorkerMemoryBytes !== null && { budgetBytes: config.onnxWorkerMemoryBytes }),
    onEvent: (event) => logger.warn(event, WORKER_NEWS[event.type]),
  });
  shutdown.push('onnx workers', () => pool.stop({ withinMs: config.drainTimeoutMs }));
  await pool.start();
  const workers = pool.status();
  const [worker] = workers;
  logger.info(
    {
      workers: workers.length,
      budgetBytes: worker?.budgetBytes,
      provider: worker?.provider,
      skipped: worker?.skippedProviders,
    },
    'the ONNX workers are up',
  );
  return pool;
}

/** PostgreSQL where there is a URL, else the embedded database in the store's folder, which must be ours alone. */
async function openDatabase(
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
    const message = `${describe(input.connection)} cannot be reached. Check DATABASE_URL and that the database is up.`;
    throw new Error(message, { cause: error });
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
  const { hostname, port, pathname } = new URL(connection.url);
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

import { Auth } from './auth/auth';
import { GrpcServer } from './compat/open-inference/grpc-server';
import { grpcInferenceService } from './compat/open-inference/grpc-service';
import { mlflowDoors, mlflowPublicRoutes, mlflowSignedRoutes } from './compat/mlflow/mlflow';
import { openInferenceDoor } from './compat/open-inference/open-inference';
import { tfServingDoor } from './compat/tf-serving/tf-serving';
import { openArtifacts } from './compose-artifacts';
import { startCollector } from './compose-collector';
import { openDatabase } from './compose-database';
import { openGpus } from './compose-gpus';
import { startOnnx } from './compose-onnx';
import { startWorker } from './compose-worker';
import { DataReader } from './datasets/data-reader';
import { Datasets } from './datasets/datasets';
import { createApollo } from './graphql/apollo';
import { CompiledOperations } from './graphql/compiled-operations';
import { Operations } from './graphql/operations';
import type { Services } from './graphql/resolvers';
import { createSchema } from './graphql/schema';
import { artifactRoute } from './http/artifact-route';
import { metricsRoute } from './http/metrics-route';
import { explorerRoute } from './http/explorer-route';
import { graphqlRoute } from './http/graphql-route';
import { failingChecks, livezRoute, readyzRoute } from './http/health-routes';
import { HttpServer } from './http/server';
import { serveWebSocket } from './http/websocket';
import { ArtifactUploads } from './kernel/artifacts/artifact-uploads';
import { Artifacts } from './kernel/artifacts/artifacts';
import { systemClock } from './kernel/clock';
import type { Config } from './kernel/config';
import type { Database } from './kernel/database/database';
import type { Logger } from './kernel/logger';
import type { MetricSource } from './kernel/metrics/metric-family';
import { LargeMemory } from './kernel/large-memory';
import { Outbox } from './kernel/outbox';
import { processMetrics } from './kernel/metrics/process-metrics';
import { Retention } from './kernel/retention';
import { S3Files } from './kernel/artifacts/s3-files';
import { checkOpenFiles, openFilesLimit } from './kernel/open-files';
import { ShutdownStack } from './kernel/shutdown-stack';
import { Lineage, lineageHandler } from './lineage/lineage';
import {
  LatencyRecorder,
  Monitoring,
  PredictionObservers,
  PredictionWatch,
  ShadowDifferences,
  workersOn,
} from './monitoring/monitoring';
import { Registry, type AliasFollower } from './registry/registry';
import { RunVersions } from './registry/versions/run-versions.queries';
import type { Backend } from './serving/execution/backend';
import { Backends } from './serving/backends/backends';
import { Fleet } from './serving/fleet/fleet';
import { RemoteBackend } from './serving/backends/remote';
import { readCredentials, RemotePolicy } from './serving/backends/remote-policy';
import { Batcher } from './serving/batching/batcher';
import { discoveryOf } from './serving/fleet/discovery';
import { WorkerNodeStore } from './serving/fleet/worker-node.store';
import { ensureWorkerToken, type WorkerToken } from './serving/fleet/worker-token';
import { openSharedAnswers } from './serving/cache/cache-adapter';
import { CacheKeeper } from './serving/cache/cache-keeper';
import { EndpointReferences } from './serving/endpoints/endpoint-references';
import { ModelFileInspector } from './serving/backends/model-file-inspector';
import { PredictionCache } from './serving/cache/prediction-cache';
import { PredictionStatistics } from './serving/seen/prediction-statistics';
import { RoutingTable } from './serving/routing/routing-table';
import { Serving } from './serving/serving';
import { MetricCompactor, MetricFolder, PurgeWorker, RetentionKeeper, Tracking } from './tracking/tracking';
import { DeliverySender, webhookHandler, Webhooks, WebhookSecrets } from './webhooks/webhooks';
import type { Platform } from './platform';

/** One program, and what it is for by its role. */
export async function startPlatform(config: Config, logger: Logger): Promise<Platform> {
  checkOpenFiles(openFilesLimit());
  return config.role === 'worker' ? startWorker(config, logger) : startApi(config, logger);
}

/** The wiring diagram: makes every object once, joins them, and starts what must run. */
async function startApi(config: Config, logger: Logger): Promise<Platform> {
  const shutdown = new ShutdownStack(logger);
  try {
    const cache = await openCache(config, logger, shutdown);
    const { database, bus } = await openDatabase(config, logger, shutdown);
    const artifactStore = await openArtifacts(config, logger, shutdown);
    const artifacts = new Artifacts(database, artifactStore, config.maxArtifactBytes);
    startCollector(
      { database, store: artifactStore, graceHours: config.artifactGraceHours, logger },
      shutdown,
    );
    const uploads = new ArtifactUploads(database, artifacts, logger);
    shutdown.start('uploads', uploads);
    const auth = new Auth(database, logger);
    await auth.ensureAdminKey(config.adminKeyFile);
    const outbox = new Outbox(bus, [lineageHandler, webhookHandler(bus)]);
    const retention = new Retention(database, logger);
    shutdown.start('retention', retention);

    const fleet = config.role === 'api' ? await startFleet(config, database, logger, shutdown) : null;
    const own = fleet ?? (await startOnnx(config, logger, shutdown));
    const remote = openRemotes(config, logger);
    shutdown.push('remote models', () => remote.stop());
    const backend: Backend = new Backends(own, remote);

    const kernel = { database, bus, outbox, artifacts, clock: systemClock };
    const reader = new DataReader({ logger });
    shutdown.push('data reader', () => reader.stop());
    const sources = new S3Files(config.s3, config.datasetSources, config.maxArtifactBytes);
    shutdown.push('data sources', () => Promise.resolve(sources.stop()));
    const datasets = new Datasets({ ...kernel, reader, sources });
    const compactor = new MetricCompactor(database, logger);
    shutdown.start('metric compactor', compactor);
    const folder = new MetricFolder({ database, bus, compactor, logger });
    shutdown.start('metric folder', folder);
    const purger = new PurgeWorker({ ...kernel, logger });
    shutdown.start('purge worker', purger);
    const runUsers = new RunVersions();
    const keeper = new RetentionKeeper({ ...kernel, users: runUsers, logger });
    shutdown.start('retention of runs', keeper);
    const tracking = new Tracking({ ...kernel, datasets, compactor, folder, runUsers });
    const inspector = new ModelFileInspector(backend, artifacts);
    const follower: AliasFollower = { aliasMoved: () => routing.aliasMoved() };
    const users = new EndpointReferences();
    const registry: Registry = new Registry({ ...kernel, datasets, tracking, inspector, follower, users });

    const routing: RoutingTable = new RoutingTable({
      ...{ database, registry, artifacts, backend, cache, bus, logger },
    });
    await routing.start();
    shutdown.push('routing', () => routing.stop());
    const batcher = new Batcher(backend);
    shutdown.push('batcher', () => Promise.resolve(batcher.stop()));
    const cacheKeeper = new CacheKeeper({ cache, database, logger });
    shutdown.start('cache keeper', cacheKeeper);
    const gpus = openGpus(config, shutdown, () => (fleet ? [] : own.status()));
    const recorder = new LatencyRecorder(Date.now, (device) => workersOn(device, backend.status()));
    const differences = new ShadowDifferences(Date.now);
    const watch = new PredictionWatch();
    const statistics = new PredictionStatistics(Date.now);
    const serving = new Serving({
      ...kernel,
      ...{
        registry,
        routing,
        backend,
        fleet,
        batcher,
        cache,
        cacheKeeper,
        gpus,
        remote,
        statistics,
        observer: new PredictionObservers(recorder, watch),
        shadowObserver: differences,
      },
    });
    const monitoring = new Monitoring({
      recorder,
      differences,
      watch,
      serving,
      database,
      bus,
      logger,
      prices: config.prices,
      nowMs: Date.now,
    });
    shutdown.start('monitoring', monitoring);
    const lineage = new Lineage({ database, datasets, registry, serving });

    const secrets = new WebhookSecrets(config.webhookKeyFile);
    const privateHosts = config.webhookPrivateHosts;
    const sender = new DeliverySender({ database, bus, logger, secrets, privateHosts });
    shutdown.start('webhook deliveries', sender);
    const webhooks = new Webhooks({ ...kernel, secrets, sender });

    const services: Services = { datasets, tracking, registry, serving, monitoring, lineage, webhooks };
    const urls = await serve({
      ...{ config, logger, shutdown, auth, artifacts, uploads, database, backend, services },
    });
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
  readonly uploads: ArtifactUploads;
  readonly database: Database;
  readonly backend: Backend;
  readonly services: Services;
}

/** The doors: what is behind them is all there already. */
async function serve({
  config,
  logger,
  shutdown,
  auth,
  artifacts,
  uploads,
  database,
  backend,
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
      check: () => refuseIf(!backend.status().some(({ state }) => state === 'idle' || state === 'busy')),
    },
  ];
  const memory = new LargeMemory();
  const isReady = async () => (await failingChecks(readiness)).length === 0;
  const mlflow = { ...services, artifacts, uploads, publicUrl: config.publicUrl };
  const routes = {
    signed: mlflowSignedRoutes(mlflow),
    public: {
      ...mlflowPublicRoutes,
      '/': explorerRoute(),
      '/livez': livezRoute,
      '/readyz': readyzRoute(readiness),
    },
    graphql: graphqlRoute({ apollo, operations, services, memory }),
    metrics: metricsRoute(metricSources(services, database), auth),
    artifacts: artifactRoute(artifacts, services.tracking.notebooks),
    doors: [
      openInferenceDoor({ ...services, isReady, memory }),
      tfServingDoor(services),
      ...mlflowDoors(mlflow),
    ],
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

/** In the order in which they are told. */
const metricSources = ({ monitoring, serving }: Services, database: Database): readonly MetricSource[] => [
  (scope) => monitoring.metrics(scope),
  (scope) => serving.metrics(scope),
  processMetrics(database),
];

const refuseIf = (isWrong: boolean): Promise<void> =>
  isWrong ? Promise.reject(new Error('not ready')) : Promise.resolve();

/** Models on processes that run nothing else. */
async function startFleet(
  config: Config,
  database: Database,
  logger: Logger,
  shutdown: ShutdownStack,
): Promise<Fleet> {
  const token =
    (config.workerToken as WorkerToken | null) ?? (await ensureWorkerToken(config.workerTokenFile));
  const discovery = discoveryOf(config.workers, new WorkerNodeStore(database));
  const fleet = new Fleet({ discovery, token, logger });
  shutdown.push('fleet', () => fleet.stop());
  await fleet.start();
  return fleet;
}

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
async function openCache(
  { cacheUrl }: Config,
  logger: Logger,
  shutdown: ShutdownStack,
): Promise<PredictionCache> {
  const shared = cacheUrl === null ? null : openSharedAnswers(cacheUrl, logger);
  if (shared) shutdown.push('shared cache', () => shared.stop());
  await shared?.start();
  return new PredictionCache(shared, Date.now);
}

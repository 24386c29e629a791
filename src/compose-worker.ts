import { GrpcServer } from './compat/open-inference/grpc-server';
import { workerService } from './compat/open-inference/worker-service';
import type { Platform } from './platform';
import { openArtifacts } from './compose-artifacts';
import { openDatabase } from './compose-database';
import { openGpus } from './compose-gpus';
import { startOnnx } from './compose-onnx';
import { failingChecks } from './http/health-routes';
import { HealthServer } from './http/health-server';
import type { Config } from './kernel/config';
import type { Logger } from './kernel/logger';
import { ShutdownStack } from './kernel/shutdown-stack';
import { Heartbeat } from './serving/fleet/heartbeat';
import { ModelFiles } from './serving/fleet/model-files';
import { ownAddress } from './serving/fleet/own-address';
import { untilKnown } from './serving/fleet/leaving';
import { WorkerNode } from './serving/fleet/worker-node';
import { ensureWorkerToken } from './serving/fleet/worker-token';

/**
 * A process that runs models for `api` processes, and does nothing else: no GraphQL, no credentials, no doors but
 * theirs.
 */
export async function startWorker(config: Config, logger: Logger): Promise<Platform> {
  const shutdown = new ShutdownStack(logger);
  try {
    const { database } = await openDatabase(config, logger, shutdown);
    const store = await openArtifacts(config, logger, shutdown);
    const token = config.workerToken ?? (await ensureWorkerToken(config.workerTokenFile));
    const backend = await startOnnx(config, logger, shutdown);
    let address = '';
    const gpus = openGpus(config, shutdown, () => backend.status());
    const files = new ModelFiles(store);
    const node = new WorkerNode({ backend, files, gpus, logger, name: () => address });
    const readiness = [
      { name: 'shutting-down', check: () => refuseIf(shutdown.isStopping) },
      {
        name: 'workers',
        check: () => refuseIf(!backend.status().some(({ state }) => state === 'idle' || state === 'busy')),
      },
    ];
    const isReady = async () => (await failingChecks(readiness)).length === 0;
    const http = new HealthServer(readiness, logger);
    const url = await http.listen(config.host, config.port);
    shutdown.push('http', () => http.stop());
    const grpc = new GrpcServer(workerService({ node, isReady, token, logger }));
    shutdown.push('grpc', () => grpc.stop(config.drainTimeoutMs));
    const grpcAddress = await grpc.listen(config.host, config.grpcPort);
    address = config.workerAddress ?? ownAddress(grpcAddress);
    // Before its door closes: whoever asks it hears that it leaves, and asks others from then on.
    shutdown.push('leaving', () => untilKnown(node));
    const heartbeat = new Heartbeat({ node, backend, database, address, logger });
    await heartbeat.start();
    shutdown.push('heartbeat', () => heartbeat.stop());
    return { url, grpcUrl: `grpc://${grpcAddress}`, database, stop: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

const refuseIf = (isWrong: boolean): Promise<void> =>
  isWrong ? Promise.reject(new Error('not ready')) : Promise.resolve();

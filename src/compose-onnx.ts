import type { Config } from './kernel/config';
import type { Logger } from './kernel/logger';
import type { ShutdownStack } from './kernel/shutdown-stack';
import { OnnxBackend } from './serving/backends/onnx';
import { WorkerPool, type PoolEvent } from './serving/worker/worker-pool';

const workerOptions = ({ onnxProviders, onnxThreads, onnxEnvironment }: Config) => ({
  providers: onnxProviders,
  intraOpNumThreads: onnxThreads,
  environment: onnxEnvironment,
});

const WORKER_NEWS = {
  'worker-died': 'an ONNX worker died, and is started again',
  'worker-failed-to-start': 'an ONNX worker could not be started, and is tried again',
  'model-quarantined': 'a model that ends workers is held back',
  'workers-bounded': 'fewer ONNX workers run than ONNX_WORKERS asks for: one process has a device for itself',
} satisfies Record<PoolEvent['type'], string>;

/** An error under the name by which the logger describes errors: under another one, none of it is written. */
const factsOf = (event: PoolEvent): object => {
  if (event.type !== 'worker-failed-to-start') return event;
  const { error, ...facts } = event;
  return { ...facts, err: error };
};

/** Models in child processes of this one. */
export async function startOnnx(
  config: Config,
  logger: Logger,
  shutdown: ShutdownStack,
): Promise<OnnxBackend> {
  const pool = await startWorkers(config, logger, shutdown);
  const backend = new OnnxBackend(pool, workerOptions(config));
  shutdown.push('onnx trials', () => backend.stop());
  return backend;
}

async function startWorkers(config: Config, logger: Logger, shutdown: ShutdownStack): Promise<WorkerPool> {
  const pool = new WorkerPool({
    workers: config.onnxWorkers,
    ...workerOptions(config),
    ...(config.onnxWorkerMemoryBytes !== null && { budgetBytes: config.onnxWorkerMemoryBytes }),
    onEvent: (event) => logger.warn(factsOf(event), WORKER_NEWS[event.type]),
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

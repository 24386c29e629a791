import type { WorkerOptions } from './spawn-worker';

/** Everything but this computes on a device beside the processor. */
const CPU = 'cpu';

export const isDeviceProvider = (provider: string): boolean => provider !== CPU;

/**
 * Providers that several threads of a process may use at a time, as ONNX Runtime has it of sessions. WebGPU is none of
 * them: it mixes the commands of two threads (“Command encoding already finished”, 1.30.0).
 */
const THREADED: readonly string[] = [CPU, 'cuda'];

export const mayUseThreads = (provider: string): boolean => THREADED.includes(provider);

export interface WorkerPlan {
  /**
   * Started first. Where devices are to be tried, there is one for each: the session on a device belongs to one
   * process.
   */
  readonly first: readonly WorkerOptions[];
  /** For the processor, and of use only where no device was found: a device leaves them nothing to do. */
  readonly others: readonly WorkerOptions[];
}

/** Who tries which providers, so that no two workers share a device. */
export function planWorkers(workers: number, options: WorkerOptions): WorkerPlan {
  if (!options.providers.some(isDeviceProvider))
    return { first: Array.from({ length: workers }, () => options), others: [] };
  const first = deviceEnvironments(options.environment)
    .slice(0, workers)
    .map((environment) => ({ ...options, environment }));
  const providers = options.providers.filter((provider) => !isDeviceProvider(provider));
  const left = providers.length === 0 ? 0 : workers - first.length;
  return { first, others: Array.from({ length: left }, () => ({ ...options, providers })) };
}

/** One for each device. More than one is known only where CUDA_VISIBLE_DEVICES names them. */
function deviceEnvironments(
  environment: WorkerOptions['environment'],
): readonly WorkerOptions['environment'][] {
  const named = (environment['CUDA_VISIBLE_DEVICES'] ?? '')
    .split(',')
    .filter((device) => device.trim() !== '');
  if (named.length <= 1) return [environment];
  return named.map((device) => ({ ...environment, CUDA_VISIBLE_DEVICES: device.trim() }));
}

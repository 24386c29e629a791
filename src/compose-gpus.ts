import type { Config } from './kernel/config';
import type { ShutdownStack } from './kernel/shutdown-stack';
import type { WorkerStatus } from './serving/backends/backend';
import { GpuLoad } from './serving/seen/gpu-load';
import type { TellGpus } from './serving/seen/gpu-reading';
import { withUsers } from './serving/seen/gpu-users';

/** Tells of this machine's graphics cards, and which of this process's workers compute on them. */
export function openGpus(
  { deviceEnvironment }: Config,
  shutdown: ShutdownStack,
  workers: () => readonly WorkerStatus[],
): TellGpus {
  const load = new GpuLoad({ environment: deviceEnvironment, nowMs: () => performance.now() });
  shutdown.push('gpu load', () => load.stop());
  return async () => withUsers(await load.devices(), workers(), deviceEnvironment);
}

import type { Config } from './kernel/config';
import type { ShutdownStack } from './kernel/shutdown-stack';
import type { WorkerStatus } from './serving/execution/backend';
import { GpuLoad } from './serving/gpu/gpu-load';
import type { TellGpus } from './serving/gpu/gpu-reading';
import { withUsers } from './serving/gpu/gpu-users';

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

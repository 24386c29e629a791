import { ON_WORKERS, type RanOn, type WorkerStatus } from '../serving/serving';

/** What a worker may run on: hours of the two have prices of their own. */
export const WORKER_DEVICES = ['processor', 'accelerator'] as const;
export type WorkerDevice = (typeof WORKER_DEVICES)[number];

/** Whose time a run takes: a worker's, or that of a server that is not ours. */
export const DEVICES = [...WORKER_DEVICES, 'remote'] as const;
export type Device = (typeof DEVICES)[number];

/** What runs took, and what they are charged for: with the idle time of the workers before them. In ms. */
export interface SpentTime {
  busyMs: number;
  paidMs: number;
}

/** By whose time it was. */
export type Spent = Readonly<Record<Device, SpentTime>>;

export const nothingSpent = (): Spent => ({
  processor: { busyMs: 0, paidMs: 0 },
  accelerator: { busyMs: 0, paidMs: 0 },
  remote: { busyMs: 0, paidMs: 0 },
});

export function addSpent(sum: Spent, more: Spent): void {
  for (const device of DEVICES) {
    sum[device].busyMs += more[device].busyMs;
    sum[device].paidMs += more[device].paidMs;
  }
}

/** What has computed an answer; null: nobody knows, and then it was a worker of ours, on what there always is. */
export const deviceOf = (ranOn: RanOn | null): Device =>
  ranOn !== null && ranOn.backend !== ON_WORKERS ? 'remote' : workerDevice(ranOn?.provider ?? null);

/**
 * How many of the workers are on the one or the other, where each that runs for several processes is this one's in
 * equal shares: all of them charge its idle time. What one that has no process will run on, nobody knows yet.
 */
export const workersOn = (device: WorkerDevice, workers: readonly WorkerStatus[]): number =>
  workers
    .filter(({ provider }) => provider !== null && workerDevice(provider) === device)
    .reduce((sum, { sharers = 1 }) => sum + 1 / sharers, 0);

/** ONNX Runtime has one provider for processors; all others that workers can have are for accelerators. */
const workerDevice = (provider: string | null): WorkerDevice =>
  provider === null || provider === 'cpu' ? 'processor' : 'accelerator';

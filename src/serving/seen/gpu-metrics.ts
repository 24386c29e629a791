import { sample, type MetricFamily, type MetricLabels } from '../../kernel/metrics/metric-family';
import type { UsedGpu } from '../gpu/gpu-reading';

/** Triton's names for what cards do, and who computes on them. */
export function gpuMetrics(devices: readonly UsedGpu[]): readonly MetricFamily[] {
  const gauge = (name: string, help: string, of: (device: UsedGpu) => number | null): MetricFamily => ({
    ...{ name: `nv_gpu_${name}`, type: 'gauge', help },
    samples: devices.flatMap((device) => {
      const value = of(device);
      return value === null ? [] : [sample(labelsOf(device), value)];
    }),
  });
  return [
    gauge('utilization', 'Share of the time in which it computed, 0 to 1.', ({ utilisation }) => utilisation),
    gauge('memory_used_bytes', 'Memory in use.', ({ memoryUsedBytes }) => memoryUsedBytes),
    gauge('memory_total_bytes', 'Memory that it has.', ({ memoryTotalBytes }) => memoryTotalBytes),
    gauge('power_usage', 'Power that it takes, in watts.', ({ powerW }) => powerW),
    gauge('power_limit', 'Power that it may take, in watts.', ({ powerLimitW }) => powerLimitW),
    gauge('temperature_celsius', 'Its temperature.', ({ temperatureC }) => temperatureC),
    {
      ...{ name: 'modelgraph_worker_gpu', type: 'gauge' },
      help: 'The card that a worker is known to compute on: 1.',
      samples: devices.flatMap((device) =>
        device.workers.map((worker) => sample({ worker: String(worker), ...labelsOf(device) }, 1)),
      ),
    },
  ];
}

const labelsOf = ({ uuid, node }: UsedGpu): MetricLabels => ({
  gpu_uuid: uuid,
  ...(node !== undefined && { node }),
});

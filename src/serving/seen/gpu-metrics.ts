import { sample, type MetricFamily } from '../../kernel/metrics/metric-family';
import type { GpuDevice } from './gpu-reading';

/** Triton's names for what its machine's cards do. */
export function gpuMetrics(devices: readonly GpuDevice[]): readonly MetricFamily[] {
  const gauge = (name: string, help: string, of: (device: GpuDevice) => number | null): MetricFamily => ({
    ...{ name: `nv_gpu_${name}`, type: 'gauge', help },
    samples: devices.flatMap((device) => {
      const value = of(device);
      return value === null ? [] : [sample({ gpu_uuid: device.uuid }, value)];
    }),
  });
  return [
    gauge('utilization', 'Share of the time in which it computed, 0 to 1.', ({ utilisation }) => utilisation),
    gauge('memory_used_bytes', 'Memory in use.', ({ memoryUsedBytes }) => memoryUsedBytes),
    gauge('memory_total_bytes', 'Memory that it has.', ({ memoryTotalBytes }) => memoryTotalBytes),
    gauge('power_usage', 'Power that it takes, in watts.', ({ powerW }) => powerW),
    gauge('power_limit', 'Power that it may take, in watts.', ({ powerLimitW }) => powerLimitW),
    gauge('temperature_celsius', 'Its temperature.', ({ temperatureC }) => temperatureC),
  ];
}

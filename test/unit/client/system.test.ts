import { setTimeout as pause } from 'node:timers/promises';
import { gpuMetrics, readGpuMetrics } from '../../../src/client/system/gpus';
import {
  availableBytes,
  bytesOfInterfaces,
  cpuPercentage,
  diskMetrics,
  memoryMetrics,
  networkMetrics,
} from '../../../src/client/system/readings';
import { sampleSystem } from '../../../src/client/system/sample-system';
import { fakeNvidiaSmi } from '../../support/nvidia-smi';

test('each card has its metrics by MLflow’s names; what its driver does not tell is left out', () => {
  const text = '0, 37, 1024, 4096, 70.50, 141.00\n1, [N/A], 2048, 4096, [Not Supported], [N/A]\nNo devices\n';
  expect(readGpuMetrics(text)).toEqual({
    gpu_0_utilization_percentage: 37,
    gpu_0_memory_usage_megabytes: 1073.741824,
    gpu_0_memory_usage_percentage: 25,
    gpu_0_power_usage_watts: 70.5,
    gpu_0_power_usage_percentage: 50,
    gpu_1_memory_usage_megabytes: 2147.483648,
    gpu_1_memory_usage_percentage: 50,
  });
});

describe('where the driver’s program', () => {
  const path = process.env.PATH;
  afterEach(() => (process.env.PATH = path));

  test.each([
    [
      'answers, it is asked for what is read',
      'echo "$1 $2" | grep -q "^--query-gpu=index,utilization.gpu,memory.used,memory.total,power.draw,power.limit --format=csv,noheader,nounits$" && echo "0, 50, 0, 1024, 10, 40"',
      {
        gpu_0_utilization_percentage: 50,
        gpu_0_memory_usage_megabytes: 0,
        gpu_0_memory_usage_percentage: 0,
        gpu_0_power_usage_watts: 10,
        gpu_0_power_usage_percentage: 25,
      },
    ],
    ['fails, nothing is known this time', 'echo "Failed to initialize NVML" >&2; exit 9', {}],
  ])('%s', async (_what, script, expected) => {
    const fake = await fakeNvidiaSmi(script);
    process.env.PATH = fake.path;
    expect(await gpuMetrics()).toEqual(expected);
    await fake.remove();
  });

  test('is not there, there is no use to ask again', async () => {
    process.env.PATH = '/nowhere';
    expect(await gpuMetrics()).toBeNull();
  });
});

test('the network is all interfaces but the loopback, counted from the start of the run', () => {
  const text = `Inter-|   Receive                            |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets
    lo: 9000000 1 0 0 0 0 0 0 9000000 1 0 0 0 0 0 0
  eth0: 3000000 1 0 0 0 0 0 0 1000000 1 0 0 0 0 0 0
 wlan0:2000000 1 0 0 0 0 0 0 500000 1 0 0 0 0 0 0
`;
  const now = bytesOfInterfaces(text);
  expect(now).toEqual({ received: 5_000_000, sent: 1_500_000 });
  expect(networkMetrics({ received: 1_000_000, sent: 0 }, now ?? { received: 0, sent: 0 })).toEqual({
    network_receive_megabytes: 4,
    network_transmit_megabytes: 1.5,
  });
  expect(bytesOfInterfaces('')).toBeNull();
});

test('memory that the system would give back is not in use', () => {
  expect(availableBytes('MemTotal: 100 kB\nMemFree: 1 kB\nMemAvailable:   50 kB\n')).toBe(51_200);
  expect(availableBytes('')).toBeNull();
});

test('the share of busy time is between two readings, and none where no time has passed', () => {
  expect(cpuPercentage({ busyMs: 100, totalMs: 1_000 }, { busyMs: 150, totalMs: 1_200 })).toBe(25);
  expect(cpuPercentage({ busyMs: 100, totalMs: 1_000 }, { busyMs: 100, totalMs: 1_000 })).toBeNull();
});

test('this machine has a memory and a disk', async () => {
  const { system_memory_usage_percentage: memory } = await memoryMetrics();
  const { disk_usage_percentage: disk } = await diskMetrics('.');
  for (const percentage of [memory, disk]) {
    expect(percentage).toBeGreaterThan(0);
    expect(percentage).toBeLessThanOrEqual(100);
  }
});

test('samples are counted by their steps, and end with the run', async () => {
  const samples: { readonly metrics: object; readonly step: unknown }[] = [];
  let end = () => {};
  let heard = () => {};
  sampleSystem(
    {
      log: (metrics, { step } = {}) => {
        samples.push({ metrics, step });
        heard();
        return true;
      },
      onClose: (stop) => (end = stop),
    },
    { everyMs: 100 },
  );
  while (samples.length < 2) await new Promise<void>((resolve) => (heard = resolve));
  end();
  await pause(250); // two more would have come
  expect(samples.map(({ step }) => step)).toEqual([0, 1]);
  expect(Object.keys(samples[1]?.metrics ?? {})).toContain('system/cpu_utilization_percentage');
});

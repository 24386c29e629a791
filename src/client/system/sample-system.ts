import type { Run } from '../run';
import { gpuMetrics } from './gpus';
import {
  cpuPercentage,
  cpuTimes,
  diskMetrics,
  memoryMetrics,
  networkBytes,
  networkMetrics,
  type CpuTimes,
  type NetworkBytes,
} from './readings';

/** MLflow's interval. */
const DEFAULT_EVERY_MS = 10_000;
/** Below, the sampling itself would be seen in the samples. */
const MIN_EVERY_MS = 100;

export interface SystemSampler {
  /** Ends it before the run ends; idempotent. */
  stop(): void;
}

/** What is sampled: only the logging end of a run. */
export type SampledRun = Pick<Run, 'log' | 'onClose'>;

/**
 * Logs how busy this machine is, as long as the run goes on, by the names of MLflow's client: `system/…` with CPU (%),
 * memory, disk of the working folder and network since the start (MB, of a million bytes), and for each NVIDIA card its
 * utilisation (%), memory (MB) and power (W). What this machine does not tell is left out. Steps count the samples.
 */
export function sampleSystem(
  run: SampledRun,
  { everyMs = DEFAULT_EVERY_MS }: { readonly everyMs?: number | undefined } = {},
): SystemSampler {
  const sampler = new Sampler(run);
  const timer = setInterval(() => void sampler.sample(), Math.max(MIN_EVERY_MS, everyMs)).unref();
  const stop = () => {
    clearInterval(timer);
    sampler.stop();
  };
  run.onClose(stop);
  return { stop };
}

class Sampler {
  private cpu: CpuTimes = cpuTimes();
  private readonly firstNetwork: Promise<NetworkBytes | null> = networkBytes();
  private hasGpus = true;
  private isBusy = false;
  private isStopped = false;
  private step = 0;

  constructor(private readonly run: SampledRun) {}

  stop(): void {
    this.isStopped = true;
  }

  /** One at a time: a slow reading leaves samples out. */
  async sample(): Promise<void> {
    if (this.isBusy || this.isStopped) return;
    this.isBusy = true;
    const readings = await Promise.allSettled([
      Promise.resolve(this.cpuMetrics()),
      memoryMetrics(),
      diskMetrics('.'),
      this.network(),
      this.gpus(),
    ]);
    this.isBusy = false;
    // The run may have ended meanwhile.
    if (this.isStopped) return;
    const found = readings.flatMap((reading) =>
      reading.status === 'fulfilled' ? Object.entries(reading.value) : [],
    );
    const metrics = Object.fromEntries(found.map(([name, value]) => [`system/${name}`, value]));
    this.run.log(metrics, { step: this.step });
    this.step += 1;
  }

  private cpuMetrics(): Record<string, number> {
    const now = cpuTimes();
    const percentage = cpuPercentage(this.cpu, now);
    this.cpu = now;
    return percentage === null ? {} : { cpu_utilization_percentage: percentage };
  }

  private async network(): Promise<Record<string, number>> {
    const [first, now] = await Promise.all([this.firstNetwork, networkBytes()]);
    return first && now ? networkMetrics(first, now) : {};
  }

  private async gpus(): Promise<Record<string, number>> {
    if (!this.hasGpus) return {};
    const metrics = await gpuMetrics();
    this.hasGpus = metrics !== null;
    return metrics ?? {};
  }
}

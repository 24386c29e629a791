import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);
/** `nvidia-smi` takes tens of milliseconds; one that hangs is a driver in trouble. */
const TIMEOUT_MS = 5_000;
/** Cards that are looked at: more than any machine has. */
const MAX_GPUS = 64;
/** What it counts memory in, MiB, in MB. */
const MB_OF_MIB = 1024 ** 2 / 1e6;

const FIELDS = ['index', 'utilization.gpu', 'memory.used', 'memory.total', 'power.draw', 'power.limit'];

/**
 * Of each NVIDIA card, by MLflow's names; null where there is no `nvidia-smi`, and then there is no use to ask again.
 */
export async function gpuMetrics(): Promise<Record<string, number> | null> {
  try {
    const args = [`--query-gpu=${FIELDS.join(',')}`, '--format=csv,noheader,nounits'];
    const env = { ...process.env, MODELGRAPH_KEY: '' }; // it has no business with the key
    const { stdout } = await execute('nvidia-smi', args, { timeout: TIMEOUT_MS, env });
    return readGpuMetrics(stdout);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : {};
  }
}

/** A line for each card; what a driver does not tell (`[N/A]`) is left out. */
export function readGpuMetrics(text: string): Record<string, number> {
  const metrics: Record<string, number> = {};
  const put = (index: number, name: string, value: number) => {
    if (Number.isFinite(value)) metrics[`gpu_${index}_${name}`] = value;
  };
  for (const line of text.split('\n', MAX_GPUS)) {
    const fields = line.split(',').map((field) => numberOf(field.trim()));
    const [index = NaN, utilisation = NaN, used = NaN, total = NaN, drawn = NaN, limit = NaN] = fields;
    if (!Number.isInteger(index)) continue;
    put(index, 'utilization_percentage', utilisation);
    put(index, 'memory_usage_megabytes', used * MB_OF_MIB);
    put(index, 'memory_usage_percentage', (100 * used) / total);
    put(index, 'power_usage_watts', drawn);
    put(index, 'power_usage_percentage', (100 * drawn) / limit);
  }
  return metrics;
}

const numberOf = (field: string): number => (/^\d{1,15}(\.\d{1,6})?$/.test(field) ? Number(field) : NaN);

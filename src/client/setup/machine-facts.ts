import { cpus, release, totalmem, type } from 'node:os';
import { readFile } from 'node:fs/promises';
import { textOf } from './program-output';

/** `nvidia-smi` takes tens of milliseconds; one that hangs is a driver in trouble. */
const GPU_TIMEOUT_MS = 5_000;
const BYTES_OF_MIB = 1024 ** 2;

export interface GpuFacts {
  readonly name: string;
  readonly memoryBytes: number | null;
  readonly driver: string | null;
}

/** What is known of the machine, as the server takes it. */
export interface MachineFacts {
  readonly operatingSystem: string;
  readonly cpuModel?: string;
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly gpus?: readonly GpuFacts[];
}

export async function machineFacts(): Promise<MachineFacts> {
  const [system, gpus] = await Promise.all([systemName(), gpuCards()]);
  const [cpu] = cpus();
  const model = cpu?.model.trim() ?? '';
  return {
    operatingSystem: system,
    ...(model !== '' && { cpuModel: model }),
    cpuCores: cpus().length,
    memoryBytes: totalmem(),
    ...(gpus && { gpus }),
  };
}

async function systemName(): Promise<string> {
  const kernel = `${type()} ${release()}`;
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const name = /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(text)?.[1];
  return name ? `${name}, ${kernel}` : kernel;
}

/** Null where there is no driver's program: then nothing is known of cards of other makers. */
async function gpuCards(): Promise<readonly GpuFacts[] | null> {
  const args = ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader,nounits'];
  const text = await textOf('nvidia-smi', args, { timeoutMs: GPU_TIMEOUT_MS });
  return text === null ? null : readGpuCards(text);
}

/** A line for each card; what a driver does not tell (`[N/A]`) is null. */
export function readGpuCards(text: string): readonly GpuFacts[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', memory = '', driver = ''] = line.split(',').map((field) => field.trim());
    if (name === '' || memory === '') return [];
    const isNumber = /^\d{1,9}$/.test(memory);
    return [
      {
        name,
        memoryBytes: isNumber ? Number(memory) * BYTES_OF_MIB : null,
        driver: /^[\w.]+$/.test(driver) ? driver : null,
      },
    ];
  });
}

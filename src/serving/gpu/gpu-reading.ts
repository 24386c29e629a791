/** A graphics card as its driver sees it, whoever uses it. What it does not tell is null. */
export interface GpuDevice {
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  /** Share of the time in which it computed something, 0 to 1. */
  readonly utilisation: number | null;
  readonly memoryUsedBytes: number | null;
  readonly memoryTotalBytes: number | null;
  readonly temperatureC: number | null;
  readonly powerW: number | null;
  readonly powerLimitW: number | null;
}

/** A card, and who computes on it. */
export interface UsedGpu extends GpuDevice {
  /** `host:port` of the node whose machine has it; absent: this process's machine has it. */
  readonly node?: string;
  /** Numbers of the workers that are known to compute on it. */
  readonly workers: readonly number[];
}

/** Reads them when it is called. It takes as long as a reading may, and never rejects. */
export type TellGpus = () => Promise<readonly UsedGpu[]>;

/** Cards that are looked at: more than any machine has. */
const MAX_DEVICES = 64;
const MEBIBYTE = 1024 ** 2;

/** What `nvidia-smi` is asked, in the order of its answer; the name comes last, since it may hold commas. */
export const GPU_QUERY = [
  'index',
  'uuid',
  'utilization.gpu',
  'memory.used',
  'memory.total',
  'temperature.gpu',
  'power.draw',
  'power.limit',
  'name',
] as const;

/** Reads `--format=csv,noheader,nounits`: a line for each card. Lines of any other kind are passed over. */
export function readGpus(text: string): readonly GpuDevice[] {
  return text
    .split('\n', MAX_DEVICES)
    .map((line) => line.split(',').map((field) => field.trim()))
    .flatMap(([index = '', uuid = '', utilisation, used, total, temperature, draw, limit, ...name]) => {
      if (!/^\d{1,3}$/.test(index) || !/^(GPU|MIG)-[\w-]{1,80}$/.test(uuid)) return [];
      const device: GpuDevice = {
        ...{ index: Number(index), uuid, name: name.join(', ').slice(0, 200) },
        utilisation: times(numberOf(utilisation), 0.01),
        memoryUsedBytes: times(numberOf(used), MEBIBYTE),
        memoryTotalBytes: times(numberOf(total), MEBIBYTE),
        temperatureC: numberOf(temperature),
        powerW: numberOf(draw),
        powerLimitW: numberOf(limit),
      };
      return [device];
    });
}

/** `[N/A]`, `[Not Supported]`, `[Unknown Error]`: nobody knows. */
const numberOf = (field: string | undefined): number | null =>
  field !== undefined && /^\d{1,15}(\.\d{1,6})?$/.test(field) ? Number(field) : null;

const times = (value: number | null, factor: number): number | null =>
  value === null ? null : value * factor;

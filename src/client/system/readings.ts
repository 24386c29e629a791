import { cpus, freemem, totalmem } from 'node:os';
import { readFile, statfs } from 'node:fs/promises';

const MEGABYTE = 1e6;

/** Counters that only grow; what happened is the difference of two. */
export interface CpuTimes {
  readonly busyMs: number;
  readonly totalMs: number;
}
export interface NetworkBytes {
  readonly received: number;
  readonly sent: number;
}

export function cpuTimes(): CpuTimes {
  let busyMs = 0;
  let totalMs = 0;
  for (const { times } of cpus()) {
    const all = times.user + times.nice + times.sys + times.idle + times.irq;
    busyMs += all - times.idle;
    totalMs += all;
  }
  return { busyMs, totalMs };
}

/** Of all cores together, 0 to 100; null where no time has passed. */
export function cpuPercentage(before: CpuTimes, now: CpuTimes): number | null {
  const totalMs = now.totalMs - before.totalMs;
  return totalMs > 0 ? (100 * (now.busyMs - before.busyMs)) / totalMs : null;
}

/** What programs cannot get any more; on Linux without what the system would give back at once. */
export async function memoryMetrics(): Promise<Record<string, number>> {
  const total = totalmem();
  const available = availableBytes(await textOf('/proc/meminfo')) ?? freemem();
  const used = total - available;
  return {
    system_memory_usage_megabytes: used / MEGABYTE,
    system_memory_usage_percentage: (100 * used) / total,
  };
}

export function availableBytes(meminfo: string): number | null {
  const match = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo);
  return match ? Number(match[1]) * 1024 : null;
}

/** Of the file system that has the folder; as `df` counts, without what is kept back for the administrator. */
export async function diskMetrics(folder: string): Promise<Record<string, number>> {
  const { bsize, blocks, bfree, bavail } = await statfs(folder);
  const used = (blocks - bfree) * bsize;
  const available = bavail * bsize;
  return {
    disk_usage_megabytes: used / MEGABYTE,
    disk_available_megabytes: available / MEGABYTE,
    disk_usage_percentage: used + available > 0 ? (100 * used) / (used + available) : 0,
  };
}

/** Null where the system does not tell (Linux does). */
export async function networkBytes(): Promise<NetworkBytes | null> {
  return bytesOfInterfaces(await textOf('/proc/net/dev'));
}

/** Reads `/proc/net/dev`: of all interfaces but the loopback, which is no network. */
export function bytesOfInterfaces(text: string): NetworkBytes | null {
  let received = 0;
  let sent = 0;
  let isTold = false;
  for (const line of text.split('\n')) {
    const match = /^\s*([^:\s]+):\s*(.+)$/.exec(line);
    if (!match || match[1] === 'lo') continue;
    const fields = (match[2] ?? '').trim().split(/\s+/).map(Number);
    received += fields[0] ?? 0;
    sent += fields[8] ?? 0;
    isTold = true;
  }
  return isTold ? { received, sent } : null;
}

export const networkMetrics = (first: NetworkBytes, now: NetworkBytes): Record<string, number> => ({
  network_receive_megabytes: (now.received - first.received) / MEGABYTE,
  network_transmit_megabytes: (now.sent - first.sent) / MEGABYTE,
});

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return '';
  }
}

import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';

/** As a container sees it, where its own limits are at the top. */
const CGROUP = '/sys/fs/cgroup';

/**
 * What this process may use of the machine: a container has its own limits, which the machine's figures do not show.
 */

/** Cores, at least one; half a core counts as one. */
export function cores(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(coresOfContainer())));
}

/** Memory in bytes. */
export function memoryBytes(): number {
  const limit = process.constrainedMemory(); // 0, or beyond all memory, where there is none
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Infinity where nothing limits them. */
export function coresOfContainer(folder = CGROUP): number {
  const [quota, period] = readNumbers(join(folder, 'cpu.max')); // “max 100000” or “150000 100000”
  if (quota !== undefined && period !== undefined) return quota / period;
  const [quotaV1] = readNumbers(join(folder, 'cpu/cpu.cfs_quota_us'));
  const [periodV1] = readNumbers(join(folder, 'cpu/cpu.cfs_period_us'));
  return quotaV1 !== undefined && periodV1 !== undefined ? quotaV1 / periodV1 : Infinity;
}

/** Positive numbers of a file's one line; undefined in the place of others. */
function readNumbers(path: string): readonly (number | undefined)[] {
  try {
    const words = readFileSync(path, 'utf8').trim().split(/\s+/).map(Number);
    return words.map((word) => (word > 0 ? word : undefined));
  } catch {
    return []; // not Linux, or no such limit
  }
}

import { readdirSync, readFileSync } from 'node:fs';

const BYTES_PER_KIB = 1_024;

/** The most memory that a process has had at once, in bytes, without its children; null where there is no /proc. */
export function peakMemoryOf(pid: number): number | null {
  const kibibytes = numberIn(String(pid), 'status', /^VmHWM:\s*(\d+)/m);
  return kibibytes === 0 ? null : kibibytes * BYTES_PER_KIB;
}

/**
 * The same of a process and its children, added up. Each at its own peak: somewhat more than all of them had at one
 * moment. Of pages that several processes have in common, such as the program itself, each child is counted its share.
 */
export function peakMemoryOfTree(pid: number): number | null {
  try {
    const parents = new Map(
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map((name) => [Number(name), numberIn(name, 'status', /^PPid:\s*(\d+)/m)] as const),
    );
    let bytes = peakMemoryOf(pid) ?? 0;
    const waiting = [pid];
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop())
      for (const [child, parent] of parents)
        if (parent === one) {
          bytes += (peakMemoryOf(child) ?? 0) - sharedWithOthers(child);
          waiting.push(child);
        }
    return bytes === 0 ? null : bytes;
  } catch {
    return null;
  }
}

/** What others have of its pages, in bytes. */
function sharedWithOthers(pid: number): number {
  const kibibytes = (pattern: RegExp) => numberIn(String(pid), 'smaps_rollup', pattern);
  return (kibibytes(/^Rss:\s*(\d+)/m) - kibibytes(/^Pss:\s*(\d+)/m)) * BYTES_PER_KIB;
}

/** 0 for a process that has ended in the meantime. */
function numberIn(pid: string, file: string, pattern: RegExp): number {
  try {
    return Number(pattern.exec(readFileSync(`/proc/${pid}/${file}`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

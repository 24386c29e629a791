import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** What a lock says of the process that holds it, as JSON. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /**
   * Where its pid means something: it tells containers with one host name apart. Null where the system does not tell.
   */
  readonly pidSpace: string | null;
  /** When the process started, in the kernel's ticks, where the system tells; a pid alone may be used again. */
  readonly startedAt: string | null;
  readonly since: string;
}

/** The mark of this process. */
export function ownMark(): LockHolder {
  return {
    pid: process.pid,
    host: hostname(),
    pidSpace: ownPidSpace(),
    startedAt: processStart(process.pid),
    since: new Date().toISOString(),
  };
}

export function parseHolder(content: string | null): LockHolder | null {
  if (content === null) return null;
  try {
    return JSON.parse(content) as LockHolder;
  } catch {
    return null; // not a lock of ours, or one from a machine that lost power: nobody holds it
  }
}

export const nameOf = ({ pid, host, since }: LockHolder): string =>
  `process ${pid} on ${host} since ${since}`;

/** Whether its pid names it here too. */
export const canBeSeen = ({ host, pidSpace }: LockHolder): boolean =>
  host === hostname() && pidSpace === ownPidSpace();

/** Whether a holder that can be seen still runs. */
export function isRunning({ pid, startedAt }: LockHolder): boolean {
  if (pid === process.pid) return startedAt === processStart(pid);
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return startedAt === processStart(pid);
}

export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** The kernel since its start, and the namespace of pids in it. */
function ownPidSpace(): string | null {
  const boot = readIfThere('/proc/sys/kernel/random/boot_id')?.trim();
  try {
    return boot === undefined ? null : `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return null;
  }
}

/** Field 22 of Linux' /proc/PID/stat, counted after the command's name, which may hold spaces; null elsewhere. */
function processStart(pid: number): string | null {
  const stat = readIfThere(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

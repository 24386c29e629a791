import { readFileSync } from 'node:fs';
import { CannotStart } from './cannot-start';

/** Fewest to start with: the embedded database comes to hold more than 100 files, and each worker holds a few. */
const LEAST = 256;
/** Most that are left for anything but HTTP: the database, files of artifacts, workers, gRPC. */
const MOST_RESERVED = 512;
/** What callers may take at least, as a share of all. */
const LEAST_SHARE = 0.25;
const LIMITS_OF_PROCESS = '/proc/self/limits';

export const HOW_TO_ALLOW_MORE =
  'Allow more: “ulimit -n 65536” in the shell, LimitNOFILE= for systemd, --ulimit nofile= for Docker.';

/** Files and connections that this process may have open at a time; Infinity where that cannot be known. */
export function openFilesLimit(source = LIMITS_OF_PROCESS): number {
  try {
    const limit = /^Max open files +(\d+)/m.exec(readFileSync(source, 'utf8'))?.[1];
    return limit === undefined ? Infinity : Number(limit);
  } catch {
    return Infinity; // not Linux
  }
}

/** Without enough of them a start fails anywhere, in the words of whoever wanted the first one too many. */
export function checkOpenFiles(limit: number): void {
  if (limit < LEAST)
    throw new CannotStart(
      `this process may have ${limit} files and connections open at a time, and needs at least ${LEAST}. ${HOW_TO_ALLOW_MORE}`,
    );
}

/** How many of them callers may take, so that those who are in can be answered. */
export const connectionsOfCallers = (limit: number): number =>
  Math.max(limit - MOST_RESERVED, Math.floor(limit * LEAST_SHARE));

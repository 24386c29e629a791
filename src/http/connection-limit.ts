import type { Server } from 'node:net';
import type { Logger } from '../kernel/logger';
import { connectionsOfCallers, HOW_TO_ALLOW_MORE } from '../kernel/open-files';
import { Seldom } from '../kernel/seldom';

/** Pause between two lines about refused connections, in ms. */
const TOLD_EVERY_MS = 60_000;

/**
 * Refuses connections, at once and by a line in the log, that would take what those who are in need to be answered.
 * Without it the system lets them in, closes them or has them wait, and nobody is told.
 *
 * @param openFiles how many files and connections the process may have open; Infinity: unknown
 */
export function limitConnections(server: Server, openFiles: number, logger: Logger): void {
  if (openFiles === Infinity) return;
  const most = connectionsOfCallers(openFiles);
  const seldom = new Seldom(TOLD_EVERY_MS);
  server.maxConnections = most;
  server.on('drop', () => {
    const refused = seldom.told();
    if (refused !== null)
      logger.warn(
        { refused, connections: most, openFiles },
        `connections are refused: ${most} of the ${openFiles} files and connections that this process may have open are callers’. ${HOW_TO_ALLOW_MORE}`,
      );
  });
}

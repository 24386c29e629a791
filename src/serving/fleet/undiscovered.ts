import { shorten } from '../../kernel/errors';
import { remoteWords } from '../backends/remote-failure';
import { DEAD_AFTER_MS, type SilentRow } from './worker-node.store';

/** What a resolver says of names that lead nowhere. */
const NO_ADDRESSES = ['ENOTFOUND', 'ENODATA'];

/** Why workers cannot be looked for. */
export function undiscoverable(error: unknown, since: Date): string {
  const { code = '', hostname = '' } = error as { readonly code?: string; readonly hostname?: string };
  const message = remoteWords(error instanceof Error ? error.message : String(error));
  const why = NO_ADDRESSES.includes(code)
    ? `The name “${shorten(hostname)}” of WORKERS has no addresses (${message}).`
    : `Workers cannot be looked for (${message}).`;
  return `${why} It has been so since ${since.toISOString()}; those that were found before are still asked.`;
}

/** Why a worker is not looked for that has a row. */
export const tooLongSilent = ({ address, heartbeatAt }: SilentRow): string =>
  `${address} is not asked: its last heartbeat was at ${heartbeatAt.toISOString()}, and one that is older than ` +
  `${DEAD_AFTER_MS / 1_000} s counts no more.`;

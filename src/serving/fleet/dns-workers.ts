import { lookup, resolveSrv } from 'node:dns/promises';
import { MAX_WORKERS, type WorkerAddresses } from '../../kernel/worker-addresses';

type DnsName = Extract<WorkerAddresses, { readonly kind: 'dns' }>;

/**
 * Those behind a name: its addresses, as the system finds them, or its SRV records. Throws where it cannot be resolved.
 */
export async function resolveWorkers({ name, port }: DnsName): Promise<readonly string[]> {
  const hosts =
    port === null
      ? (await resolveSrv(name)).map(({ name: host, port }) => `${host}:${port}`)
      : (await lookup(name, { all: true })).map(({ address, family }) =>
          family === 6 ? `[${address}]:${port}` : `${address}:${port}`,
        );
  return [...new Set(hosts)].sort().slice(0, MAX_WORKERS);
}

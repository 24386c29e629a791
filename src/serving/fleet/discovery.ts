import type { WorkerAddresses } from '../../kernel/worker-addresses';
import { resolveWorkers } from './dns-workers';
import type { SilentRow, WorkerNodeStore } from './worker-node.store';

/** Tells where workers are now. */
export interface Discovery {
  /** `host:port` of each. Throws where nobody could be asked: what was found before goes on. */
  find(): Promise<readonly string[]>;
  /** Those that it tells of no more, though nobody has said that they left. Absent: it knows of none. */
  silent?(): Promise<readonly SilentRow[]>;
  /** Pause before it is worth asking again, in ms. */
  readonly everyMs: number;
}

/** A worker that has started takes runs a second or two later. */
const ROWS_EVERY_MS = 1_000;
/** Names change when somebody changes a deployment. */
const DNS_EVERY_MS = 5_000;
/** A list never changes. */
const NEVER_MS = 3_600_000;

export function discoveryOf(addresses: WorkerAddresses, store: WorkerNodeStore): Discovery {
  switch (addresses.kind) {
    case 'rows':
      return { find: () => store.addresses(), silent: () => store.silent(), everyMs: ROWS_EVERY_MS };
    case 'dns':
      return { find: () => resolveWorkers(addresses), everyMs: DNS_EVERY_MS };
    case 'static':
      return { find: () => Promise.resolve(addresses.hosts), everyMs: NEVER_MS };
  }
}

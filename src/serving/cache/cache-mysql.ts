import { connect, type Socket } from 'node:net';

/** What MySQL's client, mysql2, tells of a connection that is to be made. */
interface Connecting {
  readonly config: { readonly host: string; readonly port: number; readonly pool: Pool };
}
/** Its pool. Without `told`, an error on the way is thrown where nobody can catch it. */
interface Pool {
  end(told?: (error?: Error) => void): void;
}

const HEARD = new WeakSet<Pool>();

/**
 * Opens a connection as mysql2 itself does. The pool is the adapter's own, which ends it and does not listen: a
 * connection that breaks or is being made meanwhile would end the process. That a connection is made is a way to it.
 */
export function heardConnection({ config: { host, port, pool } }: Connecting): Socket {
  if (!HEARD.has(pool)) {
    HEARD.add(pool);
    const end = pool.end.bind(pool);
    pool.end = (told = () => undefined) => end(told);
  }
  return connect({ host, port, keepAlive: true, noDelay: true });
}

import { join } from 'node:path';
import type { Bench } from './benchmark';
import { ModelgraphServer } from './modelgraph-server';
import { withDatabase } from './postgres';
import type { Server } from './rounds';

/** What the rows of servers say that share nothing. */
export const NO_POSTGRESQL = 'no PostgreSQL to share, so not measured';

/**
 * Two whole servers over one PostgreSQL and one folder, as behind a load balancer. Null, and a loud line, where no
 * PostgreSQL answers. The database is dropped when `work` has ended.
 *
 * @param prepare with the first server, before the second one starts
 */
export async function withTwoServers<Result>(
  bench: Bench,
  prepare: (first: ModelgraphServer) => Promise<void>,
  work: (ours: Server | null) => Promise<Result>,
): Promise<Result> {
  return withDatabase(bench.say, async (databaseUrl) => {
    if (databaseUrl === null) return work(null);
    const options = { ...bench, storeFolder: join(bench.folder, 'two-servers'), databaseUrl };
    const started: ModelgraphServer[] = [];
    try {
      const first = await ModelgraphServer.start(options);
      started.push(first);
      await prepare(first);
      started.push(await ModelgraphServer.start(options));
      const [processes, urls] = [started.map((one) => one.process), started.map(({ url }) => url)];
      return await work({ processes, urls, key: first.key });
    } finally {
      await Promise.all(started.map((one) => one.process.stop()));
    }
  });
}

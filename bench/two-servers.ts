import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Bench } from './benchmark';
import { ModelgraphServer } from './modelgraph-server';
import type { Server } from './rounds';

/** What the rows of servers say that share nothing. */
export const NO_POSTGRESQL = 'no PostgreSQL to share, so not measured';

const SERVER_URL = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
/** A server on this machine answers in a few ms. */
const CONNECT_TIMEOUT_MS = 5_000;

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
  const database = `modelgraph_bench_${randomUUID().replaceAll('-', '')}`;
  try {
    await onServer(`CREATE DATABASE ${database}`);
  } catch (error) {
    bench.say(`*** NO POSTGRESQL, so no second server: ${String(error).split('\n')[0]}. ***`);
    return work(null);
  }
  const databaseUrl = new URL(SERVER_URL);
  databaseUrl.pathname = `/${database}`;
  const options = {
    ...bench,
    storeFolder: join(bench.folder, 'two-servers'),
    databaseUrl: databaseUrl.toString(),
  };
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
    await onServer(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  }
}

async function onServer(statement: string): Promise<void> {
  const client = new Client({
    connectionString: SERVER_URL,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

import { randomUUID } from 'node:crypto';
import { Client } from 'pg';

const SERVER_URL = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
/** A server on this machine answers in a few ms. */
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * A fresh database, which is dropped when `work` has ended. Where no PostgreSQL answers, `work` gets null and the
 * reason is said, loudly.
 */
export async function withDatabase<Result>(
  say: (line: string) => void,
  work: (url: string | null) => Promise<Result>,
): Promise<Result> {
  const database = `modelgraph_bench_${randomUUID().replaceAll('-', '')}`;
  try {
    await onServer(`CREATE DATABASE ${database}`);
  } catch (error) {
    say(`*** NO POSTGRESQL: ${String(error).split('\n')[0]}. ***`);
    return work(null);
  }
  const url = new URL(SERVER_URL);
  url.pathname = `/${database}`;
  try {
    return await work(url.toString());
  } finally {
    await onServer(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  }
}

/** Deadlocks that the server has seen in that database since it was made. */
export async function deadlocksIn(url: string): Promise<number> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  await client.connect();
  try {
    const { rows } = await client.query<{ deadlocks: string }>(
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    return Number(rows[0]?.deadlocks);
  } finally {
    await client.end();
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

import { randomBytes, randomUUID } from 'node:crypto';
import { Client } from 'pg';

/**
 * The databases that a run of the tests makes on a PostgreSQL server. Their names tell whose they are, so that two runs
 * at once never meet. A run keeps a connection under its name for as long as it lives, however it ends: what belongs to
 * a run without one is nobody's any more, and the next run drops it.
 */
const SERVER_URL = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
/** Tells the processes in which Jest runs the files which run they are of. */
const RUN = 'MODELGRAPH_TEST_RUN';

export interface ServerDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** @param migrate makes of an empty database what every test file works on a copy of */
export async function beginRun(migrate: (url: string) => Promise<void>): Promise<void> {
  const run = `modelgraph_test_${randomBytes(6).toString('hex')}`;
  const life = new Client({ connectionString: SERVER_URL, application_name: run, keepAlive: true });
  life.on('error', () => undefined); // the server was stopped: then its tests tell
  await life.connect();
  process.env[RUN] = run;
  globalThis.lifeOfTestRun = life;
  for (const name of await databasesOfNobody(life)) await drop(life, name);
  await life.query(`CREATE DATABASE ${templateOf(run)}`);
  await migrate(urlOf(templateOf(run)));
}

export async function endRun(): Promise<void> {
  const life = globalThis.lifeOfTestRun;
  if (!life) return;
  await drop(life, templateOf(currentRun()));
  await life.end();
}

/** A migrated database of one's own. */
export async function createServerDatabase(): Promise<ServerDatabase> {
  const name = `${currentRun()}_${randomUUID().replaceAll('-', '')}`;
  await onServer((client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${templateOf(currentRun())}`));
  return { url: urlOf(name), drop: () => onServer((client) => drop(client, name)) };
}

declare global {
  /** Where Jest's setup leaves for its teardown the connection by which the run is known to live. */
  var lifeOfTestRun: Client | undefined;
}

const templateOf = (run: string) => `${run}_template`;

function currentRun(): string {
  const run = process.env[RUN];
  if (!run)
    throw new Error(
      'No run of the tests on PostgreSQL has begun: MODELGRAPH_TEST_ENGINE=postgres begins one.',
    );
  return run;
}

/** Of those that this user may drop. */
async function databasesOfNobody(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database
      WHERE datname ~ '^modelgraph_test_[0-9a-f]{12}_' AND pg_get_userbyid(datdba) = current_user
        AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE starts_with(datname, application_name || '_'))`,
  );
  return rows.map(({ name }) => name);
}

async function drop(client: Client, name: string): Promise<void> {
  await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

async function onServer(work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: SERVER_URL });
  await client.connect();
  await work(client).finally(() => client.end());
}

function urlOf(database: string): string {
  const url = new URL(SERVER_URL);
  url.pathname = `/${database}`;
  return url.toString();
}

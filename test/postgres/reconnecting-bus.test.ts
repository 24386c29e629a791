import { Client } from 'pg';
import { createDataSource } from '../../src/kernel/database/data-source';
import { Database } from '../../src/kernel/database/database';
import { createLogger } from '../../src/kernel/logger';
import { PostgresBus } from '../../src/kernel/database/postgres-bus';
import { startTestServer, type Answer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';

let first: TestServer;
let second: TestServer;
/** In another database of the same server: nobody is kept out of the database that they are in. */
let administrator: Client;
beforeAll(async () => {
  first = await startTestServer();
  second = await first.twin();
  administrator = new Client({ connectionString: urlOf('postgres') });
  await administrator.connect();
});
afterAll(async () => {
  await administrator.end();
  await second.stop();
  await first.stop();
});

test('a subscriber at another server hears what is logged while no bus has a connection, and what comes later', async () => {
  const tracking = new TrackingClient(first);
  const runId = await tracking.newRun();
  const log = (step: number) => tracking.logMetrics({ runId, points: [{ key: 'loss', step, value: step }] });
  const events = second.subscribe<Told>(
    `subscription ($runId: ID!) { runMetrics(runId: $runId) {
       ... on RunMetricsAppended { series { steps values } } } }`,
    { runId },
  );
  await events.next(); // the snapshot
  await log(1);
  expect(pointsOf(await events.next())).toEqual([{ steps: [1], values: [1] }]);

  await openConnections(); // what follows finds one, whatever the server does by itself meanwhile
  await letConnect(false);
  const listeners = await listening();
  expect(listeners).toHaveLength(2);
  await cutOff(listeners);
  expect(await log(2)).toMatchObject({ __typename: 'LogSuccess' });
  expect(await listening()).toEqual([]);
  await letConnect(true);
  expect(pointsOf(await events.next())).toEqual([{ steps: [2], values: [2] }]);

  while ((await listening()).length < 2);
  await log(3);
  expect(pointsOf(await events.next())).toEqual([{ steps: [3], values: [3] }]);
  await events.return(undefined);
});

test('a bus that was cut off connects again, wakes everybody once, and then as before', async () => {
  const others = await listening();
  const bus = new PostgresBus(urlOf(), createLogger('silent'));
  await bus.start();
  let wake = () => {};
  const wakeUp = () => new Promise<void>((resolve) => (wake = resolve));
  bus.listen('news', () => wake());

  const isBack = wakeUp();
  await cutOff((await listening()).filter((pid) => !others.includes(pid)));
  await isBack;

  const isWoken = wakeUp();
  const database = new Database(
    createDataSource({ connection: { url: urlOf() }, entities: [], migrations: [] }),
    'postgres',
  );
  await database.open();
  await database.transaction((tx) => bus.wake(tx, 'news'));
  await isWoken;
  await database.stop();
  await bus.stop();
});

function urlOf(database?: string): string {
  const url = new URL(first.config.databaseUrl ?? '');
  if (database !== undefined) url.pathname = database;
  return url.toString();
}

/** More than are in use at a time. */
const openConnections = () =>
  Promise.all(Array.from({ length: 6 }, () => first.database.query('SELECT pg_sleep(0.2)')));

const databaseName = () => new URL(urlOf()).pathname.slice(1);

const letConnect = (isAllowed: boolean) =>
  administrator.query(`ALTER DATABASE ${databaseName()} ALLOW_CONNECTIONS ${isAllowed}`);

/** The processes of PostgreSQL that buses are listening at. */
async function listening(): Promise<number[]> {
  const { rows } = await administrator.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity
      WHERE datname = $1 AND application_name = 'modelgraph-bus' AND state = 'idle' AND query LIKE '%LISTEN%'`,
    [databaseName()],
  );
  return rows.map(({ pid }) => pid);
}

/** Ends these processes, and waits until they are gone: 5 s is far more than that takes. */
const cutOff = (pids: readonly number[]) =>
  administrator.query('SELECT pg_terminate_backend(pid, 5000) FROM unnest($1::int[]) AS pid', [pids]);

interface Told {
  readonly runMetrics: { readonly series?: readonly object[] };
}
const pointsOf = ({ value }: IteratorResult<Answer<Told>, undefined>) => value?.data.runMetrics.series;

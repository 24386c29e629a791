import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { Auth } from '../../src/auth/auth';
import { hashApiKey } from '../../src/auth/api-key';
import { RECHECK_INTERVAL_MS } from '../../src/http/socket-credentials';
import { Database } from '../../src/kernel/database/database';
import { Failure, unavailable } from '../../src/kernel/errors';
import { stopIntervals } from '../support/still-intervals';
import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';

const periodPasses = () => jest.advanceTimersByTime(RECHECK_INTERVAL_MS);

let server: TestServer;
let tracking: TrackingClient;
beforeAll(async () => {
  stopIntervals();
  server = await startTestServer();
  tracking = new TrackingClient(server);
});
afterEach(() => jest.restoreAllMocks());
afterAll(async () => {
  await server.stop();
  jest.useRealTimers();
});

/** Somebody who follows a run, and says nothing more. */
class Listener {
  private readonly client;
  readonly events: AsyncIterableIterator<unknown>;
  /** The code that the server closes the socket with. */
  readonly closed: Promise<number>;

  private constructor(
    readonly key: string,
    runId: string,
  ) {
    let close: (code: number) => void;
    this.closed = new Promise((resolve) => (close = resolve));
    this.client = createClient({
      url: `${server.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${key}` },
      retryAttempts: 0,
      on: { closed: (event) => close((event as { code: number }).code) },
    });
    const query = 'subscription ($runId: ID!) { runMetrics(runId: $runId) { __typename } }';
    this.events = this.client.iterate({ query, variables: { runId } });
  }

  /** Resolves when the first event has come. */
  static async on(runId: string, key: string): Promise<Listener> {
    const listener = new Listener(key, runId);
    expect(await listener.next()).toBe('RunMetricsSnapshot');
    return listener;
  }

  async next(): Promise<string> {
    const { value } = (await this.events.next()) as {
      value: { data: { runMetrics: { __typename: string } } };
    };
    return value.data.runMetrics.__typename;
  }

  leave = () => this.client.dispose();
}
const logOnePoint = (runId: string) => tracking.logMetrics({ runId, points: [{ key: 'loss', value: 1 }] });

test('a server that has stopped looks no more', async () => {
  const before = jest.getTimerCount();
  const other = await startTestServer();
  expect(jest.getTimerCount()).toBeGreaterThan(before);
  await other.stop();
  expect(jest.getTimerCount()).toBe(before);
});

test('a subscription ends soon after its key was revoked, and those of other keys go on', async () => {
  const runId = await tracking.newRun();
  const revoked = await Listener.on(runId, await server.keyFor('viewer'));
  const valid = await Listener.on(runId, await server.keyFor('viewer'));
  await server.revoke(revoked.key);
  periodPasses();
  expect(await revoked.closed).toBe(4401);
  await logOnePoint(runId);
  expect(await valid.next()).toBe('RunMetricsAppended');
  await valid.leave();
});

test('a key costs one read a period, however many sockets it has', async () => {
  const runId = await tracking.newRun();
  const [many, last] = [await server.keyFor('viewer'), await server.keyFor('viewer')];
  const listeners = [
    await Listener.on(runId, many),
    await Listener.on(runId, many),
    await Listener.on(runId, many),
    await Listener.on(runId, last),
  ];
  await server.revoke(last);
  const reads = jest.spyOn(Database.prototype, 'query');
  periodPasses();
  expect(await listeners[3]?.closed).toBe(4401); // looked at last: it came last
  expect(reads.mock.calls.filter(([, parameters]) => parameters?.includes(hashApiKey(many)))).toHaveLength(1);
  for (const listener of listeners) await listener.leave();
});

test.each([
  ['the database is away', unavailable('The database')],
  ['something is broken', new Error('A surprise.')],
])('while %s, who is in may stay; what follows is noticed all the same', async (_what, error) => {
  const runId = await tracking.newRun();
  const listener = await Listener.on(runId, await server.keyFor('viewer'));
  const failed = new Promise<void>((resolve) =>
    jest.spyOn(Auth.prototype, 'authenticateAgain').mockImplementationOnce(() => {
      resolve();
      return Promise.reject(error);
    }),
  );
  periodPasses();
  await failed;
  await logOnePoint(runId);
  expect(await listener.next()).toBe('RunMetricsAppended');
  await server.revoke(listener.key);
  periodPasses();
  expect(await listener.closed).toBe(4401);
});

test('a key that may no longer act where it acts is closed with 4403', async () => {
  const listener = await Listener.on(await tracking.newRun(), await server.keyFor('admin'));
  jest.spyOn(Auth.prototype, 'authenticateAgain').mockRejectedValueOnce(new Failure('FORBIDDEN', 'A test.'));
  periodPasses();
  expect(await listener.closed).toBe(4403);
});

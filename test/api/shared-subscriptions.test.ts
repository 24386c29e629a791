import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { Tracking } from '../../src/tracking/tracking';
import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';

let server: TestServer;
let client: TrackingClient;
beforeAll(async () => {
  server = await startTestServer();
  client = new TrackingClient(server);
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => server.stop());

/** Makes a few points weigh a megabyte on the wire, and next to nothing in the database. */
const HEAVY = Array.from({ length: 14 }, (_, copy) => `t${copy}: timestamps`).join(' ');
const documentFor = (more = '') => `subscription ($runId: ID!, $after: String) {
  runMetrics(runId: $runId, after: $after) {
    __typename
    ... on RunMetricsSnapshot { cursor series { steps } }
    ... on RunMetricsAppended { cursor series { steps ${more} } }
    ... on RunFinished { cursor run { status } }
  }
}`;
interface Event {
  readonly __typename: string;
  readonly cursor: string;
  readonly series?: readonly { readonly steps: readonly number[] }[];
}
type Answer = { readonly data: { readonly runMetrics: Event } };

/** A subscriber with a socket of its own, which may stop to read. */
class Follower {
  private socket: WebSocket | undefined;
  private readonly client;
  private readonly events: AsyncIterableIterator<unknown>;
  readonly told: Event[] = [];

  constructor(query: string, key: string, variables: object) {
    const keepSocket = (socket: WebSocket) => (this.socket = socket);
    this.client = createClient({
      url: `${server.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: class extends WebSocket {
        constructor(url: string, protocol: string) {
          super(url, protocol);
          keepSocket(this);
        }
      },
      connectionParams: { authorization: `Bearer ${key}` },
      retryAttempts: 0,
    });
    this.events = this.client.iterate({ query, variables: { ...variables } });
  }

  static async on(
    runId: string,
    { key = server.key, after, more }: { key?: string; after?: string | undefined; more?: string } = {},
  ): Promise<Follower> {
    const follower = new Follower(documentFor(more), key, { runId, after });
    await follower.next();
    return follower;
  }

  async next(): Promise<Event> {
    const { value } = (await this.events.next()) as { value: Answer };
    this.told.push(value.data.runMetrics);
    return value.data.runMetrics;
  }

  async untilStep(last: number): Promise<this> {
    while (this.steps().at(-1) !== last) await this.next();
    return this;
  }

  steps = () => this.told.flatMap(({ series = [] }) => series.flatMap(({ steps }) => steps));
  stopReading = () => this.socket?.pause();
  goOn = () => this.socket?.resume();
  leave = async () => this.client.dispose();
}

const log = (runId: string, ...steps: number[]) =>
  client.logMetrics({ runId, points: steps.map((step) => ({ key: 'm', value: 1, step })) });
const leaveAll = (followers: readonly Follower[]) => Promise.all(followers.map((one) => one.leave()));
const sources = () => jest.spyOn(Tracking.prototype, 'runMetrics');

test('who watches the same with the same rights shares one source, and what is new is read once', async () => {
  const runId = await client.newRun();
  const made = sources();
  const keys = [server.key, await server.keyFor('admin'), await server.keyFor('viewer')];
  const followers: Follower[] = [];
  for (const key of keys)
    followers.push(await Follower.on(runId, { key }), await Follower.on(runId, { key }));
  expect(made).toHaveBeenCalledTimes(2); // one for admins and one for viewers
  const more = await Promise.all(Array.from({ length: 6 }, () => Follower.on(runId)));
  expect(made).toHaveBeenCalledTimes(2);
  const all = [...followers, ...more];
  const few = await server.statementCount(async () => {
    await log(runId, 1);
    for (const follower of all) await follower.untilStep(1);
  });
  await leaveAll(more);
  const fewer = await server.statementCount(async () => {
    await log(runId, 2);
    for (const follower of followers) await follower.untilStep(2);
  });
  expect(few).toBeLessThan(fewer + more.length); // the server has statements of its own now and then
  await leaveAll(followers);
});

test('who comes later gets its own snapshot or what it has missed, and then the same as all', async () => {
  const runId = await client.newRun();
  const first = await Follower.on(runId);
  const start = first.told[0]?.cursor;
  await log(runId, 1, 2);
  await first.untilStep(2);
  const late = await Follower.on(runId);
  expect(late.told).toMatchObject([{ __typename: 'RunMetricsSnapshot', series: [{ steps: [1, 2] }] }]);
  const back = await Follower.on(runId, { after: start });
  expect(back.told).toMatchObject([{ __typename: 'RunMetricsAppended', series: [{ steps: [1, 2] }] }]);
  await log(runId, 3);
  await first.leave();
  await log(runId, 4);
  for (const follower of [late, back]) expect((await follower.untilStep(4)).steps()).toEqual([1, 2, 3, 4]);
  await client.finishRun({ runId });
  for (const follower of [late, back]) expect((await follower.next()).__typename).toBe('RunFinished');
  await leaveAll([late, back]);
});

test('a reader that stops delays nobody, and misses nothing when it goes on', async () => {
  const runId = await client.newRun();
  const [slow, quick] = [
    await Follower.on(runId, { more: HEAVY }),
    await Follower.on(runId, { more: HEAVY }),
  ];
  slow.stopReading();
  const [calls, perCall] = [20, 2_000]; // 15 MB: more than all buffers on the way hold
  for (let call = 0; call < calls; call += 1) {
    const steps = Array.from({ length: perCall }, (_, index) => call * perCall + index);
    await log(runId, ...steps);
    await quick.untilStep(steps.at(-1) ?? 0);
  }
  const last = calls * perCall - 1;
  slow.goOn();
  await slow.untilStep(last);
  expect(slow.steps()).toHaveLength(calls * perCall);
  expect(slow.steps()).toEqual(quick.steps());
  expect(slow.told.length).toBeLessThan(quick.told.length); // what it has missed came as one
  await leaveAll([slow, quick]);
});

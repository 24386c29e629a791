import { Tracking } from '../../src/tracking/tracking';
import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';

let server: TestServer;
let client: TrackingClient;
beforeAll(async () => {
  server = await startTestServer();
  client = new TrackingClient(server);
});
afterAll(() => server.stop());

const SUBSCRIPTION = `subscription ($runId: ID!, $keys: [String!], $after: String) {
  runMetrics(runId: $runId, keys: $keys, after: $after) {
    __typename
    ... on RunMetricsSnapshot { cursor run { id status } series { key steps values timestamps } }
    ... on RunMetricsAppended { cursor series { key steps values } }
    ... on RunFinished { cursor run { status endedAt } }
  }
}`;
type Series = { key: string; steps: number[]; values: (number | string)[] };
type Event = { __typename: string; cursor: string; series: Series[]; run: { status: string } };

/** A subscription that is read event by event. */
function follow(runId: string, variables: object = {}) {
  const events = server.subscribe<{ runMetrics: Event }>(SUBSCRIPTION, { runId, ...variables });
  return {
    async next(): Promise<Event> {
      const { value, done } = await events.next();
      if (done) throw new Error('The subscription has completed.');
      if (value.errors) throw new Error(JSON.stringify(value.errors));
      return value.data.runMetrics;
    },
    isComplete: async () => (await events.next()).done === true,
    leave: () => events.return(undefined),
  };
}
const steps = (events: readonly Event[], key = 'm') =>
  events.flatMap(({ series }) => series?.find((one) => one.key === key)?.steps ?? []);

const startRun = () => client.newRun();
const log = async (runId: string, ...points: object[]) => {
  const logged = await client.logMetrics({
    runId,
    points: points.map((point) => ({ key: 'm', value: 1, ...point })),
  });
  expect(logged.__typename).toBe('LogSuccess');
};
const finish = (runId: string, status = 'FINISHED') => client.finishRun({ runId, status });

test('whoever follows a run that waits hears what it tells once it has begun', async () => {
  const runId = await client.newRun({ scheduled: true });
  const live = follow(runId);
  expect(await live.next()).toMatchObject({ __typename: 'RunMetricsSnapshot', run: { status: 'SCHEDULED' } });
  await finish(runId, 'RUNNING');
  await log(runId, { step: 1 });
  expect(await live.next()).toMatchObject({ __typename: 'RunMetricsAppended', series: [{ steps: [1] }] });
  await finish(runId);
  expect(await live.next()).toMatchObject({ __typename: 'RunFinished', run: { status: 'FINISHED' } });
  expect(await live.isComplete()).toBe(true);
});

test('a snapshot, then what is new, then the end', async () => {
  const runId = await startRun();
  await log(runId, { step: 1, value: 0.5, timestamp: '2026-01-01T00:00:00Z' }, { key: 'other', step: 0 });
  const live = follow(runId);
  const snapshot = await live.next();
  expect(snapshot).toMatchObject({ __typename: 'RunMetricsSnapshot', run: { id: runId, status: 'RUNNING' } });
  expect(snapshot.series.find(({ key }) => key === 'm')).toEqual({
    key: 'm',
    steps: [1],
    values: [0.5],
    timestamps: ['2026-01-01T00:00:00.000Z'],
  });
  expect(snapshot.series).toHaveLength(2);
  await log(runId, { step: 2 });
  expect(await live.next()).toMatchObject({
    __typename: 'RunMetricsAppended',
    series: [{ key: 'm', steps: [2] }],
  });
  await log(runId, { step: 0 }, { step: 3 });
  expect(await live.next()).toMatchObject({
    __typename: 'RunMetricsAppended',
    series: [{ key: 'm', steps: [0, 3] }],
  });
  await finish(runId, 'FAILED');
  expect(await live.next()).toMatchObject({
    __typename: 'RunFinished',
    run: { status: 'FAILED', endedAt: expect.any(String) },
  });
  expect(await live.isComplete()).toBe(true);
});

test('NaN, the infinities and -0 arrive as they were logged', async () => {
  const runId = await startRun();
  const values = ['NaN', 'Infinity', '-Infinity', '-0'];
  const points = values.map((value, step) => ({ step, value }));
  await log(runId, ...points);
  const live = follow(runId);
  expect((await live.next()).series[0]?.values).toEqual(values);
  await log(runId, ...points);
  expect((await live.next()).series[0]?.values).toEqual(values);
  await live.leave();
});

test('only the wanted keys are told', async () => {
  const runId = await startRun();
  const live = follow(runId, { keys: ['b'] });
  expect((await live.next()).series).toEqual([]);
  await log(runId, { key: 'a' });
  await log(runId, { key: 'b', step: 7 }, { key: 'a' });
  expect((await live.next()).series).toEqual([{ key: 'b', steps: [7], values: [1] }]);
  await live.leave();
});

test('resuming from any cursor gives nothing twice and loses nothing', async () => {
  const runId = await startRun();
  const live = follow(runId);
  const events = [await live.next()];
  for (let step = 0; step < 5; step++) {
    await log(runId, { step });
    events.push(await live.next());
  }
  await finish(runId);
  events.push(await live.next());
  expect(steps(events)).toEqual([0, 1, 2, 3, 4]);
  for (const [index, { cursor }] of events.entries()) {
    const resumed = follow(runId, { after: cursor });
    const rest: Event[] = [];
    while (rest.at(-1)?.__typename !== 'RunFinished' && index < events.length - 1)
      rest.push(await resumed.next());
    expect(await resumed.isComplete()).toBe(true);
    expect(rest.map(({ __typename }) => __typename)).not.toContain('RunMetricsSnapshot');
    expect([...steps(events.slice(0, index + 1)), ...steps(rest)]).toEqual([0, 1, 2, 3, 4]);
  }
});

test('a run that has finished already: snapshot, end, complete', async () => {
  const runId = await startRun();
  await log(runId, { step: 1 });
  await finish(runId);
  const live = follow(runId);
  const snapshot = await live.next();
  expect([snapshot.__typename, steps([snapshot])]).toEqual(['RunMetricsSnapshot', [1]]);
  expect((await live.next()).__typename).toBe('RunFinished');
  expect(await live.isComplete()).toBe(true);
  const resumed = follow(runId, { after: snapshot.cursor });
  expect((await resumed.next()).__typename).toBe('RunFinished');
});

test('many writers at once: every point is told exactly once', async () => {
  const runId = await startRun();
  const live = follow(runId);
  const events = [await live.next()];
  const told = () => steps(events).length;
  const writing = Promise.all(Array.from({ length: 40 }, (_, step) => log(runId, { step })));
  while (told() < 40) events.push(await live.next());
  await writing;
  expect(steps(events).sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, step) => step));
  await finish(runId);
  expect((await live.next()).__typename).toBe('RunFinished');
});

test('what was logged while nobody looked comes merged into one delta', async () => {
  const runId = await startRun();
  const live = follow(runId);
  const { cursor } = await live.next();
  await live.leave();
  for (let step = 0; step < 10; step++) await log(runId, { step });
  const resumed = follow(runId, { after: cursor });
  expect(steps([await resumed.next()])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await resumed.leave();
});

test('a subscriber far behind catches up in deltas of bounded size', async () => {
  const runId = await startRun();
  const live = follow(runId);
  const { cursor } = await live.next();
  await live.leave();
  const call = (first: number) => Array.from({ length: 15_000 }, (_, index) => ({ step: first + index }));
  for (const first of [0, 15_000, 30_000]) await log(runId, ...call(first));
  const resumed = follow(runId, { after: cursor });
  const deltas = [await resumed.next(), await resumed.next()];
  expect(deltas.map((delta) => steps([delta]).length)).toEqual([30_000, 15_000]);
  expect(steps(deltas)).toEqual(Array.from({ length: 45_000 }, (_, step) => step));
  await resumed.leave();
});

test('many long series share what one snapshot may hold, and each keeps its spike', async () => {
  const runId = await startRun();
  for (const call of [0, 1, 2]) {
    const points = Array.from({ length: 90_000 }, (_, index) => ({
      key: `series ${10 * call + (index % 10)}`,
      step: index,
      value: index >= 70_000 && index < 70_010 ? 9 : 1,
    }));
    await log(runId, ...points);
  }
  const live = follow(runId);
  const { series } = await live.next();
  expect(series).toHaveLength(30);
  const total = series.reduce((sum, { steps: { length } }) => sum + length, 0);
  expect(total).toBeLessThanOrEqual(200_000);
  for (const { values } of series) expect(values).toContain(9);
  await live.leave();
});

test('a subscriber that leaves an idle run is let go at once', async () => {
  const runId = await startRun();
  const runMetrics = jest.spyOn(Tracking.prototype, 'runMetrics');
  const live = follow(runId);
  await live.next();
  const source = await (runMetrics.mock.results[0]?.value as ReturnType<Tracking['runMetrics']>);
  runMetrics.mockRestore();
  const released = new Promise<void>((resolve) => {
    const end = source.return.bind(source);
    source.return = async () => {
      const result = await end();
      resolve();
      return result;
    };
  });
  await live.leave();
  await released;
});

test.each([
  [
    'an unknown run',
    { runId: Buffer.from('run:00000000-0000-7000-8000-000000000000').toString('base64url') },
  ],
  ['something that is no run', { runId: 'x' }],
])('%s is a BAD_USER_INPUT', async (_, variables) => {
  for await (const { errors } of server.subscribe(SUBSCRIPTION, variables)) {
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('There is no run'),
      extensions: { code: 'BAD_USER_INPUT' },
    });
    return;
  }
  throw new Error('Nothing came.');
});

test('a cursor of another run, or one that is made up, is a BAD_USER_INPUT', async () => {
  const runId = await startRun();
  const other = follow(await startRun());
  const { cursor } = await other.next();
  await other.leave();
  const ahead = Buffer.from(
    JSON.stringify([Buffer.from(runId, 'base64url').toString().split(':')[1], '99']),
  ).toString('base64url');
  for (const after of [cursor, 'x', ahead]) {
    const { value } = await server.subscribe(SUBSCRIPTION, { runId, after }).next();
    expect(value?.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  }
});

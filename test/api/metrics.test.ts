import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';

let server: TestServer;
let client: TrackingClient;
beforeAll(async () => {
  server = await startTestServer();
  client = new TrackingClient(server);
});
afterAll(() => server.stop());

test('every value and step comes back exactly', async () => {
  const id = await client.newRun();
  const values = ['NaN', 'Infinity', '-Infinity', '-0', 0, 5e-324, 1.7976931348623157e308, 0.1];
  const points = values.map((value, step) => ({
    key: 'exact',
    step,
    value,
    timestamp: '2026-01-01T00:00:00.001Z',
  }));
  await client.logMetrics({
    runId: id,
    points: [
      ...points,
      { key: 'far', step: '9223372036854775807', value: 1 },
      { key: 'far', step: '-9223372036854775808', value: 2 },
    ],
  });
  expect(await client.history(id, ['exact', 'none', 'far'])).toEqual([
    {
      key: 'exact',
      steps: [0, 1, 2, 3, 4, 5, 6, 7],
      values,
      timestamps: Array(8).fill('2026-01-01T00:00:00.001Z'),
    },
    expect.objectContaining({
      key: 'far',
      steps: ['-9223372036854775808', '9223372036854775807'],
      values: [2, 1],
    }),
  ]);
  expect(await client.summaries(id)).toEqual([
    { key: 'exact', last: 0.1, min: '-Infinity', max: 'Infinity', lastStep: 7, dataset: null },
    { key: 'far', last: 1, min: 1, max: 2, lastStep: '9223372036854775807', dataset: null },
  ]);
});

test('summaries merge over calls: the highest step is last, NaN is never an extreme', async () => {
  const id = await client.newRun();
  const log = (value: number | string, step?: number, timestamp?: string) =>
    client.logMetrics({ runId: id, points: [{ key: 'm', value, step, timestamp }] });
  const summary = async () => (await client.summaries(id))[0] as object;
  await log('NaN', 5);
  expect(await summary()).toMatchObject({ last: 'NaN', min: null, max: null, lastStep: 5 });
  await log('-0', 3);
  expect(await summary()).toMatchObject({ last: 'NaN', min: '-0', max: '-0', lastStep: 5 });
  await log(7, 9, '2026-01-02T00:00:00Z');
  await log(-7, 9, '2026-01-01T00:00:00Z');
  expect(await summary()).toMatchObject({ last: 7, min: -7, max: 7, lastStep: 9 });
  await log(8, 9, '2026-01-02T00:00:00Z');
  expect(await summary()).toMatchObject({ last: 8, max: 8 });
  expect((await client.history(id, ['m']))[0]).toMatchObject({
    steps: [3, 5, 9, 9, 9],
    values: ['-0', 'NaN', -7, 7, 8],
  });
});

test('all points or none', async () => {
  const id = await client.newRun();
  const answer = await client.logMetrics({
    runId: id,
    points: [
      { key: 'good', value: 1 },
      { key: '', value: 2 },
    ],
  });
  expect(answer).toMatchObject({ __typename: 'InvalidInputError', issues: [{ path: 'points[1].key' }] });
  expect(await client.summaries(id)).toEqual([]);
});

test('an idempotency key logs once', async () => {
  const id = await client.newRun();
  const input = { runId: id, points: [{ key: 'm', value: 'NaN' }], idempotencyKey: 'batch 1' };
  await Promise.all([client.logMetrics(input), client.logMetrics(input), client.logMetrics(input)]);
  expect((await client.history(id, ['m']))[0]?.values).toEqual(['NaN']);
  expect(await client.logMetrics({ ...input, points: [{ key: 'm', value: '-0' }] })).toMatchObject({
    issues: [{ path: 'idempotencyKey' }],
  });
});

test('clients that log to one run at the same time lose nothing', async () => {
  const id = await client.newRun();
  const calls = Array.from({ length: 20 }, (_, call) => ({
    runId: id,
    points: [{ key: 'm', step: call, value: call }],
  }));
  await Promise.all(calls.map((call) => client.logMetrics(call)));
  expect((await client.history(id, ['m']))[0]?.steps).toEqual(calls.map((_, step) => step));
});

test('long series are down-sampled, with their spikes', async () => {
  const id = await client.newRun();
  const points = Array.from({ length: 10_000 }, (_, step) => ({
    key: 'long',
    step,
    value: step === 7_777 ? 1_000 : 1,
  }));
  await client.logMetrics({ runId: id, points });
  const [series] = await client.history(id, ['long'], 100);
  expect(series?.steps.length).toBeLessThanOrEqual(100);
  expect(series?.steps).toContain(7_777);
  expect((await client.history(id, ['long']))[0]?.steps.length).toBeLessThanOrEqual(1_000);
  expect((await client.history(id, ['long'], 10_000))[0]?.steps).toHaveLength(10_000);
});

test('a series longer than one read keeps its ends and its spike, whatever the order of its calls', async () => {
  const id = await client.newRun();
  const call = (first: number) =>
    Array.from({ length: 70_000 }, (_, index) => ({
      key: 'longest',
      step: first + index,
      value: first + index === 101_010 ? 'Infinity' : '-0',
    }));
  for (const first of [70_000, 0]) await client.logMetrics({ runId: id, points: call(first) });
  await client.logMetrics({ runId: id, points: [{ key: 'other', step: 1, value: 1 }] });
  const [longest, other] = await client.history(id, ['longest', 'other'], 400);
  const { steps = [], values = [] } = longest ?? {};
  expect([steps[0], steps.at(-1)]).toEqual([0, 139_999]);
  expect(values[steps.indexOf(101_010)]).toBe('Infinity');
  expect(values.filter((value) => value === '-0')).toHaveLength(values.length - 1);
  expect(other?.values).toEqual([1]);
});

test.each([0, -1, 10_001])('maxPoints of %i is a BAD_USER_INPUT', async (maxPoints) => {
  const id = await client.newRun();
  const { errors } = await server.graphql(
    `query ($id: ID!) { run(id: $id) { metricHistory(keys: ["a"], maxPoints: ${maxPoints}) { key } } }`,
    { id },
  );
  expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
});

test.each([
  { key: 'a', value: '1' },
  { key: 'a', value: 1, step: 1.5 },
  { key: 'a', value: 1, step: '9223372036854775808' },
  { key: 'a', value: null },
  { key: 'a', value: 1, extra: 1 },
  { key: 'a', value: 1, timestamp: 'yesterday' },
])('a point of the wrong shape is a BAD_USER_INPUT (%#)', async (point) => {
  const id = await client.newRun();
  const { errors } = await server.graphql(
    'mutation ($input: LogMetricsInput!) { logMetrics(input: $input) { __typename } }',
    {
      input: { runId: id, points: [point] },
    },
  );
  expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
});

test('more points or keys than a call may have are refused', async () => {
  const runId = await client.newRun();
  const keys = Array.from({ length: 1_001 }, (_, index) => ({ key: `k${index}`, value: 0 }));
  expect(await client.logMetrics({ runId, points: keys })).toMatchObject({
    issues: [{ path: 'points', expected: 'at most 1000 different keys' }],
  });
  const points = Array.from({ length: 100_001 }, () => ({ key: 'k', value: 0 }));
  expect(await client.logMetrics({ runId, points })).toMatchObject({
    issues: [{ path: 'points', expected: 'at most 100000 entries' }],
  });
  expect(await client.summaries(runId)).toEqual([]);
});

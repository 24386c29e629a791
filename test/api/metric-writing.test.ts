import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';

let server: TestServer;
let client: TrackingClient;
beforeAll(async () => {
  server = await startTestServer();
  client = new TrackingClient(server);
});
afterAll(() => server.stop());

const POINT = { key: 'm', value: 1 };
const log = (runId: string, ...points: object[]) =>
  client.logMetrics({ runId, points: points.map((point) => ({ ...POINT, ...point })) });
const stepsOf = async (runId: string, range: Record<string, unknown> = {}) =>
  (await client.history(runId, ['m'], 10_000, range))[0]?.steps ?? [];
const summaryOf = async (runId: string) => (await client.facts(runId))[0];

test('calls that share a commit share nothing else: what is refused of one is kept of the others', async () => {
  const [one, other, ended] = await Promise.all([client.newRun(), client.newRun(), client.newRun()]);
  const stranger = new TrackingClient(await server.as('admin', 'another-project'));
  for (const runId of [one, other, ended]) await log(runId, { step: 0 });
  await client.finishRun({ runId: ended });
  const calls = Array.from({ length: 10 }, (_, index) => index + 1).flatMap((step) => [
    log(one, { step }),
    log(other, { step }, { step: 100 + step }),
    log(ended, { step }),
    log(one, { step, key: '' }),
    stranger.logMetrics({ runId: one, points: [{ ...POINT, step: 999 }] }),
  ]);
  const answers = (await Promise.all(calls)).map(({ __typename }) => __typename);
  expect(answers.filter((_, index) => index % 5 < 2)).toEqual(Array(20).fill('LogSuccess'));
  expect(answers.filter((_, index) => index % 5 === 2)).toEqual(Array(10).fill('RunNotActiveError'));
  expect(answers.filter((_, index) => index % 5 === 3)).toEqual(Array(10).fill('InvalidInputError'));
  expect(answers.filter((_, index) => index % 5 === 4)).toEqual(Array(10).fill('NotFoundError'));
  expect(await stepsOf(one)).toEqual(Array.from({ length: 11 }, (_, step) => step));
  expect(await stepsOf(other)).toHaveLength(21);
  expect(await stepsOf(ended)).toEqual([0]);
});

test('a call finds its run by an index, though the database was empty when it first heard the statement', async () => {
  const runId = await client.newRun();
  const timesThatAllRunsWereRead = async () => {
    await server.database.query('SELECT pg_stat_force_next_flush()');
    const [row] = await server.database.query<{ count: string }>(
      `SELECT seq_scan AS count FROM pg_stat_user_tables WHERE relname = 'run'`,
    );
    return Number(row?.count);
  };
  await log(runId, { step: 0 });
  const before = await timesThatAllRunsWereRead();
  for (let step = 1; step <= 50; step += 1) await log(runId, { step });
  expect((await timesThatAllRunsWereRead()) - before).toBeLessThan(25); // others look at runs now and then
});

test('a series knows where it last improved, and its mean, over calls in any order', async () => {
  const runId = await client.newRun();
  await log(runId, { step: 5, value: 2 }, { step: 6, value: 'NaN' }, { step: 7, value: 4 });
  expect(await summaryOf(runId)).toEqual({
    min: 2,
    minStep: 5,
    max: 4,
    maxStep: 7,
    mean: 3,
    count: 3,
    dataset: null,
  });
  await log(runId, { step: 9, value: 2 }, { step: 3, value: 4 });
  expect(await summaryOf(runId)).toMatchObject({ minStep: 5, maxStep: 3, mean: 3, count: 5 });
  await log(runId, { step: 10, value: 1 }, { step: 11, value: 5e-324 }, { step: 12, value: -1 });
  expect(await summaryOf(runId)).toMatchObject({ min: -1, minStep: 12, count: 8 });
});

test('doubles that no sum can hold have a mean, and all NaN has none', async () => {
  const [large, none] = await Promise.all([client.newRun(), client.newRun()]);
  for (const step of [0, 1]) await log(large, { step, value: 1.7e308 }, { step, value: 1.7e308 });
  expect(await summaryOf(large)).toMatchObject({ mean: expect.closeTo(1.7e308, -300) });
  await log(none, { value: 'NaN' });
  expect(await summaryOf(none)).toMatchObject({ mean: null, minStep: null, maxStep: null });
});

test('a part of a series is read by its steps, both ends within', async () => {
  const runId = await client.newRun();
  const points = Array.from({ length: 50 }, (_, step) => ({ step: 49 - step }));
  for (const call of [points.slice(0, 20), points.slice(20)]) await log(runId, ...call);
  expect(await stepsOf(runId, { fromStep: 10, toStep: 12 })).toEqual([10, 11, 12]);
  expect(await stepsOf(runId, { fromStep: 48 })).toEqual([48, 49]);
  expect(await stepsOf(runId, { toStep: '0' })).toEqual([0]);
  expect(await stepsOf(runId, { fromStep: 12, toStep: 10 })).toEqual([]);
});

test('what was measured on a dataset is a series of its own, and part of the whole', async () => {
  const dataset = await registerDataset('measured');
  const runId = await client.newRun();
  await log(runId, { step: 0 }, { step: 1, value: 5, dataset }, { step: 2, dataset });
  expect(await stepsOf(runId)).toEqual([0, 1, 2]);
  expect(await stepsOf(runId, { dataset })).toEqual([1, 2]);
  expect(await stepsOf(runId, { dataset: 'nothing@1' })).toEqual([]);
  expect(await client.facts(runId)).toMatchObject([
    { count: 3, max: 5, dataset: null },
    { count: 2, max: 5, maxStep: 1, dataset: { ref: dataset } },
  ]);
  expect(await log(runId, { dataset: 'nothing@1' })).toMatchObject({ __typename: 'NotFoundError' });
  expect(await stepsOf(runId)).toHaveLength(3);
});

async function registerDataset(name: string): Promise<string> {
  const { result } = await server.data<{ result: { version: { ref: string } } }>(
    `mutation ($input: RegisterDatasetVersionInput!) { result: registerDatasetVersion(input: $input) {
       __typename ... on RegisterDatasetVersionSuccess { version { ref } } ... on UserError { message } } }`,
    { input: { dataset: name, uri: 'https://example.org/data.csv' } },
  );
  return result.version.ref;
}

import { DatabaseAway } from '../../src/kernel/database/database-away';
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

const SUBSCRIPTION = `subscription ($experimentId: ID!, $after: String) {
  experimentRuns(experimentId: $experimentId, after: $after) {
    __typename
    ... on ExperimentRunsSnapshot { cursor experiment { name } runs { id name status } hasMore }
    ... on ExperimentRunsChanged { cursor changes { runId kinds run { name status deletedAt } } }
    ... on ExperimentPurged { cursor }
  }
}`;
interface Change {
  readonly runId: string;
  readonly kinds: readonly string[];
  readonly run: { readonly name: string; readonly status: string; readonly deletedAt: string | null } | null;
}
interface Event {
  readonly __typename: string;
  readonly cursor: string;
  readonly runs: readonly { readonly id: string }[];
  readonly hasMore: boolean;
  readonly changes: readonly Change[];
}

function follow(experimentId: string, after?: string) {
  const events = server.subscribe<{ experimentRuns: Event }>(SUBSCRIPTION, { experimentId, after });
  return {
    async next(): Promise<Event> {
      const { value, done } = await events.next();
      if (done) throw new Error('The subscription has completed.');
      if (value.errors) throw new Error(JSON.stringify(value.errors));
      return value.data.experimentRuns;
    },
    leave: () => events.return(undefined),
  };
}
const kindsIn = ({ changes }: Event) => changes.map(({ runId, kinds }) => [runId, ...kinds]);
const mutate = (field: string, input: object) =>
  server.data(
    `mutation ($input: ${field.charAt(0).toUpperCase()}${field.slice(1)}Input!) { ${field}(input: $input) { __typename } }`,
    { input },
  );
async function newExperiment(name: string): Promise<string> {
  return (await client.createExperiment({ name })).experiment.id;
}

test('a snapshot, then each run as it appears, ends, fails, is renamed, goes and comes back', async () => {
  const experimentId = await newExperiment('live');
  const before = await client.newRun({ experiment: 'live', name: 'there before' });
  const gone = await client.newRun({ experiment: 'live', name: 'deleted before' });
  await mutate('deleteRuns', { runIds: [gone] });
  const live = follow(experimentId);
  expect(await live.next()).toMatchObject({
    __typename: 'ExperimentRunsSnapshot',
    experiment: { name: 'live' },
    runs: [{ id: before, name: 'there before', status: 'RUNNING' }],
    hasMore: false,
  });
  const runId = await client.newRun({ experiment: 'live', name: 'new' });
  const told = async () => (await live.next()).changes;
  const run = { name: 'new', status: 'RUNNING', deletedAt: null };
  expect(await told()).toEqual([{ runId, kinds: ['STARTED'], run }]);
  await client.finishRun({ runId, status: 'FAILED' });
  expect(await told()).toEqual([{ runId, kinds: ['FAILED'], run: { ...run, status: 'FAILED' } }]);
  await client.finishRun({ runId, status: 'RUNNING' });
  expect(await told()).toEqual([{ runId, kinds: ['RESUMED'], run }]);
  await mutate('updateRun', { runId, name: 'renamed' });
  expect(await told()).toEqual([{ runId, kinds: ['RENAMED'], run: { ...run, name: 'renamed' } }]);
  await client.finishRun({ runId: before, status: 'KILLED' });
  expect(await told()).toMatchObject([{ runId: before, kinds: ['KILLED'] }]);
  await client.finishRun({ runId });
  expect(await told()).toMatchObject([{ runId, kinds: ['FINISHED'] }]);
  await mutate('deleteRuns', { runIds: [runId, gone] }); // one of them is deleted already
  expect(await told()).toMatchObject([{ runId, kinds: ['DELETED'], run: { deletedAt: expect.any(String) } }]);
  await mutate('restoreRuns', { runIds: [runId] });
  expect(await told()).toMatchObject([{ runId, kinds: ['RESTORED'], run: { deletedAt: null } }]);
  await live.leave();
});

test('an experiment that goes and comes back tells it of its runs', async () => {
  const experimentId = await newExperiment('comes and goes');
  const runIds = [await client.newRun({ experiment: 'comes and goes' })];
  runIds.push(await client.newRun({ experiment: 'comes and goes' }));
  const live = follow(experimentId);
  await live.next();
  await mutate('deleteExperiment', { experimentId });
  expect(kindsIn(await live.next()).sort()).toEqual(runIds.map((id) => [id, 'DELETED']).sort());
  await mutate('restoreExperiment', { experimentId });
  expect(kindsIn(await live.next()).sort()).toEqual(runIds.map((id) => [id, 'RESTORED']).sort());
  await live.leave();
});

test('who was away hears of each run once, with all that has happened; what runs log is nothing of it', async () => {
  const experimentId = await newExperiment('away');
  const before = await client.newRun({ experiment: 'away' });
  const live = follow(experimentId);
  const { cursor } = await live.next();
  await live.leave();
  const busy = await client.newRun({ experiment: 'away', name: 'first name' });
  await client.logMetrics({ runId: busy, points: [{ key: 'm', value: 1 }] });
  await client.logParams({ runId: busy, params: [{ key: 'p', value: '1' }] });
  await client.finishRun({ runId: before });
  await mutate('updateRun', { runId: busy, name: 'last name' });
  await client.finishRun({ runId: busy, status: 'FAILED' });
  const resumed = follow(experimentId, cursor);
  const missed = await resumed.next();
  expect(kindsIn(missed)).toEqual([
    [before, 'FINISHED'],
    [busy, 'STARTED', 'FAILED', 'RENAMED'],
  ]);
  expect(missed.changes[1]?.run).toMatchObject({ name: 'last name', status: 'FAILED' });
  await resumed.leave();
  // From there on there is nothing to tell but what is new.
  const again = follow(experimentId, missed.cursor);
  await client.newRun({ experiment: 'elsewhere' });
  const next = await client.newRun({ experiment: 'away' });
  expect(kindsIn(await again.next())).toEqual([[next, 'STARTED']]);
  await again.leave();
});

test('runs that change in one call are told in parts, and any part may be the last that was seen', async () => {
  const experimentId = await newExperiment('many');
  const runIds = await Promise.all(Array.from({ length: 130 }, () => client.newRun({ experiment: 'many' })));
  const live = follow(experimentId);
  expect(await live.next()).toMatchObject({ hasMore: true, runs: { length: 100 } });
  await mutate('deleteRuns', { runIds });
  const [first, second] = [await live.next(), await live.next()];
  expect([first.changes.length, second.changes.length]).toEqual([100, 30]);
  const told = [...kindsIn(first), ...kindsIn(second)];
  expect(told.sort()).toEqual(runIds.map((id) => [id, 'DELETED']).sort());
  await live.leave();
  const resumed = follow(experimentId, first.cursor);
  expect(kindsIn(await resumed.next())).toEqual(kindsIn(second));
  await resumed.leave();
  // One that changes once more after the part in which it was told is told again, and only of what is new.
  const [early] = first.changes;
  await mutate('restoreRuns', { runIds: [early?.runId] });
  const later = follow(experimentId, first.cursor);
  expect(kindsIn(await later.next())).toEqual([...kindsIn(second), [early?.runId, 'RESTORED']]);
  await later.leave();
});

test('who has missed more than additions can tell begins again with a snapshot', async () => {
  const experimentId = await newExperiment('long away');
  await client.newRun({ experiment: 'long away' });
  const live = follow(experimentId);
  const { cursor } = await live.next();
  await live.leave();
  await server.database.query(
    `WITH e AS (SELECT id, project_id FROM experiment WHERE name = 'long away'), r AS (
       INSERT INTO run (id, project_id, experiment_id, name, status, started_at)
       SELECT gen_random_uuid(), e.project_id, e.id, 'made', 'RUNNING', now() FROM e, generate_series(1, 2001)
       RETURNING id, project_id, experiment_id
     ), f AS (UPDATE experiment_feed SET seq = seq + 1 FROM e WHERE experiment_id = e.id RETURNING seq)
     INSERT INTO run_change (run_id, project_id, experiment_id, seq, started_seq)
     SELECT r.id, r.project_id, r.experiment_id, f.seq, f.seq FROM r, f`,
  );
  const resumed = follow(experimentId, cursor);
  const fresh = await resumed.next();
  expect(fresh).toMatchObject({ __typename: 'ExperimentRunsSnapshot', hasMore: true });
  const runId = await client.newRun({ experiment: 'long away' });
  expect(kindsIn(await resumed.next())).toEqual([[runId, 'STARTED']]);
  await resumed.leave();
});

test('starts at the same time are all told, each once', async () => {
  const experimentId = await newExperiment('crowd');
  const live = follow(experimentId);
  await live.next();
  const starting = Promise.all(Array.from({ length: 64 }, () => client.newRun({ experiment: 'crowd' })));
  const told: string[] = [];
  while (told.length < 64) told.push(...(await live.next()).changes.map(({ runId }) => runId));
  expect(told.sort()).toEqual([...(await starting)].sort());
  await live.leave();
});

test.each([
  ['of nowhere', 'nonsense'],
  ['of another experiment', 'other'],
  ['of the future', 'future'],
])('a cursor %s is refused', async (_, kind) => {
  const experimentId = await newExperiment(`cursors ${kind}`);
  await client.newRun({ experiment: `cursors ${kind}` });
  const other = follow(kind === 'other' ? await newExperiment('another one') : experimentId);
  const { cursor } = await other.next();
  await other.leave();
  const [id, , , last] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as string[];
  const future = Buffer.from(JSON.stringify([id, '99', '99', last])).toString('base64url');
  const after = { nonsense: 'nonsense', other: cursor, future }[kind] as string;
  await expect(follow(experimentId, after).next()).rejects.toThrow(/after: expected the cursor/);
});

test('an experiment that there is not, or of another project, is nobody’s to follow', async () => {
  const theirs = await newExperiment('theirs');
  const stranger = await server.as('admin', 'elsewhere');
  for (const id of [theirs, 'nonsense'])
    expect((await stranger.subscribe(SUBSCRIPTION, { experimentId: id }).next()).value).toMatchObject({
      errors: [{ message: expect.stringMatching(/no experiment with this id/) }],
    });
});

test('a change is told whole: where the database goes away in the middle of it, later', async () => {
  const experimentId = await newExperiment('half told');
  const events = server.subscribe<{ experimentRuns: Event }>(
    `subscription ($experimentId: ID!) { experimentRuns(experimentId: $experimentId) {
       ... on ExperimentRunsChanged { changes { runId run { name experiment { name } } } } } }`,
    { experimentId },
  );
  await events.next();
  const query = server.database.query.bind(server.database);
  let outages = 0;
  jest.spyOn(server.database, 'query').mockImplementation((...args) => {
    const isHalfway = args[0].includes('tracking.experimentsByIds') && (outages += 1) === 1;
    return isHalfway ? Promise.reject(new DatabaseAway()) : query(...args);
  });
  await mutate('startRun', { experiment: 'half told', name: 'new' });
  const run = { name: 'new', experiment: { name: 'half told' } };
  expect((await events.next()).value).toEqual({
    data: { experimentRuns: { changes: [{ runId: expect.any(String), run }] } },
  });
  expect(outages).toBe(2);
  await events.return(undefined);
});

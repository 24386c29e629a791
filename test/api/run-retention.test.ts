import { InProcessBus } from '../../src/kernel/bus';
import { systemClock } from '../../src/kernel/clock';
import { createLogger } from '../../src/kernel/logger';
import { Outbox } from '../../src/kernel/outbox';
import { RunVersions } from '../../src/registry/versions/run-versions.queries';
import { RetentionKeeper } from '../../src/tracking/deletion/retention-keeper';
import type { ApiClient } from '../support/api-client';
import { runCli } from '../support/cli-process';
import { scaled, RegistryClient } from '../support/registry-client';
import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';

let server: TestServer;
let client: TrackingClient;
beforeAll(async () => {
  server = await startTestServer();
  client = new TrackingClient(server);
});
afterAll(() => server.stop());

type Answer = Record<string, unknown> & { readonly __typename: string };
async function mutate(field: string, input: object, success: string): Promise<Answer> {
  const name = `${field.charAt(0).toUpperCase()}${field.slice(1)}`;
  const { result } = await server.data<{ result: Answer }>(
    `mutation ($input: ${name}Input!) { result: ${field}(input: $input) { __typename
       ... on ${name}Success { ${success} } ... on UserError { code message } } }`,
    { input },
  );
  return result;
}
const setRetention = (input: object) =>
  mutate('setRetention', input, 'wouldDelete wouldPurge experiment { retention { purgeDeletedAfterDays } }');
const purgeDeleted = (input: object) => mutate('purgeDeleted', input, 'runs experiments runsInUse hasMore');
const deleteRuns = (...runIds: string[]) => mutate('deleteRuns', { runIds }, 'runs { id }');
const experimentId = async (name: string) => (await client.createExperiment({ name })).experiment.id;
const rowIdOf = (nodeId: string) => Buffer.from(nodeId, 'base64url').toString().split(':')[1] ?? '';
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);

/** As if it had ended, or been deleted, so long ago. */
const grow = (column: 'ended_at' | 'deleted_at', days: number, ...runIds: readonly string[]) =>
  server.database.query(`UPDATE run SET ${column} = $2 WHERE id = ANY($1)`, [
    runIds.map(rowIdOf),
    daysAgo(days),
  ]);
async function ended(experiment: string, name: string, days: number, more: object = {}, status = 'FINISHED') {
  const runId = await client.newRun({ experiment, name, ...more });
  await client.finishRun({ runId, status });
  await grow('ended_at', days, runId);
  return runId;
}
async function deleted(experiment: string, name: string, days: number, more: object = {}): Promise<string> {
  const runId = await client.newRun({ experiment, name, ...more });
  await deleteRuns(runId);
  await grow('deleted_at', days, runId);
  return runId;
}
async function names(experiment: string, view: string): Promise<readonly string[]> {
  const { runs } = await server.data<{ runs: { nodes: { name: string }[] } }>(
    `query ($names: [String!], $view: LifecycleView) { runs(experiments: $names, view: $view, orderBy: ["name"]) { nodes { name } } }`,
    { names: [experiment], view },
  );
  return runs.nodes.map(({ name }) => name);
}
function keeper(): RetentionKeeper {
  const { database } = server;
  const bus = new InProcessBus();
  return new RetentionKeeper({
    ...{ database, bus, outbox: new Outbox(bus, []), clock: systemClock, users: new RunVersions() },
    logger: createLogger('silent'),
  });
}
const KEEP = { tags: [{ key: 'keep', value: 'for the paper' }] };

test('a rule is kept, shown, refused where it makes no sense, and taken away by saying nothing', async () => {
  const id = await experimentId('ruled');
  const shown = async () =>
    server.data(
      '{ experiment(name: "ruled") { retention { deleteRunsAfterDays deleteFailedRunsAfterDays purgeDeletedAfterDays } } }',
    );
  expect(await shown()).toEqual({ experiment: { retention: null } });
  await setRetention({ experimentId: id, deleteRunsAfterDays: 90, purgeDeletedAfterDays: 30 });
  const retention = { deleteRunsAfterDays: 90, deleteFailedRunsAfterDays: null, purgeDeletedAfterDays: 30 };
  expect(await shown()).toEqual({ experiment: { retention } });
  expect(
    await setRetention({ experimentId: id, deleteRunsAfterDays: 0, purgeDeletedAfterDays: -1 }),
  ).toMatchObject({
    __typename: 'InvalidInputError',
  });
  await setRetention({ experimentId: id, deleteRunsAfterDays: 1, dryRun: true });
  expect(await shown()).toEqual({ experiment: { retention } });
  await setRetention({ experimentId: id });
  expect(await shown()).toEqual({ experiment: { retention: null } });
});

test('a rule deletes and purges what it says, a dry run counts it, and what is to be kept stays', async () => {
  const id = await experimentId('old');
  const registry = new RegistryClient(server);
  await ended('old', 'a: finished long ago', 40);
  await ended('old', 'b: finished of late', 20);
  await ended('old', 'c: failed of late', 20, {}, 'FAILED');
  await ended('old', 'd: failed today', 0, {}, 'FAILED');
  await ended('old', 'e: kept', 40, KEEP);
  await ended('old', 'f: not kept', 40, { tags: [{ key: 'keep', value: 'false' }] });
  const runId = await ended('old', 'g: a version came from it', 40);
  await registry.registerUploaded('old', await server.upload(scaled(5)), { runId });
  await client.newRun({ experiment: 'old', name: 'h: goes on' });
  await deleted('old', 'i: deleted long ago', 8);
  await deleted('old', 'j: deleted of late', 6);
  await deleted('old', 'k: deleted long ago, and kept', 8, KEEP);
  await ended('elsewhere', 'old, too', 400);

  const rule = { deleteRunsAfterDays: 30, deleteFailedRunsAfterDays: 10, purgeDeletedAfterDays: 7 };
  const counted = { wouldDelete: 3, wouldPurge: 1 };
  expect(await setRetention({ experimentId: id, ...rule, dryRun: true })).toMatchObject(counted);
  expect(await setRetention({ experimentId: id, ...rule })).toMatchObject(counted);
  await Promise.all([keeper().pass(), keeper().pass(), keeper().pass()]);
  await keeper().pass(); // those that found another one at it have left it the work
  expect(await names('old', 'ACTIVE')).toEqual([
    ...['b: finished of late', 'd: failed today', 'e: kept', 'g: a version came from it', 'h: goes on'],
  ]);
  expect(await names('old', 'DELETED')).toEqual([
    ...['a: finished long ago', 'c: failed of late', 'f: not kept'],
    ...['j: deleted of late', 'k: deleted long ago, and kept'],
  ]);
  expect(await names('elsewhere', 'ACTIVE')).toEqual(['old, too']);
  const events = await server.database.query<{ type: string; count: number }>(
    `SELECT type, sum(jsonb_array_length(coalesce(payload->'runs', payload->'runIds')))::int AS count FROM event
     WHERE topic = $1 AND type LIKE 'tracking.runs-%' GROUP BY type ORDER BY type`,
    [`experiment:${rowIdOf(id)}`],
  );
  expect(events).toEqual([
    { type: 'tracking.runs-expired', count: 3 },
    { type: 'tracking.runs-purged', count: 1 },
  ]);
  expect(await setRetention({ experimentId: id, ...rule, dryRun: true })).toMatchObject({
    ...{ wouldDelete: 0, wouldPurge: 0 },
  });
});

describe('the rule of a project', () => {
  let api: ApiClient;
  let mine: TrackingClient;
  let projects = 0;
  beforeEach(async () => {
    api = await server.as('admin', `ruled-${(projects += 1)}`);
    mine = new TrackingClient(api);
  });
  const act = async (field: string, input: object, success: string): Promise<Answer> => {
    const name = `${field.charAt(0).toUpperCase()}${field.slice(1)}`;
    const { result } = await api.data<{ result: Answer }>(
      `mutation ($input: ${name}Input!) { result: ${field}(input: $input) { __typename
         ... on ${name}Success { ${success} } ... on InvalidInputError { issues { path } } } }`,
      { input },
    );
    return result;
  };
  const setProject = (input: object) =>
    act('setProjectRetention', input, 'wouldDelete wouldPurge retention { deleteRunsAfterDays }');
  const setOne = (input: object) =>
    act(
      'setRetention',
      input,
      'wouldDelete experiment { hasOwnRetention retention { deleteRunsAfterDays } }',
    );
  const shown = async (name: string) =>
    (
      await api.data<{ experiment: object | null }>(
        'query ($name: String!) { experiment(name: $name) { hasOwnRetention retention { deleteRunsAfterDays } } }',
        { name },
      )
    ).experiment;
  const newExperiment = async (name: string) => {
    const { id } = (await mine.createExperiment({ name })).experiment;
    const runId = await mine.newRun({ experiment: name, name: `old of ${name}` });
    await mine.finishRun({ runId, status: 'FINISHED' });
    await grow('ended_at', 40, runId);
    return id;
  };
  const active = async () => {
    const { runs } = await api.data<{ runs: { nodes: { name: string }[] } }>(
      '{ runs(orderBy: ["name"]) { nodes { name } } }',
    );
    return runs.nodes.map(({ name }) => name);
  };

  test('is obeyed by experiments without one of their own, those to come too, and by nobody else', async () => {
    const long = await newExperiment('has a longer one');
    const never = await newExperiment('keeps all');
    await newExperiment('says nothing');
    await ended('of another project', 'old of another project', 400);
    await setOne({ experimentId: long, deleteRunsAfterDays: 90 });
    await setOne({ experimentId: never });
    expect(await setProject({ deleteRunsAfterDays: 30, dryRun: true })).toMatchObject({
      ...{ wouldDelete: 1, wouldPurge: 0, retention: null },
    });
    expect(await api.data('{ projectRetention { deleteRunsAfterDays } }')).toEqual({
      projectRetention: null,
    });
    expect(await setProject({ deleteRunsAfterDays: 30 })).toMatchObject({
      ...{ wouldDelete: 1, retention: { deleteRunsAfterDays: 30 } },
    });
    await newExperiment('came later');
    expect(await api.data('{ projectRetention { deleteRunsAfterDays } }')).toEqual({
      projectRetention: { deleteRunsAfterDays: 30 },
    });
    const ofProject = { hasOwnRetention: false, retention: { deleteRunsAfterDays: 30 } };
    expect(await shown('says nothing')).toEqual(ofProject);
    expect(await shown('came later')).toEqual(ofProject);
    expect(await shown('has a longer one')).toEqual({
      ...{ hasOwnRetention: true, retention: { deleteRunsAfterDays: 90 } },
    });
    expect(await shown('keeps all')).toEqual({ hasOwnRetention: true, retention: null });
    await keeper().pass();
    expect(await active()).toEqual(['old of has a longer one', 'old of keeps all']);
    expect(await names('of another project', 'ACTIVE')).toEqual(['old of another project']);

    expect(await setOne({ experimentId: never, inherit: true, dryRun: true })).toMatchObject({
      ...{ wouldDelete: 1, experiment: { hasOwnRetention: true } },
    });
    expect(await setOne({ experimentId: never, inherit: true })).toMatchObject({
      ...{ wouldDelete: 1, experiment: ofProject },
    });
    await keeper().pass();
    expect(await active()).toEqual(['old of has a longer one']);
  });

  test('purges what was deleted, and goes when it says nothing; nonsense is refused', async () => {
    const id = await newExperiment('cleared');
    expect(await setProject({ deleteRunsAfterDays: 0 })).toMatchObject({
      ...{ __typename: 'InvalidInputError', issues: [{ path: 'deleteRunsAfterDays' }] },
    });
    expect(await setOne({ experimentId: id, inherit: true, purgeDeletedAfterDays: 1 })).toMatchObject({
      ...{ __typename: 'InvalidInputError', issues: [{ path: 'inherit' }] },
    });
    const runId = await mine.newRun({ experiment: 'cleared', name: 'deleted' });
    await act('deleteRuns', { runIds: [runId] }, 'runs { id }');
    await grow('deleted_at', 8, runId);
    expect(await setProject({ purgeDeletedAfterDays: 7, dryRun: true })).toMatchObject({ wouldPurge: 1 });
    await setProject({ purgeDeletedAfterDays: 7 });
    await setOne({ experimentId: id });
    await keeper().pass();
    expect(await setProject({ purgeDeletedAfterDays: 7 })).toMatchObject({ wouldPurge: 0 });
    await setOne({ experimentId: id, inherit: true });
    expect(await setProject({ purgeDeletedAfterDays: 7 })).toMatchObject({ wouldPurge: 1 });
    expect(await setProject({})).toMatchObject({ retention: null, wouldPurge: 0 });
    await keeper().pass();
    expect(await setProject({ purgeDeletedAfterDays: 7 })).toMatchObject({ wouldPurge: 1 });
    await keeper().pass();
    expect(await setProject({ purgeDeletedAfterDays: 7 })).toMatchObject({ wouldPurge: 0 });
    expect(await active()).toEqual(['old of cleared']);
  });
});

test('who is restored is not purged, and who is deleted by a rule may be restored', async () => {
  const id = await experimentId('second thoughts');
  const runId = await ended('second thoughts', 'back again', 40);
  await setRetention({ experimentId: id, deleteRunsAfterDays: 30, purgeDeletedAfterDays: 1 });
  await keeper().pass();
  expect(await names('second thoughts', 'DELETED')).toEqual(['back again']);
  await setRetention({ experimentId: id, purgeDeletedAfterDays: 1 });
  await mutate('restoreRuns', { runIds: [runId] }, 'runs { id }');
  await keeper().pass();
  expect(await names('second thoughts', 'ACTIVE')).toEqual(['back again']);
});

test('a deleted experiment goes with its rule when its time is over', async () => {
  const id = await experimentId('forgotten');
  await ended('forgotten', 'one', 1);
  await setRetention({ experimentId: id, purgeDeletedAfterDays: 7 });
  await mutate('deleteExperiment', { experimentId: id }, 'experiment { id }');
  await keeper().pass();
  expect(await names('forgotten', 'DELETED')).toEqual(['one']);
  const long = [rowIdOf(id), daysAgo(8)];
  await server.database.query('UPDATE run SET deleted_at = $2 WHERE experiment_id = $1', long);
  await server.database.query('UPDATE experiment SET deleted_at = $2 WHERE id = $1', long);
  await keeper().pass();
  expect(await server.data('{ experiment(name: "forgotten") { id } }')).toEqual({ experiment: null });
});

test('all that was deleted before a time goes at once, after a dry run has counted it', async () => {
  const api = await server.as('admin', 'clearing');
  const mine = new TrackingClient(api);
  const call = async (input: object) => {
    const { purgeDeleted: done } = await api.data<{ purgeDeleted: Answer }>(
      `mutation ($input: PurgeDeletedInput!) { purgeDeleted(input: $input) { __typename
         ... on PurgeDeletedSuccess { runs experiments runsInUse hasMore } } }`,
      { input },
    );
    return done;
  };
  const runIds = await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) => mine.newRun({ experiment: 'one', name })),
  );
  const [, , inUse, kept] = runIds as [string, string, string, string];
  await api.data(
    `mutation ($keep: UpdateRunInput!, $ids: DeleteRunsInput!) {
       updateRun(input: $keep) { __typename } deleteRuns(input: $ids) { __typename } }`,
    { keep: { runId: kept, ...KEEP }, ids: { runIds } },
  );
  await new RegistryClient(api).registerUploaded('m', await api.upload(scaled(6)), { runId: inUse });
  const { experiment: other } = await mine.createExperiment({ name: 'other' });
  await mine.newRun({ experiment: 'other' });
  await api.data(
    `mutation ($input: DeleteExperimentInput!) { deleteExperiment(input: $input) { __typename } }`,
    {
      input: { experimentId: other.id },
    },
  );
  await grow('deleted_at', 31, ...runIds);
  const success = { __typename: 'PurgeDeletedSuccess', hasMore: false };
  const before = { deletedBefore: daysAgo(30).toISOString() };
  const counts = { ...success, runs: 2, experiments: 0, runsInUse: 1 };
  expect(await call({ ...before, dryRun: true })).toEqual(counts);
  expect(await call({ ...before, experimentIds: [other.id] })).toEqual({ ...counts, runs: 0, runsInUse: 0 });
  expect(await call(before)).toEqual(counts);
  expect(await call(before)).toEqual({ ...counts, runs: 0 });
  const now = { deletedBefore: new Date(Date.now() + 1_000).toISOString() };
  const rest = { ...counts, runs: 1, experiments: 1 };
  expect(await call({ ...now, dryRun: true })).toEqual(rest);
  expect(await call(now)).toEqual(rest);
  const { runs } = await api.data<{ runs: { nodes: object[] } }>(
    `{ runs(view: ALL, orderBy: ["name"]) { nodes { name } } }`,
  );
  expect(runs.nodes).toEqual([{ name: 'c' }, { name: 'd' }]);
  expect(await purgeDeleted({ ...before, experimentIds: ['nonsense'] })).toMatchObject({
    __typename: 'NotFoundError',
  });
});

describe('the command line', () => {
  const gc = (key: string, ...args: readonly string[]) =>
    runCli(['gc', ...args], { MODELGRAPH_URL: server.url, MODELGRAPH_KEY: key });

  test('takes what is old enough, or runs by their ids, and says how much', async () => {
    const api = await server.as('admin', 'by hand');
    const mine = new TrackingClient(api);
    const runIds = [
      await mine.newRun({ experiment: 'e' }),
      await mine.newRun({ experiment: 'e' }),
      await mine.newRun({ experiment: 'e' }),
    ] as const;
    await api.data('mutation ($ids: DeleteRunsInput!) { deleteRuns(input: $ids) { __typename } }', {
      ids: { runIds },
    });
    await grow('deleted_at', 3, runIds[0]);
    const took = (runs: string) => ({ code: 0, err: '', out: `${runs}\n` });
    const [dry, early, wrong] = await Promise.all([
      gc(api.key, '--older-than', '2d12h', '--dry-run'),
      gc(api.key, '--older-than', '4d'),
      gc(api.key, '--older-than', 'soon'),
    ]);
    expect(dry).toMatchObject(took('Would go: 1 run and 0 experiments.'));
    expect(early).toMatchObject(took('Gone for good: 0 runs and 0 experiments.'));
    expect(wrong).toMatchObject({ code: 2, err: expect.stringMatching(/an age such as 30d/) as string });
    const [named, unknown] = await Promise.all([
      gc(api.key, '--older-than', '2d', '--experiment', 'e', '--dry-run'),
      gc(api.key, '--older-than', '2d', '--experiment', 'nobody’s'),
    ]);
    expect(named).toMatchObject(took('Would go: 1 run and 0 experiments.'));
    expect(unknown).toMatchObject({
      code: 3,
      err: expect.stringMatching(/no experiment “nobody’s”/) as string,
    });
    expect(await gc(api.key, '--older-than', '2d')).toMatchObject(
      took('Gone for good: 1 run and 0 experiments.'),
    );
    expect(await gc(api.key, '--run', runIds[1], '--run', runIds[2])).toMatchObject(
      took('Gone for good: 2 runs.'),
    );
  });

  test('says why not: not both ways at once, not without the right, not what is in use or not deleted', async () => {
    const active = await client.newRun({ experiment: 'active' });
    const contributor = await server.keyFor('contributor');
    const [both, denied, refused] = await Promise.all([
      gc(server.key, '--older-than', '1d', '--run', active),
      gc(contributor, '--older-than', '1d'),
      gc(server.key, '--run', active),
    ]);
    expect(both).toMatchObject({ code: 2 });
    expect(denied).toMatchObject({ code: 3, err: expect.stringMatching(/tracking:purge/) as string });
    expect(refused).toMatchObject({ code: 3, err: expect.stringMatching(/delete it first/) as string });
  });
});

import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient, UNKNOWN_RUN } from '../support/tracking-client';

let server: TestServer;
let client: TrackingClient;
beforeAll(async () => {
  server = await startTestServer();
  client = new TrackingClient(server);
});
afterAll(() => server.stop());

const EXPERIMENT = 'id name description note createdAt updatedAt deletedAt tags { key value }';
interface Experiment {
  readonly id: string;
  readonly name: string;
  readonly updatedAt: string;
  readonly deletedAt: string | null;
}
type Answer = Record<string, unknown> & { readonly __typename: string };

async function mutate(field: string, type: string, input: object, success: string): Promise<Answer> {
  const { result } = await server.data<{ result: Answer }>(
    `mutation ($input: ${type}!) { result: ${field}(input: $input) { __typename ${success} ... on UserError { code message } } }`,
    { input },
  );
  return result;
}
const updateExperiment = (input: object) =>
  mutate(
    'updateExperiment',
    'UpdateExperimentInput',
    input,
    `... on UpdateExperimentSuccess { experiment { ${EXPERIMENT} } }`,
  );
const changeExperiment = (field: 'deleteExperiment' | 'restoreExperiment', experimentId: string) =>
  mutate(
    field,
    `${capital(field)}Input`,
    { experimentId },
    `... on ${capital(field)}Success { experiment { ${EXPERIMENT} } }`,
  );
const updateRun = (input: object) =>
  mutate(
    'updateRun',
    'UpdateRunInput',
    input,
    '... on UpdateRunSuccess { run { id name note tags { key value } } }',
  );
const changeRuns = (field: 'deleteRuns' | 'restoreRuns', runIds: readonly string[]) =>
  mutate(
    field,
    `${capital(field)}Input`,
    { runIds },
    `... on ${capital(field)}Success { runs { id deletedAt } }`,
  );
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

async function newExperiment(name: string): Promise<Experiment> {
  await client.createExperiment({ name });
  const { experiment } = await server.data<{ experiment: Experiment }>(
    `query ($name: String!) { experiment(name: $name) { ${EXPERIMENT} } }`,
    { name },
  );
  return experiment;
}
async function runNames(experiment: string, view: string): Promise<readonly string[]> {
  const { runs } = await server.data<{ runs: { nodes: { name: string }[] } }>(
    `query ($names: [String!], $view: LifecycleView) { runs(experiments: $names, view: $view, orderBy: ["name"]) { nodes { name } } }`,
    { names: [experiment], view },
  );
  return runs.nodes.map(({ name }) => name);
}

describe('an experiment', () => {
  test('changes its name, description and tags, each where it is given', async () => {
    const before = await newExperiment('first name');
    const named = await updateExperiment({
      experimentId: before.id,
      name: 'second name',
      description: 'why',
      tags: [
        { key: 'a', value: '1' },
        { key: 'mlflow.note.content', value: 'mind the gap' },
      ],
    });
    expect(named.experiment).toMatchObject({ name: 'second name', description: 'why', note: 'mind the gap' });
    const { experiment } = await updateExperiment({
      experimentId: before.id,
      removeTags: ['a', 'never there'],
      tags: [{ key: 'b', value: '2' }],
    });
    expect(experiment).toMatchObject({
      name: 'second name',
      description: 'why',
      tags: [
        { key: 'b', value: '2' },
        { key: 'mlflow.note.content', value: 'mind the gap' },
      ],
    });
    expect(Date.parse((experiment as Experiment).updatedAt)).toBeGreaterThanOrEqual(
      Date.parse(before.updatedAt),
    );
    expect((await updateExperiment({ experimentId: before.id, description: null })).experiment).toMatchObject(
      {
        description: null,
      },
    );
  });

  test('cannot take the name of another one, deleted or not', async () => {
    const [one, other] = [await newExperiment('taken'), await newExperiment('wanting')];
    expect(await updateExperiment({ experimentId: other.id, name: 'taken' })).toMatchObject({
      __typename: 'NameConflictError',
      code: 'NAME_TAKEN',
    });
    await changeExperiment('deleteExperiment', one.id);
    expect(await updateExperiment({ experimentId: other.id, name: 'taken' })).toMatchObject({
      code: 'NAME_TAKEN',
    });
  });

  test('of many that want one name at the same time exactly one gets it', async () => {
    const rivals = await Promise.all(Array.from({ length: 5 }, (_, at) => newExperiment(`rival ${at}`)));
    const answers = await Promise.all([
      ...rivals.map(({ id }) => updateExperiment({ experimentId: id, name: 'the prize' })),
      client.createExperiment({ name: 'the prize' }),
    ]);
    const kinds = answers.map((answer) => (answer as Answer).__typename);
    const renamed = kinds.filter((kind) => kind === 'UpdateExperimentSuccess').length;
    const created = (answers.at(-1) as { created?: boolean }).created === true ? 1 : 0;
    expect(renamed + created).toBe(1);
    expect(kinds.filter((kind) => kind === 'NameConflictError')).toHaveLength(5 - renamed);
  });

  test('goes with its runs, and comes back with those that went with it', async () => {
    const { id } = await newExperiment('short-lived');
    const gone = await client.newRun({ experiment: 'short-lived', name: 'gone before' });
    await client.newRun({ experiment: 'short-lived', name: 'with it' });
    await changeRuns('deleteRuns', [gone]);
    const { experiment } = await changeExperiment('deleteExperiment', id);
    expect((experiment as Experiment).deletedAt).not.toBeNull();
    expect(await runNames('short-lived', 'ACTIVE')).toEqual([]);
    expect(await runNames('short-lived', 'ALL')).toEqual(['gone before', 'with it']);
    const { experiments } = await server.data<{ experiments: { nodes: object[] } }>(
      `{ experiments(filter: "name = 'short-lived'") { nodes { name } } }`,
    );
    expect(experiments.nodes).toEqual([]);
    expect(await changeRuns('restoreRuns', [gone])).toMatchObject({ __typename: 'InvalidInputError' });
    await changeExperiment('restoreExperiment', id);
    expect(await runNames('short-lived', 'ACTIVE')).toEqual(['with it']);
    expect(await runNames('short-lived', 'DELETED')).toEqual(['gone before']);
  });

  test('takes no runs and no changes while it is deleted', async () => {
    const { id } = await newExperiment('closed');
    await changeExperiment('deleteExperiment', id);
    expect(await client.startRun({ experiment: 'closed' })).toMatchObject({
      __typename: 'InvalidInputError',
    });
    expect(await client.createExperiment({ name: 'closed' })).toMatchObject({
      __typename: 'InvalidInputError',
    });
    expect(await updateExperiment({ experimentId: id, name: 'open' })).toMatchObject({
      __typename: 'InvalidInputError',
    });
    expect(await changeExperiment('deleteExperiment', 'made up')).toMatchObject({
      __typename: 'NotFoundError',
    });
  });
});

describe('a run', () => {
  test('changes its name and tags after its end too', async () => {
    const runId = await client.newRun({ tags: [{ key: 'old', value: '1' }] });
    await client.finishRun({ runId });
    const { run } = await updateRun({
      runId,
      name: 'renamed',
      removeTags: ['old'],
      tags: [{ key: 'mlflow.note.content', value: 'a note' }],
    });
    expect(run).toEqual({
      id: runId,
      name: 'renamed',
      note: 'a note',
      tags: [{ key: 'mlflow.note.content', value: 'a note' }],
    });
  });

  test.each([
    ['params', (runId: string, params: object[]) => client.logParams({ runId, params })],
    ['tags', (runId: string, tags: object[]) => updateRun({ runId, tags })],
  ])('has at most 2,000 %s, counted once each', async (_, tell) => {
    const runId = await client.newRun();
    const facts = (from: number, to: number) =>
      Array.from({ length: to - from }, (__, n) => ({ key: `k${from + n}`, value: '' }));
    for (const from of [0, 500, 1_000])
      expect(await tell(runId, facts(from, from + 1_000))).toHaveProperty('run');
    expect(await tell(runId, facts(1_999, 2_001))).toMatchObject({ __typename: 'InvalidInputError' });
    expect(await tell(runId, facts(1_999, 2_000))).toHaveProperty('run');
    expect(await tell(runId, facts(2_000, 2_001))).toMatchObject({ __typename: 'InvalidInputError' });
  });

  test.each([
    [{ name: '' }, 'name'],
    [{ tags: [{ key: '', value: '' }] }, 'tags[0].key'],
    [{ tags: [{ key: 'a', value: 'x'.repeat(8_001) }] }, 'tags[0].value'],
    [{ removeTags: ['a', ''] }, 'removeTags[1]'],
  ])('a wrong change is refused at its place, and nothing is changed (%#)', async (input, path) => {
    const runId = await client.newRun({ name: 'as it was' });
    const answer = await updateRun({ runId, ...input });
    expect(answer).toMatchObject({ __typename: 'InvalidInputError' });
    expect(answer.message).toContain(path);
  });

  test('takes nothing while it is deleted, and goes on once it is restored', async () => {
    const runId = await client.newRun();
    const { runs } = await changeRuns('deleteRuns', [runId]);
    const [deleted] = runs as { deletedAt: string | null }[];
    expect(deleted?.deletedAt).not.toBeNull();
    const point = { key: 'loss', value: 1 };
    expect(await client.logMetrics({ runId, points: [point] })).toMatchObject({ code: 'RUN_DELETED' });
    expect(await client.logParams({ runId, params: [] })).toMatchObject({ code: 'RUN_DELETED' });
    expect(await client.finishRun({ runId })).toMatchObject({ code: 'RUN_DELETED' });
    expect(await updateRun({ runId, name: 'x' })).toMatchObject({ code: 'RUN_DELETED' });
    expect(await client.startRun({ experiment: 'tests', parentRunId: runId })).toMatchObject({
      code: 'RUN_DELETED',
    });
    await changeRuns('restoreRuns', [runId]);
    expect((await client.logMetrics({ runId, points: [point] })).__typename).toBe('LogSuccess');
  });

  test('is no part of a run of another experiment, and leaves nothing where it is refused', async () => {
    const parentRunId = await client.newRun({ experiment: 'whole' });
    expect(await client.startRun({ experiment: 'never made', parentRunId })).toMatchObject({
      __typename: 'InvalidInputError',
      issues: [
        {
          path: 'parentRunId',
          expected: 'a run of the experiment “never made”',
          actual: 'a run of another experiment',
        },
      ],
    });
    const { experiment } = await server.data(`{ experiment(name: "never made") { id } }`);
    expect(experiment).toBeNull();
    expect((await client.startRun({ experiment: 'whole', parentRunId })).__typename).toBe('StartRunSuccess');
  });

  test('waits as SCHEDULED, takes nothing, and goes on once it is begun', async () => {
    const { run } = await client.startRun({ experiment: 'tests', name: 'queued', scheduled: true });
    const runId = run.id;
    expect(run).toMatchObject({ status: 'SCHEDULED', endedAt: null });
    const points = [{ key: 'loss', value: 1 }];
    const refused = await client.logMetrics({ runId, points });
    expect(refused).toMatchObject({ code: 'RUN_NOT_ACTIVE', status: 'SCHEDULED' });
    expect(refused.message).toContain('Begin it first');
    expect(await client.finishRun({ runId, status: 'SCHEDULED' })).toMatchObject({
      __typename: 'InvalidInputError',
      issues: [
        { path: 'status', expected: 'one of RUNNING, FINISHED, FAILED, KILLED', actual: '“SCHEDULED”' },
      ],
    });
    const begun = await client.finishRun({ runId, status: 'RUNNING' });
    expect(begun.run).toMatchObject({ status: 'RUNNING', endedAt: null });
    expect((await client.logMetrics({ runId, points })).__typename).toBe('LogSuccess');
    expect(await client.finishRun({ runId, status: 'SCHEDULED' })).toMatchObject({
      issues: [{ path: 'status', expected: 'one of FINISHED, FAILED, KILLED', actual: '“SCHEDULED”' }],
    });
    const { runs } = await server.data<{ runs: { nodes: object[] } }>(
      `{ runs(filter: "status = 'SCHEDULED'") { nodes { name } } }`,
    );
    expect(runs.nodes).toEqual([]);
  });

  test('may be killed before it has begun', async () => {
    const runId = await client.newRun({ scheduled: true });
    const killed = await client.finishRun({ runId, status: 'KILLED' });
    expect(killed.run).toMatchObject({ status: 'KILLED', endedAt: expect.any(String) });
    expect(await client.finishRun({ runId, status: 'RUNNING' })).toMatchObject({ code: 'RUN_NOT_ACTIVE' });
  });

  test('several are deleted together or not at all', async () => {
    const runId = await client.newRun();
    expect(await changeRuns('deleteRuns', [runId, UNKNOWN_RUN])).toMatchObject({
      __typename: 'NotFoundError',
    });
    const { run } = await server.data('query ($id: ID!) { run(id: $id) { deletedAt } }', { id: runId });
    expect(run).toEqual({ deletedAt: null });
    expect(
      await changeRuns(
        'deleteRuns',
        Array.from({ length: 1_001 }, () => runId),
      ),
    ).toMatchObject({
      __typename: 'InvalidInputError',
    });
  });

  test('knows its parts and the uppermost run above it, 200 runs deep', async () => {
    const root = await client.newRun({ name: 'root' });
    let runId = root;
    for (let depth = 1; depth <= 200; depth++)
      runId = await client.newRun({ parentRunId: runId, name: `${depth}` });
    const second = await client.newRun({ parentRunId: root, name: 'second' });
    const third = await client.newRun({ parentRunId: root, name: 'third' });
    await changeRuns('deleteRuns', [second]);
    const { deepest, top } = await server.data<Record<'deepest' | 'top', object>>(
      `query ($deepest: ID!, $top: ID!) {
        deepest: run(id: $deepest) { root { id } parent { name } children { nodes { id } } }
        top: run(id: $top) { root { id } children(first: 2) { nodes { id name } pageInfo { hasNextPage } } }
      }`,
      { deepest: runId, top: root },
    );
    expect(deepest).toEqual({ root: { id: root }, parent: { name: '199' }, children: { nodes: [] } });
    expect(top).toMatchObject({
      root: { id: root },
      children: { nodes: [{ name: '1' }, { id: third }], pageInfo: { hasNextPage: false } },
    });
  });

  test('many that are deleted hide nobody behind them from the list of the newest', async () => {
    const ids: string[] = [];
    for (let number = 0; number < 60; number++) ids.push(await client.newRun({ name: `queue ${number}` }));
    await changeRuns('deleteRuns', ids.slice(10));
    const newest = await client.runs({ first: 5 });
    expect(newest.nodes.map(({ name }) => name)).toEqual([9, 8, 7, 6, 5].map((number) => `queue ${number}`));
    const next = await client.runs({ first: 5, after: newest.pageInfo.endCursor });
    expect(next.nodes.map(({ name }) => name)).toEqual([4, 3, 2, 1, 0].map((number) => `queue ${number}`));
  });
});

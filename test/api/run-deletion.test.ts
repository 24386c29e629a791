import { newId } from '../../src/kernel/ids';
import { createLogger } from '../../src/kernel/logger';
import { InProcessBus } from '../../src/kernel/bus';
import { Outbox } from '../../src/kernel/outbox';
import { PurgeWorker } from '../../src/tracking/deletion/purge-worker';
import {
  EXPERIMENT_PARTS,
  LOGGED_MODEL_PARTS,
  OUTLIVES_RUN,
  RUN_PARTS,
  type RunPart,
} from '../../src/tracking/deletion/run-parts';
import { MlflowClient } from '../support/mlflow-client';
import { affine } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient, UNKNOWN_RUN } from '../support/tracking-client';

let server: TestServer;
let client: TrackingClient;
let mlflow: MlflowClient;
beforeAll(async () => {
  server = await startTestServer();
  client = new TrackingClient(server);
  mlflow = new MlflowClient(server);
});
afterAll(() => server.stop());

type Answer = Record<string, unknown> & { readonly __typename: string; readonly message?: string };
async function mutate(field: string, input: object, success = ''): Promise<Answer> {
  const name = `${field.charAt(0).toUpperCase()}${field.slice(1)}`;
  const { result } = await server.data<{ result: Answer }>(
    `mutation ($input: ${name}Input!) { result: ${field}(input: $input) { __typename
       ${success && `... on ${name}Success { ${success} }`} ... on UserError { code message } } }`,
    { input },
  );
  return result;
}
const deleteRuns = (...runIds: string[]) => mutate('deleteRuns', { runIds });
const purgeRuns = (runIds: readonly string[], force = false) =>
  mutate('purgeRuns', { runIds, force }, 'runs');
const rowIdOf = (nodeId: string) => Buffer.from(nodeId, 'base64url').toString().split(':')[1] ?? '';
const experimentId = async (name: string) => (await client.createExperiment({ name })).experiment.id;

/** Works until nothing is left that is to go. */
async function workOff(): Promise<void> {
  const { database } = server;
  const bus = new InProcessBus();
  const worker = new PurgeWorker({
    ...{ database, bus, outbox: new Outbox(bus, []), logger: createLogger('silent') },
  });
  const isBusy = async () =>
    (
      await database.query(
        `SELECT 1 FROM run WHERE project_id = $1 UNION ALL SELECT 1 FROM experiment WHERE purge_asked_at IS NOT NULL`,
        ['00000000-0000-0000-0000-000000000000'],
      )
    ).length > 0;
  while (await isBusy()) await worker.pass();
}
/** Tables with rows that name this. */
async function tablesWith(id: string, ...columns: string[]): Promise<readonly string[]> {
  const found = await server.database.query<{ table: string; column: string }>(
    `SELECT table_name AS table, column_name AS column FROM information_schema.columns
     WHERE table_schema = 'public' AND data_type = 'uuid' AND column_name = ANY($1) ORDER BY table_name`,
    [columns],
  );
  const tables: string[] = [];
  for (const { table, column } of found) {
    const rows = await server.database.query(`SELECT 1 FROM ${table} WHERE ${column} = $1 LIMIT 1`, [id]);
    if (rows.length > 0) tables.push(table);
  }
  return tables;
}

test('every table that names a run, a logged model or an experiment goes with it, or says why not', async () => {
  const namesOf = (parts: readonly RunPart[]) => parts.map(({ table }) => table);
  const tablesNaming = async (column: string) =>
    (
      await server.database.query<{ name: string }>(
        `SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = $1`,
        [column],
      )
    )
      .map(({ name }) => name)
      .sort();
  expect(await tablesNaming('run_id')).toEqual([...namesOf(RUN_PARTS), ...Object.keys(OUTLIVES_RUN)].sort());
  expect(await tablesNaming('logged_model_id')).toEqual(namesOf(LOGGED_MODEL_PARTS).sort());
  const known = [...namesOf(EXPERIMENT_PARTS), 'run', 'logged_model'].sort();
  expect(await tablesNaming('experiment_id')).toEqual(known);
  // The other ways to name a run that there are: a new one is to be thought of in `deletion/purge.store.ts`.
  const others = await server.database.query<{ name: string }>(
    `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name LIKE '%run\\_id' AND column_name <> 'run_id'`,
  );
  expect(others.map(({ name }) => name).sort()).toEqual(['logged_model.source_run_id', 'run.parent_run_id']);
});

/** A run that has everything a run may have, and a run below it. */
async function richRun(experiment: string) {
  await new RegistryClient(server).dataset('rows');
  const runId = await client.newRun({
    experiment,
    name: 'rich',
    datasets: ['rows@1'],
    params: [{ key: 'p', value: '1' }],
    tags: [{ key: 't', value: '1' }],
  });
  const childId = await client.newRun({ experiment, name: 'child', parentRunId: runId });
  await client.logMetrics({
    runId,
    points: [
      { key: 'm', value: 1 },
      { key: 'm', value: 2, step: 1, dataset: 'rows@1' },
    ],
  });
  const sha256 = await server.upload(`the file of ${experiment}`);
  await client.logArtifact({ runId, path: 'files/a.txt', artifact: { sha256 } });
  const modelId = await loggedModel(runId, sha256);
  return { runId, childId, sha256, modelId };
}
/** As a client of MLflow logs it; another run has measured it, too. */
async function loggedModel(runId: string, sha256: string): Promise<string> {
  const run = rowIdOf(runId);
  const modelId = newId();
  const measuring = rowIdOf(await client.newRun({ experiment: 'measures' }));
  await server.database.query(
    `INSERT INTO logged_model (id, project_id, experiment_id, name, status, source_run_id, created_at, updated_at)
     SELECT $1, project_id, experiment_id, 'model', 'READY', id, now(), now() FROM run WHERE id = $2`,
    [modelId, run],
  );
  for (const table of ['param', 'tag'])
    await server.database.query(
      `INSERT INTO logged_model_${table} (logged_model_id, project_id, key, value) SELECT $1, project_id, 'k', 'v' FROM run WHERE id = $2`,
      [modelId, run],
    );
  await server.database.query(
    `INSERT INTO logged_model_artifact (logged_model_id, project_id, path, sha256) SELECT $1, project_id, 'p', $3 FROM run WHERE id = $2`,
    [modelId, run, sha256],
  );
  for (const one of [run, measuring]) {
    await server.database.query(
      `INSERT INTO logged_model_metric (logged_model_id, run_id, project_id, key, dataset_name, dataset_digest, value, step, timestamp_ms)
       SELECT $1, id, project_id, 'm', '', '', 1, 0, 0 FROM run WHERE id = $2`,
      [modelId, one],
    );
    await server.database.query(
      `INSERT INTO run_model (run_id, project_id, logged_model_id, direction) SELECT id, project_id, $1, 'OUTPUT' FROM run WHERE id = $2`,
      [modelId, one],
    );
  }
  return modelId;
}

test('a purged run is out of everybody’s sight at once, and nothing of it is left soon after', async () => {
  const { runId, childId, sha256, modelId } = await richRun('to go');
  expect((await tablesWith(rowIdOf(runId), 'run_id')).length).toBeGreaterThan(7);
  await deleteRuns(runId);
  expect(await purgeRuns([runId])).toEqual({ __typename: 'PurgeRunsSuccess', runs: 1 });

  const seen = await server.data<Record<string, unknown>>(
    `query ($run: ID!, $child: ID!, $key: String!) {
      run(id: $run) { id } node(id: $run) { id } lineage(id: $run) { nodes { id } }
      all: runs(experiments: ["to go"], view: ALL) { nodes { name } }
      deleted: runs(experiments: ["to go"], view: DELETED) { nodes { name } }
      byParam: runs(filter: "params.p = '1'", view: ALL) { nodes { name } }
      byMetric: runs(filter: "metrics.m > 0", view: ALL, orderBy: ["metrics.m"]) { nodes { name } }
      byName: runs(filter: "name = 'rich'", view: ALL) { nodes { name } }
      child: run(id: $child) { parent { id } root { name } }
      experiment(name: $key) { runs(view: ALL) { nodes { name } } }
    }`,
    { run: runId, child: childId, key: 'to go' },
  );
  const none = { nodes: [] };
  const child = { nodes: [{ name: 'child' }] };
  expect(seen).toEqual({
    ...{ run: null, node: null, lineage: null, all: child, deleted: none, byParam: none, byMetric: none },
    ...{ byName: none, child: { parent: null, root: { name: 'child' } }, experiment: { runs: child } },
  });
  const key = rowIdOf(runId).replaceAll('-', '');
  for (const [path, fields] of [
    ['runs/get', { run_id: key }],
    ['artifacts/list', { run_id: key }],
    [`logged-models/m-${modelId.replaceAll('-', '')}`, {}],
  ] as const)
    expect([path, (await mlflow.call('GET', path, fields)).status]).toEqual([path, 404]);
  // MLflow's own server has no error for a run without points, be it that there is none.
  const history = await mlflow.call('GET', 'metrics/get-history', { run_id: key, metric_key: 'm' });
  expect(history.body).toEqual({});
  const gone = { __typename: 'NotFoundError' };
  expect(await client.logMetrics({ runId, points: [{ key: 'm', value: 3 }] })).toMatchObject(gone);
  expect(await client.logParams({ runId, params: [{ key: 'q', value: '1' }] })).toMatchObject(gone);
  expect(await client.startRun({ experiment: 'to go', parentRunId: runId })).toMatchObject(gone);
  expect(await mutate('restoreRuns', { runIds: [runId] })).toMatchObject(gone);
  expect(await purgeRuns([runId])).toMatchObject(gone);

  await workOff();
  const left = await tablesWith(rowIdOf(runId), 'id', 'run_id', 'source_run_id', 'parent_run_id');
  expect(left).toEqual(['run_change']);
  expect(await tablesWith(modelId, 'id', 'logged_model_id')).toEqual([]);
  expect(await server.database.query('SELECT 1 FROM artifact WHERE sha256 = $1', [sha256])).toHaveLength(1);
  expect(await server.data('query ($id: ID!) { run(id: $id) { name } }', { id: childId })).toEqual({
    run: { name: 'child' },
  });
});

test('only what is deleted goes for good, all or none', async () => {
  const [active, deleted] = [await client.newRun(), await client.newRun()];
  await deleteRuns(deleted);
  expect(await purgeRuns([deleted, active])).toMatchObject({
    __typename: 'InvalidInputError',
    message: expect.stringMatching(/delete it first/),
  });
  expect(await purgeRuns([deleted, UNKNOWN_RUN])).toMatchObject({ __typename: 'NotFoundError' });
  expect(await purgeRuns(Array.from({ length: 1_001 }, () => deleted))).toMatchObject({
    __typename: 'InvalidInputError',
  });
  const { run } = await server.data<{ run: object | null }>('query ($id: ID!) { run(id: $id) { id } }', {
    id: deleted,
  });
  expect(run).toEqual({ id: deleted });
  const kept = await experimentId('still wanted');
  expect(await mutate('purgeExperiment', { experimentId: kept })).toMatchObject({
    __typename: 'InvalidInputError',
  });
});

test('a run that a version came from stays, unless somebody insists: then the version stays, and its lineage', async () => {
  const registry = new RegistryClient(server);
  const runId = await client.newRun({ experiment: 'origins', name: 'origin' });
  const onnx = await server.upload(affine(30, 3));
  await client.logArtifact({ runId, path: 'model.onnx', artifact: { sha256: onnx } });
  const log = await server.upload('a log that nobody made anything of');
  await client.logArtifact({ runId, path: 'log.txt', artifact: { sha256: log } });
  await registry.registerUploaded('made', onnx, { runId });
  await deleteRuns(runId);
  expect(await purgeRuns([runId])).toMatchObject({
    __typename: 'InUseError',
    code: 'RUN_IN_USE',
    message: expect.stringMatching(/^“made@1\.0\.0” came from it/),
  });
  expect(await purgeRuns([runId], true)).toMatchObject({ __typename: 'PurgeRunsSuccess' });
  await workOff();
  const { modelVersion, lineage } = await server.data<{
    modelVersion: object;
    lineage: { nodes: { kind: string; label: string }[] };
  }>(
    `{ modelVersion(ref: "made@1.0.0") { run { id } artifact { sha256 } }
       lineage(of: "model:made@1.0.0", direction: UPSTREAM) { nodes { kind label } } }`,
  );
  expect(modelVersion).toEqual({ run: null, artifact: { sha256: onnx } });
  expect(lineage.nodes.filter(({ kind }) => kind === 'RUN')).toEqual([
    { kind: 'RUN', label: 'origin (deleted)' },
  ]);
  const { graph } = await server.data<{ graph: { nodes: { label: string }[] } }>(
    `query ($id: ID!) { graph: lineage(id: $id, direction: DOWNSTREAM, depth: 1) { nodes { label } } }`,
    { id: runId },
  );
  expect(graph.nodes.map(({ label }) => label).join()).not.toMatch(/log\.txt/);
});

test('a retry of the call that began a purged run neither begins it again nor fails without a word', async () => {
  const input = { experiment: 'retries', idempotencyKey: 'only once' };
  const runId = await client.newRun(input);
  await deleteRuns(runId);
  await purgeRuns([runId]);
  expect(await client.startRun(input)).toMatchObject({ __typename: 'NotFoundError', code: 'RUN_PURGED' });
});

test('an experiment goes with its runs, its name is free, and who follows it hears of it', async () => {
  const id = await experimentId('short-lived');
  const runIds = [
    await client.newRun({ experiment: 'short-lived' }),
    await client.newRun({ experiment: 'short-lived' }),
  ];
  await mutate('setRetention', { experimentId: id, purgeDeletedAfterDays: 9 });
  const events = server.subscribe<{ experimentRuns: { __typename: string; changes?: object[] } }>(
    `subscription ($id: ID!) { experimentRuns(experimentId: $id) {
       __typename ... on ExperimentRunsChanged { changes { runId kinds run { id } } } } }`,
    { id },
  );
  const next = async () => (await events.next()).value?.data.experimentRuns;
  await next();
  await mutate('deleteExperiment', { experimentId: id });
  await next();
  expect(await mutate('purgeExperiment', { experimentId: id }, 'runs isComplete')).toEqual({
    ...{ __typename: 'PurgeExperimentSuccess', runs: 2, isComplete: true },
  });
  const last = await next();
  if (last?.changes)
    expect(last.changes).toEqual(
      expect.arrayContaining(runIds.map((runId) => ({ runId, kinds: ['PURGED'], run: null }))),
    );
  else expect(last).toEqual({ __typename: 'ExperimentPurged' });
  expect((await events.next()).done ?? false).toBe(last?.changes === undefined);
  await events.return(undefined);
  const again = await client.createExperiment({ name: 'short-lived' });
  expect(again).toMatchObject({ created: true });
  expect(again.experiment.id).not.toBe(id);
  expect(await mutate('restoreExperiment', { experimentId: id })).toMatchObject({
    __typename: 'NotFoundError',
  });
  await workOff();
  expect(await tablesWith(rowIdOf(id), 'id', 'experiment_id')).toEqual([]);
});

test('who was away while runs went for good hears that they have gone', async () => {
  const id = await experimentId('went away');
  const runId = await client.newRun({ experiment: 'went away' });
  type Event = { readonly cursor: string; readonly changes: readonly object[] };
  const follow = (after?: string) =>
    server.subscribe<{ experimentRuns: Event }>(
      `subscription ($id: ID!, $after: String) { experimentRuns(experimentId: $id, after: $after) {
        ... on ExperimentRunsSnapshot { cursor } ... on ExperimentRunsChanged { cursor changes { runId kinds run { id } } } } }`,
      { id, after },
    );
  const live = follow();
  const cursor = (await live.next()).value?.data.experimentRuns.cursor;
  await live.return(undefined);
  await deleteRuns(runId);
  await purgeRuns([runId]);
  await workOff();
  const resumed = follow(cursor);
  expect((await resumed.next()).value?.data.experimentRuns.changes).toEqual([
    { runId, kinds: ['PURGED'], run: null },
  ]);
  await resumed.return(undefined);
});

test('an experiment of many runs goes in parts, each run as a whole, and is nobody’s to restore meanwhile', async () => {
  const id = await experimentId('large');
  await server.database.query(
    `INSERT INTO run (id, project_id, experiment_id, name, status, started_at)
     SELECT gen_random_uuid(), project_id, id, 'made', 'FINISHED', now() FROM experiment, generate_series(1, 1100)
     WHERE name = 'large'`,
  );
  await mutate('deleteExperiment', { experimentId: id });
  expect(await mutate('purgeExperiment', { experimentId: id }, 'runs isComplete')).toMatchObject({
    ...{ runs: 500, isComplete: false },
  });
  expect(await mutate('restoreExperiment', { experimentId: id })).toMatchObject({
    __typename: 'NotFoundError',
  });
  await workOff();
  expect(await tablesWith(rowIdOf(id), 'id', 'experiment_id')).toEqual([]);
});

test('a run of very many points goes in several transactions', async () => {
  const runId = await client.newRun({ experiment: 'long' });
  await server.database.query(
    `INSERT INTO metric_chunk (run_id, key, subject, seq, project_id, point_count, steps, "values", timestamps)
     SELECT id, 'm', '', n, project_id, 1, '\\x00', '\\x00', '\\x00' FROM run, generate_series(1, 1000) n WHERE id = $1`,
    [rowIdOf(runId)],
  );
  await deleteRuns(runId);
  const statement = jest.spyOn(server.database, 'transaction');
  await purgeRuns([runId]);
  await workOff();
  expect(statement.mock.calls.length).toBeGreaterThan(8);
  statement.mockRestore();
  expect(await tablesWith(rowIdOf(runId), 'id', 'run_id')).toEqual(['run_change']);
});

test('points that come while their run goes are refused, and none is left behind', async () => {
  const runId = await client.newRun({ experiment: 'busy' });
  const writers = Array.from({ length: 6 }, async (_, at) => {
    for (let step = 0; ; step += 1) {
      const points = [{ key: `m${at}`, value: step, step }];
      const { __typename } = await client.logMetrics({ runId, points });
      if (__typename !== 'LogSuccess') return [step, __typename] as const;
    }
  });
  while ((await client.summaries(runId)).length < 6);
  await deleteRuns(runId);
  await purgeRuns([runId]);
  await workOff();
  for (const [steps, end] of await Promise.all(writers)) {
    expect(steps).toBeGreaterThan(0);
    expect(end).toBe('NotFoundError');
  }
  expect(await tablesWith(rowIdOf(runId), 'id', 'run_id')).toEqual(['run_change']);
});

import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { ApiClient } from '../support/api-client';
import { attempt, EVERY_OPERATION, makeScene, type Scene } from '../support/every-operation';
import { startTestServer, type TestServer } from '../support/test-server';

/** What a stranger hears who acts on the names and ids of another project: the same as if nothing were there. */
const REFUSALS: Readonly<Record<string, string>> = {
  'Mutation.annotateDatasetVersion': 'NotFoundError',
  'Mutation.createExperiment': 'CreateExperimentSuccess', // names of one's own project only
  'Mutation.createModel': 'CreateModelSuccess',
  'Mutation.createWebhook': 'CreateWebhookSuccess',
  'Mutation.deleteEndpoint': 'NotFoundError',
  'Mutation.deleteExperiment': 'NotFoundError',
  'Mutation.deleteModel': 'NotFoundError',
  'Mutation.deleteModelVersion': 'NotFoundError',
  'Mutation.deleteRuns': 'NotFoundError',
  'Mutation.deleteWebhook': 'NotFoundError',
  'Mutation.testWebhook': 'NotFoundError',
  'Mutation.updateWebhook': 'NotFoundError',
  'Mutation.deployEndpoint': 'NotFoundError',
  'Mutation.describeRun': 'NotFoundError',
  'Mutation.finishRun': 'NotFoundError',
  'Mutation.logArtifact': 'NotFoundError',
  'Mutation.logMetrics': 'NotFoundError',
  'Mutation.logParams': 'NotFoundError',
  'Mutation.predict': 'NotFoundError',
  'Mutation.predictMany': 'NotFoundError',
  'Mutation.promoteModelVersion': 'NotFoundError',
  'Mutation.purgeDeleted': 'PurgeDeletedSuccess', // of one's own project only
  'Mutation.purgeExperiment': 'NotFoundError',
  'Mutation.purgeRuns': 'NotFoundError',
  'Mutation.recordFeedback': 'NotFoundError',
  'Mutation.recordFeedbackMany': 'NotFoundError',
  'Mutation.registerDatasetVersion': 'InvalidArtifactError',
  'Mutation.registerModelVersion': 'InvalidArtifactError',
  'Mutation.removeAlias': 'NotFoundError',
  'Mutation.restoreExperiment': 'NotFoundError',
  'Mutation.restoreRuns': 'NotFoundError',
  'Mutation.rollbackAlias': 'NotFoundError',
  'Mutation.setProjectRetention': 'SetProjectRetentionSuccess', // of one's own project only
  'Mutation.setRetention': 'NotFoundError',
  'Mutation.setTrafficSplit': 'NotFoundError',
  'Mutation.splitDatasetVersion': 'NotFoundError',
  'Mutation.startRun': 'NotFoundError',
  'Mutation.updateExperiment': 'NotFoundError',
  'Mutation.updateModel': 'NotFoundError',
  'Mutation.updateModelVersion': 'NotFoundError',
  'Mutation.updateRun': 'NotFoundError',
  'Mutation.warmCache': 'NotFoundError',
};
/** They tell of the process, which is no project's. */
const OF_THE_SERVER = ['Query.workerLoad'];
const OPERATIONS = Object.keys(EVERY_OPERATION).filter((operation) => !OF_THE_SERVER.includes(operation));
/** What nobody but an admin may do in any project. */
const OF_ADMINS = /(ebhooks?|\.purge(Deleted|Experiment|Runs)|\.set(Project)?Retention)$/;
const named = (kind: string, role = 'admin') =>
  OPERATIONS.filter((operation) => operation.startsWith(`${kind}.`)).filter(
    (operation) => role === 'admin' || !OF_ADMINS.test(operation),
  );

let server: TestServer;
let theirs: Scene;
beforeAll(async () => {
  server = await startTestServer();
  theirs = await makeScene(server, 'theirs');
});
afterAll(() => server.stop());
/** A project that nobody has used yet. */
const newProject = () => `project-${randomUUID()}`;

/** Ids of everything that has one, as its owner reads them. */
interface Ids {
  readonly nodes: Readonly<Record<string, string>>;
  readonly lineage: readonly string[];
}
async function idsOf(api: ApiClient, { name, runId }: Scene): Promise<Ids> {
  const found = await api.data(
    `query ($name: String!, $run: ID!, $version: String!) {
      experiment(name: $name) { id } run(id: $run) { id datasets { id } } dataset(name: $name) { id }
      model(name: $name) { id } modelVersion(ref: $name) { id } endpoint(name: $name) { id }
      lineage(of: $version) { nodes { id } }
    }`,
    { name, run: runId, version: `${name}@1.0.0` },
  );
  const { experiment, run, dataset, model, modelVersion, endpoint, lineage } = found as {
    [key in 'experiment' | 'dataset' | 'model' | 'modelVersion' | 'endpoint']: { id: string };
  } & { run: { id: string; datasets: { id: string }[] }; lineage: { nodes: { id: string }[] } };
  const nodes = { experiment, run, dataset, datasetVersion: run.datasets[0], model, modelVersion, endpoint };
  return {
    nodes: Object.fromEntries(Object.entries(nodes).map(([kind, node]) => [kind, node?.id ?? ''])),
    lineage: lineage.nodes.map(({ id }) => id),
  };
}
const node = (api: ApiClient, id: string) => api.data('query ($id: ID!) { node(id: $id) { id } }', { id });
const lineage = (api: ApiClient, id: string) =>
  api.data<{ lineage: { nodes: object[] } | null }>('query ($id: ID) { lineage(id: $id) { nodes { id } } }', {
    id,
  });

describe.each(['deployer', 'admin'])('another project’s %s', (role) => {
  let stranger: ApiClient;
  beforeAll(async () => (stranger = await server.as(role, newProject())));

  test.each(named('Query', role))('finds nothing by %s', async (operation) => {
    const { data, errors } = await attempt(stranger, operation, theirs);
    expect(errors).toBeUndefined();
    const [answer] = Object.values(data);
    expect([null, { nodes: [] }]).toContainEqual(answer);
  });

  test('finds nothing by an id, not even in the lineage', async () => {
    const ids = await idsOf(server, theirs);
    for (const id of [...Object.values(ids.nodes), ...ids.lineage]) {
      expect(await node(stranger, id)).toEqual({ node: null });
      expect(await lineage(stranger, id)).toEqual({ lineage: null });
    }
    // The ids are right: their owner finds what they name.
    for (const id of Object.values(ids.nodes)) expect(await node(server, id)).toEqual({ node: { id } });
    for (const id of ids.lineage) {
      expect((await lineage(server, id)).lineage?.nodes[0]).toEqual({ id });
    }
    expect(ids.lineage).toHaveLength(4); // the version, its file, its run and its data
  });

  test.each(named('Subscription'))('hears nothing by %s', async (operation) => {
    const { errors } = await attempt(stranger, operation, theirs);
    expect(errors).toMatchObject([
      { message: expect.stringMatching(/there is no/i), extensions: { code: 'BAD_USER_INPUT' } },
    ]);
  });

  test.each(['GET', 'HEAD'])('gets 404 for %s of their artifacts', async (method) => {
    for (const sha256 of [theirs.csv, theirs.onnx]) {
      const path = `/artifacts/sha256/${sha256}`;
      expect((await fetch(`${stranger.url}${path}`, { method, headers: stranger.headers })).status).toBe(404);
      expect((await fetch(`${server.url}${path}`, { method, headers: server.headers })).status).toBe(200);
    }
  });

  test.each(named('Mutation', role))('cannot touch anything by %s', async (operation) => {
    const { data, errors } = await attempt(stranger, operation, theirs);
    expect(errors).toBeUndefined();
    const [answer] = Object.values(data);
    const refusal = { __typename: REFUSALS[operation] };
    expect([
      refusal,
      { __typename: expect.stringMatching(/ManySuccess$/), results: [refusal] },
    ]).toContainEqual(answer);
  });
});

test('a run cannot be hung below one of another project', async () => {
  const stranger = await server.as('contributor', newProject());
  const input = { experiment: 'mine', parentRunId: theirs.runId };
  expect(await stranger.data(START_RUN, { input })).toMatchObject({
    startRun: { __typename: 'NotFoundError' },
  });
});

test('the same names, keys and bytes are everybody’s own', async () => {
  const owner = await server.as('deployer', newProject());
  const mine = await makeScene(owner, 'theirs');
  const [ours, others] = [await idsOf(owner, mine), await idsOf(server, theirs)];
  for (const [kind, id] of Object.entries(ours.nodes)) expect(id).not.toBe(others.nodes[kind]);
  const bytes = Buffer.from(`artifact:${mine.onnx}`).toString('base64url');
  expect(ours.lineage.filter((id) => others.lineage.includes(id))).toEqual([bytes]);
  // A node that both have tells nothing of the other's edges.
  const shared = `query ($id: ID) { lineage(id: $id, direction: DOWNSTREAM, depth: 1) { nodes { degree } } }`;
  expect(await owner.data(shared, { id: bytes })).toMatchObject({
    lineage: { nodes: [{ degree: 1 }, {}] },
  });
  const lists = `{ datasets { nodes { name } } experiments { nodes { name } } models { nodes { name } }
    endpoints { nodes { name } } runs { nodes { id } } }`;
  expect(await owner.data(lists)).toEqual({
    datasets: { nodes: [{ name: 'theirs' }] },
    experiments: { nodes: [{ name: 'theirs-spare' }, { name: 'theirs' }] },
    models: { nodes: [{ name: 'theirs-out' }, { name: 'theirs-gone' }, { name: 'theirs' }] },
    endpoints: { nodes: [{ name: 'theirs' }, { name: 'theirs-spare' }] },
    runs: { nodes: expect.arrayContaining([{ id: mine.runId }, { id: mine.lastRunId }]) },
  });
  const input = { experiment: 'theirs', idempotencyKey: 'once' };
  const here = await owner.data(START_RUN, { input });
  expect(await owner.data(START_RUN, { input })).toEqual(here);
  const there = await server.data(START_RUN, { input });
  expect(there).not.toEqual(here);
  expect(await owner.data(START_RUN, { input })).toEqual(here);
  expect(await server.data(START_RUN, { input })).toEqual(there);
});

test('what one project deploys, no endpoint of the same name elsewhere answers with', async () => {
  const owner = await server.as('deployer', newProject());
  await makeScene(owner, 'theirs');
  const split = `mutation ($input: SetTrafficSplitInput!) { setTrafficSplit(input: $input) { __typename } }`;
  await owner.data(split, { input: { endpoint: 'theirs', variants: [{ ref: 'theirs@1.0.0', weight: 1 }] } });
  const ask = (api: ApiClient) =>
    api.data(
      `mutation { predict(input: { endpoint: "theirs", inputs: [{ name: "x", datatype: FP32, shape: [1, 2], data: [1, 1] }] }) {
        ... on PredictSuccess { version { ref } } } }`,
    );
  expect(await ask(owner)).toEqual({ predict: { version: { ref: 'theirs@1.0.0' } } });
  expect(await ask(server)).toEqual({ predict: { version: { ref: 'theirs@1.0.1' } } });
});

describe('the header x-modelgraph-project', () => {
  test('lets an admin act in another project by every door', async () => {
    const project = newProject();
    const owner = await server.as('deployer', project);
    const guest = new ApiClient(server.url, server.key, project);
    const scene = await makeScene(guest, 'made-by-guest');
    expect(await attempt(owner, 'Query.experiment', scene)).toEqual({
      data: { experiment: { __typename: 'Experiment' } },
    });
    expect(await attempt(server, 'Query.experiment', scene)).toEqual({ data: { experiment: null } });
    const sha256 = await guest.upload('by guest');
    const path = `/artifacts/sha256/${sha256}`;
    expect((await fetch(`${owner.url}${path}`, { headers: owner.headers })).status).toBe(200);
    expect((await fetch(`${server.url}${path}`, { headers: server.headers })).status).toBe(404);
    expect(await attempt(guest, 'Subscription.runMetrics', scene)).toEqual({
      data: { runMetrics: { __typename: 'RunMetricsSnapshot' } },
    });
    expect(await attempt(guest, 'Query.run', theirs)).toEqual({ data: { run: null } });
  });

  test.each(['viewer', 'contributor', 'deployer'])('is refused to a %s, whatever it names', async (role) => {
    const project = newProject();
    const key = await server.keyFor(role, project);
    for (const wanted of ['default', project, 'nowhere']) {
      const api = new ApiClient(server.url, key, wanted);
      const { errors, data } = await api.graphql('{ __typename }');
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
      expect(data).toBeUndefined();
      const response = await fetch(`${server.url}/artifacts/sha256/${theirs.csv}`, { headers: api.headers });
      expect(response.status).toBe(403);
      expect(await closeCode(api)).toBe(4403);
    }
  });
});

const START_RUN = `mutation ($input: StartRunInput!) {
  startRun(input: $input) { __typename ... on StartRunSuccess { run { id } } }
}`;

/** The code that a WebSocket is closed with when it opens with these headers. */
function closeCode({ url, headers }: ApiClient): Promise<number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: headers })));
  return new Promise((resolve) => socket.on('close', resolve));
}

import { EchoRemote } from '../support/echo-remote';
import { OpenInferenceClient } from '../support/open-inference-client';
import { RegistryClient, scaled } from '../support/registry-client';
import { remoteModel } from '../support/remote-model';
import { RoutingClient } from '../support/routing-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
let registry: RegistryClient;
let remote: EchoRemote;
beforeAll(async () => {
  remote = await new EchoRemote('FP32').start();
  server = await startTestServer({ REMOTE_BACKENDS: remote.url });
  registry = new RegistryClient(server);
});
afterAll(async () => {
  await server.stop();
  await remote.stop();
});

interface Deleted {
  readonly __typename: string;
  readonly name?: string;
  readonly actualRevision?: number;
}
async function deleteEndpoint(name: string, expectedRevision?: number): Promise<Deleted> {
  const query = `mutation ($input: DeleteEndpointInput!) { deleteEndpoint(input: $input) { __typename
    ... on DeleteEndpointSuccess { name } ... on RevisionConflictError { actualRevision } } }`;
  const input = { name, expectedRevision };
  return (await server.data<{ deleteEndpoint: Deleted }>(query, { input })).deleteEndpoint;
}
const deleted = (name: string) => ({ __typename: 'DeleteEndpointSuccess', name });

let made = 0;
/** An endpoint in front of a model of its own. */
async function newEndpoint(settings?: object) {
  const name = `goes-${(made += 1)}`;
  const ref = await registry.version(name, scaled(made + 1));
  const variants = [{ ref, weight: 1 }];
  const deploy = () => deployEndpoint(server, name, variants, 0, settings);
  const { endpoint } = await deploy();
  return { name, ref, id: endpoint.id, deploy };
}
const question = (endpoint: string) => ({
  endpoint,
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }],
});

test('a deleted endpoint is nobody’s any more, by any door, and its model may go', async () => {
  const { name, ref, id } = await newEndpoint({ cacheTtlMs: 60_000 });
  const v2 = new OpenInferenceClient(server);
  expect(await predict(server, question(name))).toMatchObject({ __typename: 'PredictSuccess' });
  expect((await v2.get(`/models/${name}`)).json).toMatchObject({ name });
  const erase = `mutation ($ref: String!) { deleteModelVersion(input: { ref: $ref }) { __typename } }`;
  expect(await server.data(erase, { ref })).toEqual({ deleteModelVersion: { __typename: 'InUseError' } });

  expect(await deleteEndpoint(name)).toEqual(deleted(name));

  expect(await predict(server, question(name))).toMatchObject({ __typename: 'NotFoundError' });
  expect(
    await server.data(
      'query ($name: String!, $id: ID!) { endpoint(name: $name) { id } node(id: $id) { id } lineage(id: $id) { isPartial } }',
      { name, id },
    ),
  ).toEqual({ endpoint: null, node: null, lineage: null });
  expect(await server.data(erase, { ref })).toEqual({
    deleteModelVersion: { __typename: 'ModelVersionSuccess' },
  });
  expect((await v2.get(`/models/${name}`)).status).toBe(404);
});

test('one that has changed since, and one that is not there, are not deleted', async () => {
  const { name } = await newEndpoint();
  const conflict = { __typename: 'RevisionConflictError', actualRevision: 1 };
  for (const revision of [0, 2]) expect(await deleteEndpoint(name, revision)).toEqual(conflict);
  expect(await predict(server, question(name))).toMatchObject({ __typename: 'PredictSuccess' });
  expect(await deleteEndpoint(name, 1)).toEqual(deleted(name));
  for (const gone of [name, 'nowhere', 'no\0where', ''])
    expect(await deleteEndpoint(gone, 1)).toEqual({ __typename: 'NotFoundError' });
});

test('one of the same name begins anew', async () => {
  const { name, deploy, id } = await newEndpoint();
  await predict(server, question(name));
  await deleteEndpoint(name);
  const again = await deploy();
  expect(again).toMatchObject({ created: true, endpoint: { revision: 1 } });
  expect(again.endpoint.id).not.toBe(id);
  expect(await predict(server, question(name))).toMatchObject({ __typename: 'PredictSuccess' });
});

test('feedback to its predictions is recorded still, beside that to others', async () => {
  const [gone, stays] = [await newEndpoint(), await newEndpoint()];
  const feedback = [];
  for (const { name } of [gone, stays]) {
    const { predictionId } = await predict(server, question(name));
    feedback.push({ predictionId, reward: 1 });
  }
  await deleteEndpoint(gone.name);
  expect(await new RoutingClient(server).recordFeedbackMany(feedback)).toMatchObject({
    results: [
      { created: true, feedback: { endpoint: null, version: { ref: gone.ref } } },
      { created: true, feedback: { endpoint: { name: stays.name }, version: { ref: stays.ref } } },
    ],
  });
});

test('who was asked before it went is answered', async () => {
  const name = 'slow';
  const document = remoteModel({ backend: 'open-inference', url: remote.url, model: 'x' });
  const ref = await registry.version(name, Buffer.from(document));
  await deployEndpoint(server, name, [{ ref, weight: 1 }]);
  let answerNow = () => {};
  const isAsked = new Promise<void>((asked) => {
    remote.beforeAnswer = () => new Promise((resolve) => [(answerNow = resolve), asked()]);
  });
  const answer = predict(server, question(name));
  await isAsked;
  expect(await deleteEndpoint(name)).toEqual(deleted(name));
  answerNow();
  expect(await answer).toMatchObject({ __typename: 'PredictSuccess', outputs: [{ data: [1, 2] }] });
});

test.each(['endpointLatency', 'predictionStream'])('%s ends with its endpoint', async (field) => {
  const { name, deploy } = await newEndpoint();
  const subscription = `subscription ($endpoint: String!) { ${field}(endpoint: $endpoint) { __typename } }`;
  const follow = () => server.subscribe(subscription, { endpoint: name });
  const events = follow();
  expect(await events.next()).toMatchObject({ done: false });
  await deleteEndpoint(name);
  await deploy();
  let last = await events.next();
  while (!last.done) {
    expect(last.value.errors).toBeUndefined();
    last = await events.next();
  }
  const anew = follow();
  expect(await anew.next()).toMatchObject({ done: false, value: { data: expect.anything() } });
  await anew.return(undefined);
});

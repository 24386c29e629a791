import type { Answer, ApiClient } from './api-client';
import { RegistryClient, scaled } from './registry-client';
import { deployEndpoint, predict } from './serving-client';
import { TrackingClient } from './tracking-client';

/** One of everything in one project: things that operations can be tried on. */
export interface Scene {
  /** Name of the dataset, experiment, model and endpoint: whoever knows it still has to be allowed. */
  readonly name: string;
  readonly runId: string;
  /** Another run, which may end. */
  readonly lastRunId: string;
  /** Bytes of the dataset version and of the model version. */
  readonly csv: string;
  readonly onnx: string;
  /** Of predictions through the endpoint, without feedback yet. */
  readonly predictionIds: readonly [string, string];
}

const TABLE = 'a,b\n1,2\n3,4\n';

/** Makes a scene: a run on a dataset, two versions of a model that were live as `production`, and an endpoint. */
export async function makeScene(api: ApiClient, name: string): Promise<Scene> {
  const registry = new RegistryClient(api);
  const csv = await api.upload(TABLE);
  await registry.dataset(name, TABLE);
  const tracking = new TrackingClient(api);
  const runId = await tracking.newRun({ experiment: name, datasets: [`${name}@1`] });
  const lastRunId = await tracking.newRun({ experiment: name });
  const onnx = await api.upload(scaled(2));
  await registry.registerUploaded(name, onnx, { runId, datasets: [`${name}@1`] });
  await registry.version(name, scaled(3));
  await registry.promote(`${name}@1.0.0`, 'production');
  await registry.promote(`${name}@1.0.1`, 'production');
  await deployEndpoint(api, name, [{ ref: name, weight: 1 }], undefined, { cacheTtlMs: 60_000 });
  const row = { endpoint: name, inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };
  const [first, second] = [await predict(api, row), await predict(api, row)];
  return { name, runId, lastRunId, csv, onnx, predictionIds: [first.predictionId, second.predictionId] };
}

export interface Attempt {
  readonly document: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

const reading = (document: string, variables: Attempt['variables'] = {}): Attempt => ({
  document,
  variables,
});
const byName = (field: string, { name }: Scene): Attempt =>
  reading(`query ($name: String!) { ${field}(name: $name) { __typename } }`, { name });
const listing = (field: string): Attempt => reading(`{ ${field} { nodes { __typename } } }`);

/** A mutation as we name them all: its input is `input`, and its input's type follows its name. */
function acting(field: string, input: Attempt['variables'], more = ''): Attempt {
  return {
    document: `mutation ($input: ${capital(field)}Input!) { ${field}(input: $input) { __typename ${more} } }`,
    variables: { input },
  };
}
const question = ({ name }: Scene) => ({
  endpoint: name,
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }],
});
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** Each root field of the schema, asked in a way that works in the scene's project. */
export const EVERY_OPERATION: Readonly<Record<string, (scene: Scene) => Attempt>> = {
  'Query.dataset': (scene) => byName('dataset', scene),
  'Query.datasets': () => listing('datasets'),
  'Query.endpoint': (scene) => byName('endpoint', scene),
  'Query.endpoints': () => listing('endpoints'),
  'Query.experiment': (scene) => byName('experiment', scene),
  'Query.experiments': () => listing('experiments'),
  'Query.lineage': ({ name }) =>
    reading('query ($of: String) { lineage(of: $of) { nodes { label } } }', { of: `endpoint:${name}` }),
  'Query.model': (scene) => byName('model', scene),
  'Query.modelVersion': ({ name }) =>
    reading('query ($ref: String!) { modelVersion(ref: $ref) { __typename } }', { ref: name }),
  'Query.models': () => listing('models'),
  'Query.node': ({ runId }) => reading('query ($id: ID!) { node(id: $id) { __typename } }', { id: runId }),
  'Query.run': ({ runId }) => reading('query ($id: ID!) { run(id: $id) { __typename } }', { id: runId }),
  'Query.runs': () => listing('runs'),
  'Query.workerLoad': () => reading('{ workerLoad { workers { id state } gpus { index } batches } }'),

  'Mutation.createExperiment': ({ name }) => acting('createExperiment', { name: `${name}-new` }),
  'Mutation.createModel': ({ name }) =>
    acting('createModel', { name: `${name}-new`, optimizing: { key: 'loss', direction: 'MINIMIZE' } }),
  'Mutation.deployEndpoint': ({ name }) =>
    acting('deployEndpoint', { name: `${name}-new`, variants: [{ ref: name, weight: 1 }] }),
  'Mutation.finishRun': ({ lastRunId }) => acting('finishRun', { runId: lastRunId }),
  'Mutation.logArtifact': ({ runId, csv }) =>
    acting('logArtifact', { runId, path: 'table.csv', artifact: { sha256: csv } }),
  'Mutation.logMetrics': ({ runId }) =>
    acting('logMetrics', { runId, points: [{ key: 'loss', value: 0.5 }] }),
  'Mutation.logParams': ({ runId }) => acting('logParams', { runId, params: [{ key: 'lr', value: '0.1' }] }),
  'Mutation.predict': (scene) => acting('predict', question(scene)),
  'Mutation.predictMany': (scene) =>
    acting(
      'predictMany',
      { predictions: [question(scene)] },
      '... on PredictManySuccess { results { __typename } }',
    ),
  'Mutation.promoteModelVersion': ({ name }) =>
    acting('promoteModelVersion', { ref: `${name}@1.0.0`, alias: 'candidate' }),
  'Mutation.recordFeedback': ({ predictionIds: [predictionId] }) =>
    acting('recordFeedback', { predictionId, reward: 1 }),
  'Mutation.recordFeedbackMany': ({ predictionIds: [, predictionId] }) =>
    acting(
      'recordFeedbackMany',
      { feedback: [{ predictionId, reward: 1 }] },
      '... on RecordFeedbackManySuccess { results { __typename } }',
    ),
  'Mutation.registerDatasetVersion': ({ name, csv }) =>
    acting('registerDatasetVersion', { dataset: `${name}-new`, artifact: { sha256: csv } }),
  'Mutation.registerModelVersion': ({ name, onnx }) =>
    acting('registerModelVersion', { model: `${name}-new`, artifact: { sha256: onnx } }),
  'Mutation.rollbackAlias': ({ name }) =>
    acting('rollbackAlias', { model: name, alias: 'production', reason: 'A test.' }),
  'Mutation.setTrafficSplit': ({ name }) =>
    acting('setTrafficSplit', { endpoint: name, variants: [{ ref: `${name}@1.0.0`, weight: 1 }] }),
  'Mutation.startRun': ({ name }) =>
    acting('startRun', { experiment: `${name}-new`, datasets: [`${name}@1`] }),
  'Mutation.warmCache': ({ name }) => acting('warmCache', { endpoint: name, popular: 1 }),

  'Subscription.endpointLatency': ({ name }) =>
    reading('subscription ($endpoint: String!) { endpointLatency(endpoint: $endpoint) { __typename } }', {
      endpoint: name,
    }),
  'Subscription.predictionStream': ({ name }) =>
    reading('subscription ($endpoint: String!) { predictionStream(endpoint: $endpoint) { __typename } }', {
      endpoint: name,
    }),
  'Subscription.runMetrics': ({ runId }) =>
    reading('subscription ($runId: ID!) { runMetrics(runId: $runId) { __typename } }', { runId }),
};

/** The answer; of a subscription its first event. */
export async function attempt(api: ApiClient, operation: string, scene: Scene): Promise<Answer> {
  const make = EVERY_OPERATION[operation];
  if (!make) throw new Error(`${operation} has no row in EVERY_OPERATION.`);
  const { document, variables } = make(scene);
  if (!operation.startsWith('Subscription.')) return api.graphql(document, variables);
  for await (const event of api.subscribe(document, variables)) return event;
  throw new Error(`${operation} ended without an event.`);
}

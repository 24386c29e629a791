import type { Answer, ApiClient } from './api-client';
import { RegistryClient, scaled } from './registry-client';
import { deployEndpoint, predict } from './serving-client';
import { TrackingClient } from './tracking-client';

/** One of everything in one project: things that operations can be tried on. */
export interface Scene {
  /**
   * Name of the dataset, experiment, model and endpoint, and the beginning of others': whoever knows it still has to be
   * allowed.
   */
  readonly name: string;
  readonly runId: string;
  /** Another run, which may end; it has a notebook. */
  readonly lastRunId: string;
  /** A run and an experiment that may go, and come back. */
  readonly spareRunId: string;
  readonly spareExperimentId: string;
  /** A run and an experiment that are deleted. */
  readonly goneRunId: string;
  readonly goneExperimentId: string;
  /** Bytes of the dataset version and of the model version. */
  readonly csv: string;
  readonly onnx: string;
  /** An endpoint that may go. */
  readonly spareEndpoint: string;
  /** Of predictions through the endpoint, without feedback yet. */
  readonly predictionIds: readonly [string, string];
  /** Webhooks, the second of which may go; empty where whoever made the scene may make none. */
  readonly webhookIds: readonly [string, string];
}

/** It is told nothing, and could not be: nothing is sent to an address such as this. */
const WEBHOOK = { name: 'hook', url: 'http://127.0.0.1:9/', events: ['RUN_KILLED'], status: 'DISABLED' };
async function makeWebhook(api: ApiClient): Promise<string> {
  const { data } = await api.graphql<{ result: { webhook: { id: string } } } | null>(
    `mutation ($input: CreateWebhookInput!) {
       result: createWebhook(input: $input) { ... on CreateWebhookSuccess { webhook { id } } } }`,
    { input: WEBHOOK },
  );
  return data?.result.webhook.id ?? '';
}

const TABLE = 'a,b\n1,2\n3,4\n';
const NOTEBOOK = '{ "nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [] }';
const NOTEBOOK_PATH = 'notebook.ipynb';

/**
 * Makes a scene: a run on a dataset, two versions of a model that were live as `production`, and an endpoint; and
 * models that may go.
 */
export async function makeScene(api: ApiClient, name: string): Promise<Scene> {
  const registry = new RegistryClient(api);
  const csv = await api.upload(TABLE);
  await registry.dataset(name, TABLE);
  const tracking = new TrackingClient(api);
  const runId = await tracking.newRun({ experiment: name, datasets: [`${name}@1`] });
  const lastRunId = await tracking.newRun({ experiment: name });
  const spareRunId = await tracking.newRun({ experiment: name });
  const notebook = { sha256: await api.upload(NOTEBOOK) };
  await tracking.logArtifact({ runId: lastRunId, path: NOTEBOOK_PATH, artifact: notebook });
  const { experiment: spare } = await tracking.createExperiment({ name: `${name}-spare` });
  const goneRunId = await tracking.newRun({ experiment: name });
  const { experiment: gone } = await tracking.createExperiment({ name: `${name}-gone` });
  await api.data(
    `mutation ($run: DeleteRunsInput!, $experiment: DeleteExperimentInput!) {
      deleteRuns(input: $run) { __typename } deleteExperiment(input: $experiment) { __typename } }`,
    { run: { runIds: [goneRunId] }, experiment: { experimentId: gone.id } },
  );
  const onnx = await api.upload(scaled(2));
  await registry.registerUploaded(name, onnx, { runId, datasets: [`${name}@1`] });
  await registry.version(name, scaled(3));
  await registry.promote(`${name}@1.0.0`, 'production');
  await registry.promote(`${name}@1.0.1`, 'production');
  for (const [factor, kind] of ['gone', 'out', 'out'].entries())
    await registry.version(`${name}-${kind}`, scaled(4 + factor));
  await registry.promote(`${name}-out@1`, 'old');
  await deployEndpoint(api, name, [{ ref: name, weight: 1 }], undefined, { cacheTtlMs: 60_000 });
  const spareEndpoint = `${name}-spare`;
  await deployEndpoint(api, spareEndpoint, [{ ref: name, weight: 1 }]);
  const row = { endpoint: name, inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };
  const [first, second] = [await predict(api, row), await predict(api, row)];
  const predictionIds = [first.predictionId, second.predictionId] as const;
  const webhookIds = [await makeWebhook(api), await makeWebhook(api)] as const;
  return {
    ...{ name, runId, lastRunId, spareRunId, spareExperimentId: spare.id },
    ...{ goneRunId, goneExperimentId: gone.id, csv, onnx, predictionIds, webhookIds, spareEndpoint },
  };
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
  'Query.datasetVersion': ({ name }) =>
    reading('query ($ref: String!) { datasetVersion(ref: $ref) { __typename } }', { ref: name }),
  'Query.datasets': () => listing('datasets'),
  'Query.diffDatasetVersions': ({ name }) =>
    reading('query ($ref: String!) { diffDatasetVersions(from: $ref, to: $ref) { rows { common } } }', {
      ref: `${name}@1`,
    }),
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
  'Query.compareNotebooks': ({ lastRunId }) =>
    reading('query ($at: NotebookInput!) { compareNotebooks(a: $at, b: $at) { __typename } }', {
      at: { runId: lastRunId, path: NOTEBOOK_PATH },
    }),
  'Query.compareRuns': ({ runId, lastRunId }) =>
    reading('query ($ids: [ID!]!) { compareRuns(runIds: $ids, metric: "m") { __typename } }', {
      ids: [runId, lastRunId],
    }),
  'Query.projectRetention': () => reading('{ projectRetention { purgeDeletedAfterDays } }'),
  'Query.run': ({ runId }) => reading('query ($id: ID!) { run(id: $id) { __typename } }', { id: runId }),
  'Query.runs': () => listing('runs'),
  'Query.webhooks': () => reading('{ webhooks { nodes { id } } }'),
  'Query.workerLoad': () => reading('{ workerLoad { workers { id state } gpus { index } batches } }'),

  'Mutation.annotateDatasetVersion': ({ name }) =>
    acting('annotateDatasetVersion', { ref: `${name}@1`, description: 'A test.' }),
  'Mutation.createExperiment': ({ name }) => acting('createExperiment', { name: `${name}-new` }),
  'Mutation.createModel': ({ name }) =>
    acting('createModel', { name: `${name}-new`, optimizing: { key: 'loss', direction: 'MINIMIZE' } }),
  'Mutation.deleteExperiment': ({ spareExperimentId }) =>
    acting('deleteExperiment', { experimentId: spareExperimentId }),
  'Mutation.createWebhook': () => acting('createWebhook', WEBHOOK),
  'Mutation.deleteWebhook': ({ webhookIds: [, webhookId] }) => acting('deleteWebhook', { webhookId }),
  'Mutation.testWebhook': ({ webhookIds: [webhookId] }) => acting('testWebhook', { webhookId }),
  'Mutation.updateWebhook': ({ webhookIds: [webhookId] }) =>
    acting('updateWebhook', { webhookId, description: 'x' }),
  'Mutation.deleteEndpoint': ({ spareEndpoint }) => acting('deleteEndpoint', { name: spareEndpoint }),
  'Mutation.deleteModel': ({ name }) => acting('deleteModel', { model: `${name}-gone` }),
  'Mutation.deleteModelVersion': ({ name }) => acting('deleteModelVersion', { ref: `${name}-out@2` }),
  'Mutation.deleteRuns': ({ spareRunId }) => acting('deleteRuns', { runIds: [spareRunId] }),
  'Mutation.deployEndpoint': ({ name }) =>
    acting('deployEndpoint', { name: `${name}-new`, variants: [{ ref: name, weight: 1 }] }),
  'Mutation.describeRun': ({ runId }) => acting('describeRun', { runId, seeds: [{ value: 7 }] }),
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
  'Mutation.purgeDeleted': () => acting('purgeDeleted', { deletedBefore: '2000-01-01T00:00:00Z' }),
  'Mutation.purgeExperiment': ({ goneExperimentId }) =>
    acting('purgeExperiment', { experimentId: goneExperimentId }),
  'Mutation.purgeRuns': ({ goneRunId }) => acting('purgeRuns', { runIds: [goneRunId] }),
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
  'Mutation.removeAlias': ({ name }) => acting('removeAlias', { model: `${name}-out`, alias: 'old' }),
  'Mutation.restoreExperiment': ({ spareExperimentId }) =>
    acting('restoreExperiment', { experimentId: spareExperimentId }),
  'Mutation.restoreRuns': ({ spareRunId }) => acting('restoreRuns', { runIds: [spareRunId] }),
  'Mutation.rollbackAlias': ({ name }) =>
    acting('rollbackAlias', { model: name, alias: 'production', reason: 'A test.' }),
  'Mutation.setProjectRetention': () => acting('setProjectRetention', { purgeDeletedAfterDays: 36_500 }),
  'Mutation.setRetention': ({ spareExperimentId }) =>
    acting('setRetention', { experimentId: spareExperimentId, purgeDeletedAfterDays: 30 }),
  'Mutation.setTrafficSplit': ({ name }) =>
    acting('setTrafficSplit', { endpoint: name, variants: [{ ref: `${name}@1.0.0`, weight: 1 }] }),
  'Mutation.splitDatasetVersion': ({ name }) =>
    acting('splitDatasetVersion', {
      ref: `${name}@1`,
      seed: 1,
      splits: [
        { name: 'a', fraction: 0.5 },
        { name: 'b', fraction: 0.5 },
      ],
    }),
  'Mutation.startRun': ({ name }) =>
    acting('startRun', { experiment: `${name}-new`, datasets: [`${name}@1`] }),
  'Mutation.updateExperiment': ({ spareExperimentId }) =>
    acting('updateExperiment', { experimentId: spareExperimentId, description: 'A test.' }),
  'Mutation.updateModel': ({ name }) => acting('updateModel', { model: name, description: 'Other words.' }),
  'Mutation.updateModelVersion': ({ name }) =>
    acting('updateModelVersion', { ref: `${name}@1.0.0`, tags: [{ key: 'k', value: 'v' }] }),
  'Mutation.updateRun': ({ runId }) => acting('updateRun', { runId, name: 'renamed' }),
  'Mutation.warmCache': ({ name }) => acting('warmCache', { endpoint: name, popular: 1 }),

  'Subscription.endpointLatency': ({ name }) =>
    reading('subscription ($endpoint: String!) { endpointLatency(endpoint: $endpoint) { __typename } }', {
      endpoint: name,
    }),
  'Subscription.experimentRuns': ({ spareExperimentId }) =>
    reading('subscription ($id: ID!) { experimentRuns(experimentId: $id) { __typename } }', {
      id: spareExperimentId,
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

import type { DomainEvent } from '../../../src/kernel/outbox';
import { newId, type ProjectId } from '../../../src/kernel/ids';
import { lineageChange } from '../../../src/lineage/lineage-change';

const projectId = newId<'project'>() as ProjectId;
const event = (type: string, payload: object): DomainEvent => ({ type, topic: 'any', projectId, payload });

test('events that say nothing of origins change nothing', () => {
  expect(lineageChange(event('tracking.run-finished', { runId: 'r' }))).toBeNull();
});

test('an endpoint with two variants behind one alias has one edge, and loses its old ones', () => {
  const target = { kind: 'alias', modelId: 'm', alias: 'live' };
  const change = lineageChange(
    event('serving.endpoint-deployed', { endpointId: 'e', name: 'front', targets: [target, target] }),
  );
  expect(change).toEqual({
    named: [{ key: 'endpoint:e', kind: 'ENDPOINT', label: 'front' }],
    mentioned: [{ key: 'alias:m/live', kind: 'ALIAS', label: 'live' }],
    edges: [{ from: 'alias:m/live', to: 'endpoint:e', label: 'served by' }],
    replacesSourcesOf: 'endpoint:e',
    forgotten: [],
  });
});

test('a version without a run comes from its file and its data', () => {
  const change = lineageChange(
    event('registry.version-registered', {
      versionId: 'v',
      ref: 'fraud@1.0.0',
      runId: null,
      sha256: 'ab'.repeat(32),
      datasetVersionIds: [
        { id: 'd1', role: 'trained' },
        { id: 'd2', role: 'evaluated' },
      ],
    }),
  );
  expect(change?.edges).toEqual([
    { from: `artifact:${'ab'.repeat(32)}`, to: 'model_version:v', label: 'file of' },
    { from: 'dataset_version:d1', to: 'model_version:v', label: 'trained' },
    { from: 'dataset_version:d2', to: 'model_version:v', label: 'evaluated' },
  ]);
  expect(change?.replacesSourcesOf).toBeNull();
});

test('who only mentions a thing does not rename it', () => {
  const change = lineageChange(
    event('tracking.artifact-logged', { runId: 'r', path: 'm.onnx', sha256: 'cd'.repeat(32) }),
  );
  expect(change?.named.map(({ label }) => label)).toEqual(['m.onnx (cdcdcdcd)']);
  expect(change?.mentioned.map(({ key }) => key)).toEqual(['run:r']);
});

test('an alias that was taken away has no source any more', () => {
  expect(lineageChange(event('registry.alias-removed', { modelId: 'm', alias: 'live' }))).toEqual({
    ...{ named: [], mentioned: [], edges: [], replacesSourcesOf: 'alias:m/live', forgotten: [] },
  });
});

test('what has the name of a model in its own is called otherwise with it', () => {
  const versions = [{ versionId: 'v', ref: 'new@1.0.0' }];
  const renamed = { modelId: 'm', from: 'old', to: 'new', versions, aliases: ['live'] };
  expect(lineageChange(event('registry.model-renamed', renamed))).toEqual({
    named: [
      { key: 'model_version:v', kind: 'MODEL_VERSION', label: 'new@1.0.0' },
      { key: 'alias:m/live', kind: 'ALIAS', label: 'new@live' },
    ],
    ...{ mentioned: [], edges: [], replacesSourcesOf: null, forgotten: [] },
  });
});

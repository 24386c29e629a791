import { RegistryClient, scaled } from '../support/registry-client';
import { deployEndpoint } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';

let server: TestServer;
let registry: RegistryClient;
let tracking: TrackingClient;

const LINEAGE = `query ($id: ID, $of: String, $direction: LineageDirection! = BOTH, $depth: Int! = 5) {
  lineage(id: $id, of: $of, direction: $direction, depth: $depth) {
    nodes { id kind label degree } edges { from to label } isPartial
  }
}`;
interface Graph {
  readonly nodes: readonly { id: string; kind: string; label: string; degree: number }[];
  readonly edges: readonly { from: string; to: string; label: string }[];
  readonly isPartial: boolean;
}
const lineage = async (variables: Record<string, unknown>) =>
  (await server.data<{ lineage: Graph | null }>(LINEAGE, variables)).lineage;
const labels = (graph: Graph | null) => graph?.nodes.map(({ label }) => label).sort();
/** Edges as sentences. */
function sentences(graph: Graph | null): string[] | undefined {
  const label = (id: string) => graph?.nodes.find((node) => node.id === id)?.label;
  return graph?.edges.map((edge) => `${label(edge.from)} ${edge.label} ${label(edge.to)}`).sort();
}

let file: string;
beforeAll(async () => {
  server = await startTestServer();
  registry = new RegistryClient(server);
  tracking = new TrackingClient(server);
  await registry.dataset('table', 'a,b\n1,2\n');
  await registry.dataset('holdout', 'a,b\n3,4\n');
  const { run } = await tracking.startRun({ experiment: 'tries', name: 'try one', datasets: ['table@1'] });
  const sha256 = await server.upload(scaled(1));
  await tracking.logArtifact({ runId: run.id, path: 'out/model.onnx', artifact: { sha256 } });
  file = `out/model.onnx (${sha256.slice(0, 8)})`;
  const registered = await registry.registerUploaded('tables', sha256, {
    runId: run.id,
    datasets: ['table@1'],
    metrics: [{ key: 'loss', value: 0.5, dataset: 'holdout@1' }],
  });
  expect(registered.version?.ref).toBe('tables@1.0.0');
  await registry.promote('tables@1.0.0', 'production');
  await deployEndpoint(server, 'front', [{ ref: 'tables@production', weight: 1 }]);
});
afterAll(() => server.stop());

const WHOLE_WAY = () => [
  `${file} file of tables@1.0.0`,
  'holdout@1 evaluated tables@1.0.0',
  'table@1 read by try one',
  'table@1 trained tables@1.0.0',
  'tables@1.0.0 named tables@production',
  'tables@production served by front',
  `try one logged ${file}`,
  'try one made tables@1.0.0',
];

test('the whole way, from the endpoint back to the data', async () => {
  const graph = await lineage({ of: 'front', direction: 'UPSTREAM' });
  expect(sentences(graph)).toEqual(WHOLE_WAY().sort());
  expect(graph?.isPartial).toBe(false);
  expect(graph?.nodes[0]).toMatchObject({ kind: 'ENDPOINT', label: 'front', degree: 1 });
  expect(graph?.nodes.find(({ label }) => label === 'tables@1.0.0')).toMatchObject({
    kind: 'MODEL_VERSION',
    degree: 5,
  });
});

test('and forth, from the data to the endpoint', async () => {
  const graph = await lineage({ of: 'dataset:holdout', direction: 'DOWNSTREAM' });
  expect(labels(graph)).toEqual(['front', 'holdout@1', 'tables@1.0.0', 'tables@production']);
});

test('both ways go straight on: other results of the same data are no part of it', async () => {
  const { run } = await tracking.startRun({ experiment: 'tries', name: 'try two', datasets: ['table@1'] });
  const ofFront = await lineage({ of: 'front' });
  expect(sentences(ofFront)).toEqual(WHOLE_WAY().sort());
  const ofVersion = await lineage({ of: 'tables@1.0.0' });
  expect(sentences(ofVersion)).toEqual(WHOLE_WAY().sort());
  expect(labels(await lineage({ id: run.id }))).toEqual(['table@1', 'try two']);
});

test('a walk that ends before everything is told says so', async () => {
  const near = await lineage({ of: 'front', direction: 'UPSTREAM', depth: 1 });
  expect(near).toMatchObject({ isPartial: true });
  expect(labels(near)).toEqual(['front', 'tables@production']);
  expect(await lineage({ of: 'front', direction: 'DOWNSTREAM', depth: 1 })).toMatchObject({
    nodes: [{ label: 'front' }],
    edges: [],
    isPartial: false,
  });
});

test('ids are those of the nodes themselves, and lead back to them', async () => {
  const { modelVersion, endpoint } = await server.data<Record<'modelVersion' | 'endpoint', { id: string }>>(
    '{ modelVersion(ref: "tables@1.0.0") { id } endpoint(name: "front") { id } }',
  );
  const graph = await lineage({ id: endpoint.id, direction: 'UPSTREAM' });
  expect(graph?.nodes[0]?.id).toBe(endpoint.id);
  expect(graph?.nodes.map(({ id }) => id)).toContain(modelVersion.id);
  for (const { id, label } of graph?.nodes ?? []) {
    expect((await lineage({ id, depth: 1 }))?.nodes[0]).toMatchObject({ id, label });
  }
});

test('one name may mean an endpoint, a model or data; a prefix says which', async () => {
  await registry.dataset('same');
  await registry.version('same', scaled(7));
  await registry.promote('same@1.0.0', 'production');
  const first = async (of: string) => (await lineage({ of }))?.nodes[0]?.label;
  expect(await first('same')).toBe('same@production');
  await deployEndpoint(server, 'same', [{ ref: 'tables@1.0.0', weight: 1 }]);
  expect(await first('same')).toBe('same');
  expect(await first('endpoint:same')).toBe('same');
  expect(await first('model:same')).toBe('same@production');
  expect(await first('model:same@1.0.0')).toBe('same@1.0.0');
  expect(await first('dataset:same')).toBe('same@1');
  expect(await first('same@1')).toBe('same@1');
  expect(await lineage({ of: 'endpoint:same@1.0.0' })).toBeNull();
});

test('an alias that moves, and an endpoint that is deployed again, leave the old way', async () => {
  const older = await registry.version('moving', scaled(21));
  const newer = await registry.version('moving', scaled(22));
  await registry.promote(older, 'live');
  await deployEndpoint(server, 'moved', [{ ref: 'moving@live', weight: 1 }]);
  const way = async () => sentences(await lineage({ of: 'moved', direction: 'UPSTREAM', depth: 2 }));
  expect(await way()).toEqual([`${older} named moving@live`, 'moving@live served by moved']);
  await registry.promote(newer, 'live');
  expect(await way()).toEqual([`${newer} named moving@live`, 'moving@live served by moved']);
  await registry.rollBack('moving', 'live');
  expect(await way()).toEqual([`${older} named moving@live`, 'moving@live served by moved']);
  await deployEndpoint(server, 'moved', [
    { ref: newer, weight: 1 },
    { name: 'again', ref: newer, weight: 1 },
  ]);
  expect((await way())?.filter((sentence) => sentence.endsWith('moved'))).toEqual([
    `${newer} served by moved`,
  ]);
});

test('a refused deployment leaves no trace', async () => {
  const { __typename } = await deployEndpoint(server, 'ghost', [{ ref: 'tables@1.0.0', weight: 1 }], 7);
  expect(__typename).toBe('RevisionConflictError');
  expect(await lineage({ of: 'endpoint:ghost' })).toBeNull();
  expect(sentences(await lineage({ of: 'tables@1.0.0' }))).not.toContain('tables@1.0.0 served by ghost');
});

test.each<[string, object]>([
  ['neither id nor of', {}],
  ['both id and of', { id: 'x', of: 'front' }],
  ['a depth of 0', { of: 'front', depth: 0 }],
  ['a depth of 21', { of: 'front', depth: 21 }],
])('%s is refused', async (_what, variables) => {
  const { errors } = await server.graphql(LINEAGE, { ...variables });
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
});

test.each([
  { id: 'nonsense' },
  { id: '' },
  { of: '' },
  { of: 'nowhere' },
  { of: 'model:' },
  { of: 'a@b@c' },
  { of: '\0' },
])('nothing is found by %j', async (variables) => {
  expect(await lineage(variables)).toBeNull();
});

test('the walk is one statement, whatever its depth', async () => {
  const costs = [];
  for (const depth of [1, 20]) {
    costs.push(await server.statementCount(() => lineage({ of: 'endpoint:front', depth })));
  }
  expect(costs).toEqual([2, 2]); // the endpoint by its name, the walk
});

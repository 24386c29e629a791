import { lineageTree } from '../../../examples/penguins/lineage-tree';

const node = (id: string, kind: string) => ({ id, kind, label: id });
const nodes = [
  node('endpoint', 'ENDPOINT'),
  node('version', 'MODEL_VERSION'),
  node('run', 'RUN'),
  node('train', 'DATASET_VERSION'),
];
const downstream = [
  { from: 'version', to: 'endpoint', label: 'served by' },
  { from: 'run', to: 'version', label: 'made' },
  { from: 'train', to: 'run', label: 'read by' },
  { from: 'train', to: 'version', label: 'taught' },
];
const reversed = downstream.map(({ from, to, label }) => ({ from: to, to: from, label }));

test.each([
  ['from the source', downstream],
  ['to the source', reversed],
])('edges that point %s give the same tree, from the endpoint back to the data', (_, edges) => {
  expect(lineageTree({ nodes, edges, isPartial: false }, 'endpoint')).toEqual([
    'endpoint [endpoint]',
    '   └ served by: version [model version]',
    '      └ made: run [run]',
    '         └ read by: train [dataset version]',
    '      └ taught: train [dataset version]',
  ]);
});

test('a node with sources of its own is told once, and named the second time', () => {
  const edges = [...downstream, { from: 'run', to: 'endpoint', label: 'tested by' }];
  const lines = lineageTree({ nodes, edges, isPartial: false }, 'endpoint');
  expect(lines.at(-1)).toBe('   └ tested by: run [run] (see above)');
});

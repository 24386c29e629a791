import { ENTITIES } from '../../src/entities';
import { MIGRATIONS } from '../../migrations/all';
import { createDataSource } from '../../src/kernel/database/data-source';
import { Database } from '../../src/kernel/database/database';
import { newId, type ProjectId } from '../../src/kernel/ids';
import type { LineageKey } from '../../src/lineage/lineage-key';
import { LineageQueries, MAX_NODES } from '../../src/lineage/lineage.queries';
import { LineageStore } from '../../src/lineage/lineage.store';
import { openTestDatabase } from '../support/test-database';
import { TEST_ENGINE } from '../support/template-database';

/** Graphs that no honest use of the API would draw. */
let database: Database;
let close: () => Promise<void>;
beforeAll(async () => {
  const { connection, stop } = await openTestDatabase();
  const dataSource = createDataSource({ connection, entities: ENTITIES, migrations: MIGRATIONS });
  database = new Database(dataSource, TEST_ENGINE);
  await database.open();
  close = async () => {
    await database.stop();
    await stop();
  };
});
afterAll(() => close());

async function draw(edges: readonly (readonly [string, string])[]): Promise<ProjectId> {
  const projectId = newId<'project'>();
  const key = (name: string) => name as LineageKey;
  const named = [...new Set(edges.flat())].map(
    (name) => ({ key: key(name), kind: 'RUN', label: name }) as const,
  );
  const change = {
    named,
    mentioned: [],
    edges: edges.map(([from, to]) => ({ from: key(from), to: key(to), label: 'made' })),
    replacesSourcesOf: null,
    forgotten: [],
  };
  await database.transaction((tx) => new LineageStore().apply(tx, projectId, change));
  return projectId;
}
const walk = async (
  projectId: ProjectId,
  start: string,
  direction: 'UPSTREAM' | 'DOWNSTREAM' | 'BOTH',
  depth = 20,
) => {
  const graph = await new LineageQueries(database).graph(projectId, {
    start: start as LineageKey,
    direction,
    depth,
  });
  return graph && { ...graph, labels: graph.nodes.map(({ label }) => label) };
};

test('a cycle is walked once', async () => {
  const project = await draw([['a', 'b'], ['b', 'c'], ['c', 'a']]); // prettier-ignore
  for (const direction of ['UPSTREAM', 'DOWNSTREAM', 'BOTH'] as const) {
    const graph = await walk(project, 'a', direction);
    expect(graph?.labels.toSorted()).toEqual(['a', 'b', 'c']);
    expect(graph?.edges).toHaveLength(3);
  }
});

test('many ways between two nodes cost no more than the nodes', async () => {
  const layers = Array.from({ length: 19 }, (_, layer) =>
    [0, 1, 2, 3].flatMap((i) => [0, 1, 2, 3].map((j) => [`${layer}-${i}`, `${layer + 1}-${j}`] as const)),
  ).flat(); // 4^19 ways
  const graph = await walk(await draw(layers), '0-0', 'DOWNSTREAM');
  expect(graph?.nodes).toHaveLength(1 + 19 * 4);
  expect(graph?.isPartial).toBe(false);
});

test('a graph that is too large is cut to the nearest nodes, and says so', async () => {
  const near = Array.from({ length: MAX_NODES - 2 }, (_, i) => ['start', `near ${i}`] as const);
  const far = Array.from({ length: 50 }, (_, i) => ['near 0', `far ${i}`] as const);
  const graph = await walk(await draw([...near, ...far]), 'start', 'DOWNSTREAM');
  expect(graph?.nodes).toHaveLength(MAX_NODES);
  expect(graph?.labels.filter((label) => label.startsWith('far'))).toHaveLength(1);
  expect(graph?.isPartial).toBe(true);
  expect(graph?.nodes[0]).toMatchObject({ label: 'start', degree: MAX_NODES - 2 });
});

test('a graph that just fits is whole', async () => {
  const near = Array.from({ length: MAX_NODES - 1 }, (_, i) => ['start', `near ${i}`] as const);
  expect(await walk(await draw(near), 'start', 'BOTH')).toMatchObject({ isPartial: false });
});

test('a project sees its own lineage only', async () => {
  await draw([['shared', 'theirs']]);
  const ours = await draw([['shared', 'ours']]);
  expect((await walk(ours, 'shared', 'BOTH'))?.labels).toEqual(['shared', 'ours']);
  expect(await walk(ours, 'theirs', 'BOTH')).toBeNull();
});

import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient, type RunPage } from '../support/tracking-client';

let server: TestServer;
let client: TrackingClient;
beforeAll(async () => {
  server = await startTestServer();
  client = new TrackingClient(server);
});
afterAll(() => server.stop());

const names = async (variables: Record<string, unknown>) =>
  (await client.runs({ experiments: ['search'], ...variables })).nodes.map(
    ({ name }: { name: string }) => name,
  );

beforeAll(async () => {
  const make = async (name: string, model: string, accuracy: number | string | null) => {
    const id = await client.newRun({
      experiment: 'search',
      name,
      params: [{ key: 'model', value: model }],
      tags: [{ key: 'my tag', value: "It's" }],
    });
    if (accuracy !== null)
      await client.logMetrics({ runId: id, points: [{ key: 'accuracy', value: accuracy }] });
    return id;
  };
  await make('a', 'cnn', 0.5);
  await make('b', 'CNN', 0.9);
  await make('c', 'tree', 'NaN');
  await make('d', 'tree', null);
  await client.finishRun({ runId: await make('e', 'cnn', '-Infinity'), status: 'KILLED' });
});

test.each([
  ['metrics.accuracy > 0.4', ['b', 'a']],
  ['metrics.accuracy <= 0.5', ['e', 'a']],
  ['metrics.accuracy != 0.5', ['e', 'c', 'b']],
  ["params.model = 'cnn'", ['e', 'a']],
  ["params.model ILIKE 'c%' AND metrics.accuracy >= 0.5", ['b', 'a']],
  ["tags.`my tag` = 'It''s' AND name != 'a' AND name != 'b'", ['e', 'd', 'c']],
  ["attributes.status = 'KILLED'", ['e']],
  ["start_time > '2020-01-01' AND end_time > 0", ['e']],
  ["params.missing != 'x'", []],
  ["name = 'a'' OR ''1'' = ''1'", []],
])('filter %s', async (filter, expected) => {
  expect(await names({ filter })).toEqual(expected);
});

test.each([
  [['metrics.accuracy DESC'], ['b', 'a', 'e', 'd', 'c']],
  [['metrics.accuracy ASC'], ['e', 'a', 'b', 'd', 'c']],
  [
    ['params.model', 'name DESC'],
    ['b', 'e', 'a', 'd', 'c'],
  ],
  [
    ['end_time', 'start_time'],
    ['e', 'a', 'b', 'c', 'd'],
  ],
  [['attributes.name'], ['a', 'b', 'c', 'd', 'e']],
])('order by %j, in one page or in many', async (orderBy, expected) => {
  expect(await names({ orderBy })).toEqual(expected);
  const paged: string[] = [];
  for (let after: string | null = null; ;) {
    const page: RunPage = await client.runs({
      experiments: ['search'],
      orderBy,
      first: 2,
      after,
    });
    paged.push(...page.nodes.map(({ name }: { name: string }) => name));
    if (!page.pageInfo.hasNextPage) break;
    after = page.pageInfo.endCursor;
  }
  expect(paged).toEqual(expected);
});

test('a run is found by its id', async () => {
  const { nodes } = await client.runs({ experiments: ['search'], first: 1 });
  expect(await names({ filter: `run_id = '${nodes[0]?.id}'` })).toEqual([nodes[0]?.name]);
  expect(await names({ filter: "run_id = 'nobody'" })).toEqual([]);
});

test('an experiment lists its runs', async () => {
  const { experiment } = await server.data<{ experiment: { runs: object } }>(
    '{ experiment(name: "search") { runs(first: 2, orderBy: ["name"]) { nodes { name } pageInfo { hasNextPage } } } }',
  );
  expect(experiment.runs).toEqual({
    nodes: [{ name: 'a' }, { name: 'b' }],
    pageInfo: { hasNextPage: true },
  });
});

test.each([
  [{ filter: 'metrics.accuracy > ' }, 20],
  [{ filter: "metrics.accuracy > 'x'" }, 1],
  [{ filter: 'params.model = 1' }, 1],
  [{ filter: "params.model < 'x'" }, 1],
  [{ filter: "colour = 'x'" }, 1],
  [{ filter: "start_time > 'soon'" }, 1],
  [{ orderBy: ['metrics.accuracy DOWN'] }, 18],
  [{ orderBy: ['colour'] }, 1],
  [{ after: 'x' }, undefined],
  [{ after: Buffer.from('["x","y"]').toString('base64url') }, undefined],
  [{ orderBy: Array(6).fill('name') }, undefined],
])('a search that is wrong is a BAD_USER_INPUT with its position (%#)', async (variables, position) => {
  const { errors } = await server.graphql(
    'query ($filter: String, $orderBy: [String!], $after: String) { runs(filter: $filter, orderBy: $orderBy, after: $after) { nodes { id } } }',
    variables,
  );
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', ...(position && { position }) });
});
test('a page of 50 runs costs as many statements as a page of 2', async () => {
  const sha256 = await server.upload('a\n1\n');
  await server.data(
    'mutation ($input: RegisterDatasetVersionInput!) { registerDatasetVersion(input: $input) { __typename } }',
    { input: { dataset: 'counted', artifact: { sha256 } } },
  );
  for (let index = 0; index < 50; index++) {
    const id = await client.newRun({
      experiment: 'counted',
      datasets: ['counted'],
      params: [{ key: 'a', value: '1' }],
    });
    await client.logMetrics({ runId: id, points: [{ key: 'm', value: 1 }] });
  }
  const fields = [
    'id experiment { name tags { key } } parent { id } tags { key } params(keys: ["a"]) { value }',
    'metrics { last dataset { ref } } metricHistory(keys: ["m"]) { values } artifacts { path }',
    'datasets { ref dataset { name } }',
    'experiment { runs(first: 1, filter: "metrics.m > 0", orderBy: ["params.a"]) { nodes { id } } }',
  ];
  for (const selection of fields) {
    const page = (first: number) =>
      server.data(`{ runs(experiments: ["counted"], first: ${first}) { nodes { ${selection} } } }`);
    const few = await server.statementCount(() => page(2));
    expect(await server.statementCount(() => page(50))).toBe(few);
    expect(few).toBeLessThan(10);
  }
});

test('a page of 50 experiments costs as many statements as a page of 2', async () => {
  for (let index = 0; index < 50; index++) await client.newRun({ experiment: `many ${index}` });
  const page = (first: number) =>
    server.data(
      `{ experiments(first: ${first}) { nodes { id tags { key } runs(first: 2) { nodes { id name } } } } }`,
    );
  const few = await server.statementCount(() => page(2));
  expect(await server.statementCount(() => page(50))).toBe(few);
});

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
  ["NOT params.missing = 'x'", ['e', 'd', 'c', 'b', 'a']],
  ["metrics.accuracy < 0 OR params.model = 'CNN'", ['e', 'b']],
  ["NOT (metrics.accuracy >= 0.5 OR name IN ('c', 'd'))", ['e']],
  ['metrics.accuracy BETWEEN 0.5 AND 0.9', ['b', 'a']],
  ['metrics.accuracy NOT BETWEEN 0.5 AND 0.9', ['e']],
  ['metrics.accuracy IS NULL OR end_time IS NOT NULL', ['e', 'd']],
  ["params.model NOT LIKE 'c%' AND \"run name\" not in ('b')", ['d', 'c']],
  ["status <> 'KILLED' and created > 1577836800000 and name == 'a'", ['a']],
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

test('a page of a list is given to no other: with another order or filter its place would be some other one', async () => {
  const asked = { experiments: ['search'], orderBy: ['metrics.accuracy DESC'], filter: 'NOT params.x = "1"' };
  const first: RunPage = await client.runs({ ...asked, first: 2 });
  const next = { ...asked, first: 2, after: first.pageInfo.endCursor };
  expect((await client.runs(next)).nodes.map(({ name }) => name)).toEqual(['e', 'd']);
  const refusal =
    'after (page_token): expected one of a list with the same filter, order and view, got one of another list.';
  for (const other of [
    { orderBy: ['metrics.accuracy'] },
    { orderBy: ['metrics.loss DESC'] },
    { filter: null },
  ])
    await expect(client.runs({ ...next, ...other })).rejects.toThrow(refusal);
});

test('a run is found by its note, its user, its parent and its datasets', async () => {
  const sha256 = await server.upload('a\n1\n');
  await server.data(
    'mutation ($input: RegisterDatasetVersionInput!) { registerDatasetVersion(input: $input) { __typename } }',
    { input: { dataset: 'searched data', artifact: { sha256 } } },
  );
  const tags = [
    { key: 'mlflow.note.content', value: 'The second try, with warm-up; it diverges late.' },
    { key: 'mlflow.user', value: 'ada' },
  ];
  const parentRunId = await client.newRun({ experiment: 'facts', name: 'parent', tags });
  await client.newRun({ experiment: 'facts', name: 'child', parentRunId, datasets: ['searched data'] });
  const found = async (filter: string) => (await names({ experiments: ['facts'], filter })).join(' ');
  expect(await found("note MATCHES 'diverges warm'")).toBe('parent');
  expect(await found('note MATCHES \'"warm up" -early\'')).toBe('parent');
  expect(await found("note MATCHES 'diverges early'")).toBe('');
  expect(await found("note LIKE '%late.' AND user_id = 'ada'")).toBe('parent');
  expect(await found(`parent_run_id = '${parentRunId}'`)).toBe('child');
  expect(await found('parent_run_id IS NULL')).toBe('parent');
  expect(await found("datasets.name LIKE 'searched%'")).toBe('child');
  expect(await found(`dataset.digest = '${sha256}'`)).toBe('child');
  expect(await found('datasets.name IS NULL')).toBe('parent');
  expect(await found(`run_id NOT IN ('${parentRunId}', 'nobody')`)).toBe('child');
});

test('pages that are read while runs come and change neither repeat nor lose a run that does not change', async () => {
  const make = async (name: string, loss: number) => {
    const runId = await client.newRun({ experiment: 'moving', name, params: [{ key: 'p', value: name }] });
    await client.logMetrics({ runId, points: [{ key: 'loss', value: loss }] });
    return runId;
  };
  const still = Array.from({ length: 12 }, (_, index) => `still ${index}`);
  for (const [index, name] of still.entries()) await make(name, index % 4);
  const moving = await make('moving', 0);
  for (const orderBy of [
    ['metrics.loss'],
    ['metrics.loss DESC', 'params.p'],
    ['start_time DESC'],
    ['params.p DESC'],
  ]) {
    const seen: string[] = [];
    for (let after: string | null = null, step = 0; ; step++) {
      const page: RunPage = await client.runs({ experiments: ['moving'], orderBy, first: 3, after });
      seen.push(...page.nodes.map(({ name }) => name));
      if (!page.pageInfo.hasNextPage || step > 100) break;
      after = page.pageInfo.endCursor;
      await make(`new ${step}`, step % 4);
      await client.logMetrics({ runId: moving, points: [{ key: 'loss', step, value: 4 * Math.random() }] });
    }
    const isStill = (name: string) => name.startsWith('still');
    expect(seen.filter(isStill).sort()).toEqual([...still].sort());
  }
});

test('a list may be sorted by twenty keys', async () => {
  const orderBy = [
    ...Array.from({ length: 18 }, (_, index) => `metrics.m${index}`),
    'params.model',
    'name DESC',
  ];
  expect(await names({ orderBy })).toEqual(['b', 'e', 'a', 'd', 'c']);
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
  [{ filter: "name = 'x' OR (metrics.a = 1 AND colour = 'x')" }, 34],
  [{ filter: "metrics.a IN (1, 'x')" }, 1],
  [{ filter: "metrics.a LIKE 'x'" }, 1],
  [{ filter: "name BETWEEN 'a' AND 'b'" }, 1],
  [{ filter: "name MATCHES 'a'" }, 1],
  [{ filter: "params.a MATCHES 'a'" }, 1],
  [{ filter: "run_id LIKE 'a'" }, 1],
  [{ filter: "start_time BETWEEN '2026-01-01' AND 'soon'" }, 1],
  [{ filter: "datasets.colour = 'x'" }, 1],
  [{ orderBy: ['datasets.name'] }, 1],
  [{ filter: "start_time > 'soon'" }, 1],
  [{ orderBy: ['metrics.accuracy DOWN'] }, 18],
  [{ orderBy: ['colour'] }, 1],
  [{ after: 'x' }, undefined],
  [{ after: Buffer.from('["x","y"]').toString('base64url') }, undefined],
  [{ orderBy: Array(21).fill('name') }, undefined],
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

import { readFile } from 'node:fs/promises';
import type { Member } from '../support/api-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await register('penguins', await readFile('examples/penguins/penguins.csv', 'utf8'), { target: 'species' });
});
afterAll(() => server.stop());

const REGISTER = `mutation ($input: RegisterDatasetVersionInput!) {
  registerDatasetVersion(input: $input) { __typename ... on RegisterDatasetVersionSuccess { version { ref } } ... on UserError { message } }
}`;
async function register(dataset: string, csv: string, more: object = {}): Promise<string> {
  const input = { dataset, artifact: { sha256: await server.upload(csv) }, ...more };
  const { registerDatasetVersion } = await server.data<{
    registerDatasetVersion: Member & { version: { ref: string } };
  }>(REGISTER, { input });
  expect(registerDatasetVersion).toMatchObject({ __typename: 'RegisterDatasetVersionSuccess' });
  return registerDatasetVersion.version.ref;
}
const elsewhere = (dataset: string, more: object = {}) =>
  server.data(REGISTER, { input: { dataset, uri: 's3://bucket/data.parquet', ...more } });

const SPLIT = `mutation ($input: SplitDatasetVersionInput!) { splitDatasetVersion(input: $input) {
  __typename
  ... on SplitDatasetVersionSuccess { versions { ref rowCount target sha256 split { name fraction seed stratifyBy groupBy parent { ref } } } }
  ... on UserError { code message }
  ... on InvalidInputError { issues { path } }
} }`;
const split = async (input: object) => (await server.data(SPLIT, { input })).splitDatasetVersion;
const HALVES = [
  { name: 'train', fraction: 0.8 },
  { name: 'test', fraction: 0.2 },
];

test('a version is split into versions that know where they come from, and never overlap', async () => {
  const answer = await split({ ref: 'penguins', splits: HALVES, seed: '7', stratifyBy: 'species' });
  const dealt = { seed: 7, stratifyBy: 'species', groupBy: null, parent: { ref: 'penguins@1' } };
  expect(answer).toMatchObject({
    __typename: 'SplitDatasetVersionSuccess',
    versions: [
      { ref: 'penguins-train@1', target: 'species', split: { name: 'train', fraction: 0.8, ...dealt } },
      { ref: 'penguins-test@1', target: 'species', split: { name: 'test', fraction: 0.2, ...dealt } },
    ],
  });
  const [train, test] = (answer as { versions: { rowCount: number }[] }).versions;
  expect((train?.rowCount ?? 0) + (test?.rowCount ?? 0)).toBe(344);
  expect(Math.abs((test?.rowCount ?? 0) - 0.2 * 344)).toBeLessThanOrEqual(3);
  expect(await split({ ref: 'penguins@1', splits: HALVES, seed: 7, stratifyBy: 'species' })).toEqual(answer);

  const overlap = `query ($ref: String!, $other: String!) { datasetVersion(ref: $ref) { split { name }
    overlap(other: $other) { columns rows otherRows share otherShare } } }`;
  const between = async (ref: string, other: string) =>
    (await server.data<{ datasetVersion: { overlap: object | null } }>(overlap, { ref, other }))
      .datasetVersion.overlap;
  expect(await between('penguins-test', 'penguins-train')).toMatchObject({ rows: 0, otherRows: 0, share: 0 });
  expect(await between('penguins-test', 'penguins')).toMatchObject({ rows: test?.rowCount, share: 1 });
  expect(await between('penguins-test', 'nothing')).toBeNull();
});

test.each([
  [{ ref: 'penguins@9' }, 'NotFoundError', null],
  [{ splits: [{ name: 'all', fraction: 1 }] }, 'InvalidInputError', 'splits'],
  [{ splits: [...HALVES, { name: 'more', fraction: 0.1 }] }, 'InvalidInputError', 'splits'],
  [
    {
      splits: [
        { name: 'a', fraction: 0.5 },
        { name: 'a', fraction: 0.5 },
      ],
    },
    'InvalidInputError',
    'splits[1].dataset',
  ],
  [
    {
      splits: [
        { name: 'a/b', fraction: 0.5 },
        { name: 'b', fraction: 0.5 },
      ],
    },
    'InvalidInputError',
    'splits[0].name',
  ],
  [
    {
      splits: [
        { name: 'a', fraction: 0.9999 },
        { name: 'b', fraction: 0.0001 },
      ],
    },
    'InvalidInputError',
    'splits[1].fraction',
  ],
  [{ stratifyBy: 'no such' }, 'InvalidInputError', 'stratifyBy'],
  [{ stratifyBy: 'species', groupBy: 'island' }, 'InvalidInputError', 'groupBy'],
])('a split that cannot be is refused at its place (%#)', async (wrong, kind, path) => {
  const answer = await split({ ref: 'penguins@1', splits: HALVES, seed: 1, ...wrong });
  expect(answer).toMatchObject({ __typename: kind });
  const paths = ((answer as { issues?: { path: string }[] }).issues ?? []).map((issue) => issue.path);
  if (path !== null) expect(paths).toContain(path);
});

test('parts are kept together or not at all: what one of them is refused for, none is kept', async () => {
  const name = 'together';
  await register(
    name,
    `x,y,z\n${Array.from({ length: 40 }, (_, row) => `${row},${row % 2},a`).join('\n')}\n`,
    {
      target: 'y',
    },
  );
  const dealt = await split({ ref: name, splits: HALVES, seed: 5 });
  const [, part] = (dealt as { versions: { sha256: string }[] }).versions;
  const taken = { dataset: 'b-taken', artifact: { sha256: part?.sha256 }, target: 'x' };
  expect(await server.data(REGISTER, { input: taken })).toMatchObject({
    registerDatasetVersion: { version: { ref: 'b-taken@1' } },
  });
  const splits = HALVES.map((half, index) => ({ ...half, dataset: ['a-free', 'b-taken'][index] }));
  expect(await split({ ref: name, splits, seed: 5 })).toMatchObject({
    __typename: 'InvalidInputError',
    issues: [{ path: 'target' }],
  });
  expect(
    await server.data('{ dataset(name: "a-free") { name } datasetVersion(ref: "a-free@1") { ref } }'),
  ).toEqual({
    ...{ dataset: null, datasetVersion: null },
  });
});

test('two that split the same into the same datasets, named in another order, both get all parts', async () => {
  await register('crossed', `x\n${Array.from({ length: 200 }, (_, row) => row).join('\n')}\n`);
  const quarter = ['p', 'q', 'r', 's'].map((name) => ({ name, fraction: 0.25 }));
  const asks = [quarter, [...quarter].reverse(), quarter, [...quarter].reverse()].map((splits) =>
    split({ ref: 'crossed', splits, seed: 1 }),
  );
  for (const answer of await Promise.all(asks))
    expect(answer).toMatchObject({ __typename: 'SplitDatasetVersionSuccess', versions: [{}, {}, {}, {}] });
});

test('data that lies elsewhere cannot be split', async () => {
  await elsewhere('far-split');
  expect(await split({ ref: 'far-split', splits: HALVES, seed: 1 })).toMatchObject({
    issues: [{ path: 'ref' }],
  });
});

const DIFF = `query ($from: String!, $to: String!) { diffDatasetVersions(from: $from, to: $to) {
  from { ref } to { ref }
  schema { added { name datatype } removed { name } retyped { name from to } }
  rows { columns added removed common }
  columns { name psi kolmogorovSmirnov jensenShannon fromMissingShare toMissingShare }
} }`;
const diff = async (from: string, to: string) => (await server.data(DIFF, { from, to })).diffDatasetVersions;

test('two versions differ in their columns, their rows and how these are spread', async () => {
  const rows = (count: number, cell: (row: number) => string) =>
    Array.from({ length: count }, (_, row) => cell(row));
  await register(
    'moved',
    ['x,word,gone,code', ...rows(200, (row) => `${row},w${row % 2},1,${row}`)].join('\n'),
  );
  await register(
    'moved',
    ['x,word,new,code', ...rows(200, (row) => `${row + 100},${row % 4 ? 'w0' : ''},a,c${row}`)].join('\n'),
  );
  expect(await diff('moved@1', 'moved')).toMatchObject({
    from: { ref: 'moved@1' },
    to: { ref: 'moved@2' },
    schema: {
      added: [{ name: 'new', datatype: 'BYTES' }],
      removed: [{ name: 'gone' }],
      retyped: [{ name: 'code', from: 'INT64', to: 'BYTES' }],
    },
    rows: { columns: ['x', 'word', 'code'], common: 0, added: 200, removed: 200 },
    columns: [
      { name: 'x', jensenShannon: null, fromMissingShare: 0 },
      { name: 'word', kolmogorovSmirnov: null, fromMissingShare: 0, toMissingShare: 0.25 },
      { name: 'code', psi: null, kolmogorovSmirnov: null, jensenShannon: null },
    ],
  });
  const { columns } = (await diff('moved@1', 'moved@2')) as {
    columns: { psi: number; kolmogorovSmirnov: number; jensenShannon: number }[];
  };
  expect(columns[0]?.kolmogorovSmirnov).toBeCloseTo(0.5, 1);
  expect(columns[0]?.psi).toBeGreaterThan(0.25);
  expect(columns[1]?.jensenShannon).toBeGreaterThan(0.2);
});

test('a version is no different from itself', async () => {
  const answer = (await diff('penguins', 'penguins@1')) as { columns: { psi: number }[] };
  expect(answer).toMatchObject({
    schema: { added: [], removed: [], retyped: [] },
    rows: { common: 344, added: 0, removed: 0 },
  });
  expect(answer.columns.map(({ psi }) => psi)).toEqual(Array.from({ length: 7 }, () => 0));
});

test('of data elsewhere only declared columns can be told apart, and a version that is not there gives null', async () => {
  await elsewhere('far');
  expect(await diff('penguins', 'far')).toMatchObject({ schema: null, rows: null, columns: null });
  await elsewhere('declared', { columns: [{ name: 'species', datatype: 'INT64' }] });
  expect(await diff('penguins', 'declared')).toMatchObject({
    schema: { added: [], retyped: [{ name: 'species', from: 'BYTES', to: 'INT64' }] },
    rows: null,
    columns: null,
  });
  expect(await diff('penguins', 'nothing')).toBeNull();
});

import { readFile } from 'node:fs/promises';
import type { Member } from '../support/api-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
beforeAll(async () => void (server = await startTestServer()));
afterAll(() => server.stop());

const REGISTER = `mutation ($input: RegisterDatasetVersionInput!) {
  registerDatasetVersion(input: $input) {
    __typename
    ... on RegisterDatasetVersionSuccess {
      created
      version { id ref sha256 uri rowCount target dataset { id name } columns { name datatype missing distinct min max mean } }
    }
    ... on UserError { code message }
    ... on InvalidInputError { issues { path expected actual } }
  }
}`;
type Registered = Member & {
  readonly created: boolean;
  readonly version: { readonly id: string; readonly ref: string; readonly columns: readonly object[] };
};
const register = async (input: object): Promise<Registered> =>
  (await server.data<{ registerDatasetVersion: Registered }>(REGISTER, { input })).registerDatasetVersion;
const registerCsv = async (dataset: string, csv: string | Uint8Array, more: object = {}) =>
  register({ dataset, artifact: { sha256: await server.upload(csv) }, ...more });

test('the penguins become a version with its schema and statistics', async () => {
  const bytes = await readFile('examples/penguins/penguins.csv');
  const sha256 = await server.upload(bytes);
  const answer = await register({
    dataset: 'penguins',
    artifact: { sha256 },
    target: 'species',
    uri: 'https://example.com/p.csv',
  });
  expect(answer).toMatchObject({
    __typename: 'RegisterDatasetVersionSuccess',
    created: true,
    version: { ref: 'penguins@1', sha256, rowCount: 344, target: 'species', dataset: { name: 'penguins' } },
  });
  expect(answer.version.columns[2]).toMatchObject({
    name: 'beak_length_mm',
    datatype: 'FP64',
    missing: 2,
    min: 32.1,
    max: 59.6,
  });
  const { node } = await server.data(
    'query ($id: ID!) { node(id: $id) { __typename id ... on DatasetVersion { ref } } }',
    {
      id: answer.version.id,
    },
  );
  expect(node).toEqual({ __typename: 'DatasetVersion', id: answer.version.id, ref: 'penguins@1' });
});

test('the same bytes again are the version that exists, other bytes the next one', async () => {
  const first = await registerCsv('same', 'a\n1\n');
  expect(await registerCsv('same', 'a\n1\n')).toEqual({ ...first, created: false });
  expect(await registerCsv('same', 'a\n2\n')).toMatchObject({ created: true, version: { ref: 'same@2' } });
  expect((await registerCsv('same', 'a\n1\n')).version.ref).toBe('same@1');
});

test('clients that register at the same time get one version for each file', async () => {
  const files = Array.from({ length: 12 }, (_, index) => `a\n${index % 3}\n`);
  const answers = await Promise.all(files.map((csv) => registerCsv('race', csv)));
  const refs = answers.map(({ version }) => version.ref);
  expect(new Set(refs)).toEqual(new Set(['race@1', 'race@2', 'race@3']));
  expect(answers.filter(({ created }) => created)).toHaveLength(3);
});

test('an idempotency key gets the same answer again, and another input with it is refused', async () => {
  const first = await registerCsv('retried', 'a\n1\n', { idempotencyKey: 'k' });
  expect(first.created).toBe(true);
  expect(await registerCsv('retried', 'a\n1\n', { idempotencyKey: 'k' })).toEqual(first);
  expect(await registerCsv('retried', 'a\n2\n', { idempotencyKey: 'k' })).toMatchObject({
    __typename: 'InvalidInputError',
    issues: [{ path: 'idempotencyKey' }],
  });
  expect((await registerCsv('retried', 'a\n2\n')).version.ref).toBe('retried@2');
});

test('data that lies elsewhere is kept as its address', async () => {
  const answer = await register({ dataset: 'far', uri: 's3://bucket/far.parquet' });
  expect(answer).toMatchObject({
    created: true,
    version: { sha256: null, rowCount: null, columns: [], uri: 's3://bucket/far.parquet' },
  });
});

test.each([
  [{ dataset: '', uri: 's3://a/b' }, 'dataset'],
  [{ dataset: 'a/b', uri: 's3://a/b' }, 'dataset'],
  [{ dataset: 'a@1', uri: 's3://a/b' }, 'dataset'],
  [{ dataset: 'x'.repeat(10_000_000), uri: 's3://a/b' }, 'dataset'],
  [{ dataset: 'bad' }, 'artifact'],
  [{ dataset: 'bad', uri: 'not an address' }, 'uri'],
  [{ dataset: 'bad', uri: 's3://a/b', target: 'x' }, 'target'],
  [{ dataset: 'bad', artifact: { sha256: 'ABC' } }, 'artifact.sha256'],
])('a wrong input is refused at its place (%#)', async (input, path) => {
  const answer = await register(input);
  expect(answer).toMatchObject({
    __typename: 'InvalidInputError',
    code: 'INVALID_INPUT',
    issues: [{ path }],
  });
  expect(answer.message.length).toBeLessThan(500);
  expect((await server.data('{ dataset(name: "bad") { id } }')).dataset).toBeNull();
});

test('an artifact that the project does not have is refused, with the way to upload it', async () => {
  const answer = await register({ dataset: 'missing', artifact: { sha256: '0'.repeat(64) } });
  expect(answer).toMatchObject({ __typename: 'InvalidArtifactError', code: 'ARTIFACT_NOT_FOUND' });
  expect(answer.message).toContain('PUT /artifacts/sha256/');
});

test.each([
  ['ragged', 'a,b\n1,2\n3\n', 'line 3'],
  ['duplicate', 'a,a\n1,2\n', 'Columns 1 and 2'],
  ['binary', Buffer.from([0x08, 0x07, 0x12, 0xff, 0xfe]), 'Line 1 is not UTF-8'],
  ['empty', '', 'empty'],
])('a file that is not a table is refused with its place (%s)', async (name, csv, place) => {
  const answer = await registerCsv(name, csv);
  expect(answer).toMatchObject({ __typename: 'InvalidArtifactError', code: 'INVALID_CSV' });
  expect(answer.message).toContain(place);
  expect(
    (await server.data('query ($name: String!) { dataset(name: $name) { id } }', { name })).dataset,
  ).toBeNull();
});

test('a target that is no column is refused, and one that differs from the stored one too', async () => {
  expect(await registerCsv('target', 'a,b\n1,2\n', { target: 'c' })).toMatchObject({
    issues: [{ path: 'target', actual: '“c”' }],
  });
  expect(await registerCsv('target', 'a,b\n1,2\n', { target: 'a' })).toMatchObject({ created: true });
  expect(await registerCsv('target', 'a,b\n1,2\n', { target: 'b' })).toMatchObject({
    issues: [{ path: 'target' }],
  });
  expect(await registerCsv('target', 'a,b\n1,2\n')).toMatchObject({
    created: false,
    version: { target: 'a' },
  });
});

test('datasets are listed newest first, in pages, filtered by name', async () => {
  for (const name of ['page-1', 'page-2', 'page-3']) await register({ dataset: name, uri: 's3://a/b' });
  const list = async (variables: object) =>
    (
      await server.data<{ datasets: { pageInfo: { endCursor: string } } }>(
        'query ($filter: String, $first: Int, $after: String) { datasets(filter: $filter, first: $first, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } }',
        { filter: "name LIKE 'page-%'", ...variables },
      )
    ).datasets;
  const first = await list({ first: 2 });
  expect(first).toMatchObject({
    nodes: [{ name: 'page-3' }, { name: 'page-2' }],
    pageInfo: { hasNextPage: true },
  });
  const second = await list({ first: 2, after: first.pageInfo.endCursor });
  expect(second).toMatchObject({ nodes: [{ name: 'page-1' }], pageInfo: { hasNextPage: false } });
});

test.each([
  [{ filter: 'name ~ 1' }, 6],
  [{ filter: 'rows > 5' }, 1],
  [{ after: 'made up' }, undefined],
  [{ after: Buffer.from('[5]').toString('base64url') }, undefined],
])('a list that is asked for wrongly is a BAD_USER_INPUT (%#)', async (variables, position) => {
  const { errors } = await server.graphql(
    'query ($filter: String, $after: String) { datasets(filter: $filter, after: $after) { nodes { id } } }',
    variables,
  );
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', ...(position && { position }) });
});

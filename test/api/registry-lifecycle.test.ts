import { RegistryClient, scaled } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
let registry: RegistryClient;
beforeAll(async () => {
  server = await startTestServer();
  registry = new RegistryClient(server);
});
afterAll(() => server.stop());

type Answer = Record<string, unknown> & { readonly __typename: string };
const VERSION = 'version { ref description tags { key value } deletedAt }';
const MODEL = 'model { name description tags { key value } deletedAt }';
/** What each mutation's success tells. */
const SUCCESS = {
  updateModel: `... on ModelSuccess { ${MODEL} }`,
  deleteModel: `... on ModelSuccess { ${MODEL} }`,
  updateModelVersion: `... on ModelVersionSuccess { ${VERSION} }`,
  deleteModelVersion: `... on ModelVersionSuccess { ${VERSION} }`,
  removeAlias: '... on RemoveAliasSuccess { version { ref } }',
} as const;

async function mutate(field: keyof typeof SUCCESS, input: object): Promise<Answer> {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`;
  const { result } = await server.data<{ result: Answer }>(
    `mutation ($input: ${type}!) { result: ${field}(input: $input) {
      __typename ${SUCCESS[field]} ... on UserError { code message } } }`,
    { input },
  );
  return result;
}
const modelNamed = async (name: string) =>
  (
    await server.data<{ model: { versions: { nodes: { ref: string }[] } } | null }>(
      'query ($name: String!) { model(name: $name) { versions { nodes { ref } } } }',
      { name },
    )
  ).model;
const question = (of: object) => ({
  ...of,
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }],
});

describe('words', () => {
  test('about a model change one by one', async () => {
    await registry.version('words', scaled(2));
    const tags = [
      { key: 'a', value: '1' },
      { key: 'b', value: '2' },
    ];
    await mutate('updateModel', { model: 'words', tags, description: 'What it is.' });
    expect(
      await mutate('updateModel', {
        model: 'words',
        removeTags: ['a', 'none'],
        tags: [{ key: 'b', value: '3' }],
      }),
    ).toEqual({
      __typename: 'ModelSuccess',
      model: {
        ...{ name: 'words', description: 'What it is.', tags: [{ key: 'b', value: '3' }], deletedAt: null },
      },
    });
  });

  test('about a version change, and what was registered stays', async () => {
    await registry.version('said', scaled(2), { description: 'Before.' });
    expect(
      await mutate('updateModelVersion', {
        ref: 'said@1.0.0',
        description: 'After.',
        tags: [{ key: 'k', value: '' }],
      }),
    ).toMatchObject({
      version: { ref: 'said@1.0.0', description: 'After.', tags: [{ key: 'k', value: '' }] },
    });
    const { version } = await registry.register('said', scaled(2));
    expect(version).toMatchObject({ number: '1.0.0', description: 'After.' });
  });

  test('that are too long, twice, too many, or about nothing are refused', async () => {
    await registry.version('limits', scaled(2));
    const invalid = { __typename: 'InvalidInputError' };
    const tag = (key: string, value = '') => ({ key, value });
    for (const wrong of [
      { tags: [tag('k'), tag('k')] },
      { tags: [tag('')] },
      { tags: [tag('k'.repeat(251))] },
      { tags: [tag('k', 'v'.repeat(100_001))] },
      { tags: Array.from({ length: 101 }, (_, i) => tag(`k${i}`)) },
      { description: 'x'.repeat(10_001) },
    ]) {
      expect(await mutate('updateModel', { model: 'limits', ...wrong })).toMatchObject(invalid);
      expect(await mutate('updateModelVersion', { ref: 'limits@1', ...wrong })).toMatchObject(invalid);
    }
    const hundred = (part: number) => Array.from({ length: 100 }, (_, i) => tag(`k${part}-${i}`));
    for (const part of [1, 2, 3, 4, 5]) await mutate('updateModel', { model: 'limits', tags: hundred(part) });
    expect(await mutate('updateModel', { model: 'limits', tags: [tag('one more')] })).toMatchObject(invalid);
    expect(await mutate('updateModel', { model: 'nobody', description: '' })).toMatchObject({
      __typename: 'NotFoundError',
    });
    expect(await mutate('updateModelVersion', { ref: 'limits@9' })).toMatchObject({
      __typename: 'NotFoundError',
    });
  });
});

test.each<[keyof typeof SUCCESS, object]>([
  ['updateModel', { model: 'no\0model', description: 'x' }],
  ['deleteModel', { model: 'no\0model' }],
  ['removeAlias', { model: 'no\0model', alias: 'production' }],
  ['removeAlias', { model: 'nameable', alias: 'no\0alias' }],
])('%s of what no name can lead to, %j, finds nothing', async (field, input) => {
  await registry.version('nameable', scaled(2));
  expect(await mutate(field, input)).toMatchObject({ __typename: 'NotFoundError' });
});

test('of a model that cannot be there nothing is rolled back', async () => {
  expect(await registry.rollBack('no\0model', 'production')).toMatchObject({ __typename: 'NotFoundError' });
});

describe('a new name', () => {
  test('is that of the versions and of the lineage, too', async () => {
    await registry.version('old-name', scaled(2));
    await registry.promote('old-name@1', 'production');
    expect(await mutate('updateModel', { model: 'old-name', name: 'new-name' })).toMatchObject({
      model: { name: 'new-name' },
    });
    expect(await modelNamed('old-name')).toBeNull();
    expect(await modelNamed('new-name')).toEqual({ versions: { nodes: [{ ref: 'new-name@1.0.0' }] } });
    expect(await predict(server, question({ ref: 'new-name' }))).toMatchObject({
      __typename: 'PredictSuccess',
    });
    expect(await predict(server, question({ ref: 'old-name' }))).toMatchObject({
      __typename: 'NotFoundError',
    });
    const { lineage } = await server.data<{ lineage: { nodes: { label: string }[] } }>(
      'query ($of: String) { lineage(of: $of) { nodes { label } } }',
      { of: 'new-name@production' },
    );
    const labels = lineage.nodes.map(({ label }) => label);
    expect(labels).toEqual(expect.arrayContaining(['new-name@production', 'new-name@1.0.0']));
    expect(labels.join()).not.toContain('old-name');
  });

  test('is one that nobody has, also where two want it at once', async () => {
    for (const name of ['left', 'right']) await registry.version(name, scaled(2));
    const answers = await Promise.all([
      ...['left', 'right'].map((model) => mutate('updateModel', { model, name: 'middle' })),
      registry.register('middle', scaled(3)),
    ]);
    const kinds = answers.map(({ __typename }) => __typename);
    expect(kinds.slice(0, 2).filter((kind) => kind === 'ModelSuccess').length).toBeLessThanOrEqual(1);
    expect(kinds.slice(0, 2).filter((kind) => kind === 'NameConflictError').length).toBeGreaterThanOrEqual(1);
    expect(kinds[2]).toBe('RegisterModelVersionSuccess');
  });
});

describe('what leads somewhere stays', () => {
  test('until aliases and endpoints lead elsewhere', async () => {
    const inUse = { __typename: 'InUseError', code: 'IN_USE' };
    await registry.version('kept', scaled(2));
    await registry.version('kept', scaled(3));
    await registry.promote('kept@1', 'production');
    await deployEndpoint(server, 'kept', [
      { ref: 'kept@production', weight: 1 },
      { ref: 'kept@1.0.1', weight: 0, shadow: true },
    ]);
    for (const ref of ['kept@1.0.0', 'kept@2', 'kept'])
      expect(await mutate('deleteModelVersion', { ref })).toMatchObject(inUse);
    expect(await mutate('removeAlias', { model: 'kept', alias: 'production' })).toMatchObject(inUse);
    expect(await mutate('deleteModel', { model: 'kept' })).toMatchObject(inUse);
    expect(await mutate('updateModel', { model: 'kept', name: 'other' })).toMatchObject(inUse);

    await registry.version('instead', scaled(2));
    await deployEndpoint(server, 'kept', [{ ref: 'instead@1', weight: 1 }]);
    expect(await mutate('removeAlias', { model: 'kept', alias: 'production' })).toEqual({
      ...{ __typename: 'RemoveAliasSuccess', version: { ref: 'kept@1.0.0' } },
    });
    expect(await mutate('deleteModelVersion', { ref: 'kept@2' })).toMatchObject({
      version: { deletedAt: expect.any(String) },
    });
    expect(await mutate('deleteModel', { model: 'kept' })).toMatchObject({
      model: { deletedAt: expect.any(String) },
    });
    expect(await modelNamed('kept')).toBeNull();
  });

  test('of a deployment and a deletion at the same time one is refused', async () => {
    for (let round = 1; round <= 6; round += 1) {
      const model = `race-${round}`;
      await registry.version(model, scaled(2));
      const [deployed, deleted] = await Promise.all([
        deployEndpoint(server, model, [{ ref: `${model}@1`, weight: 1 }]),
        mutate(
          round % 2 ? 'deleteModel' : 'deleteModelVersion',
          round % 2 ? { model } : { ref: `${model}@1` },
        ),
      ]);
      const wins = [deployed, deleted].filter(({ __typename }) => __typename.endsWith('Success'));
      expect(wins).toHaveLength(1);
      const isServed = wins[0] === deployed;
      expect((await predict(server, question({ endpoint: model }))).__typename).toBe(
        isServed ? 'PredictSuccess' : 'NotFoundError',
      );
    }
  });

  test('of a promotion and a deletion at the same time one is refused', async () => {
    for (let round = 1; round <= 6; round += 1) {
      const model = `promoted-${round}`;
      await registry.version(model, scaled(2));
      const [promoted, deleted] = await Promise.all([
        registry.promote(`${model}@1`, 'production'),
        mutate('deleteModelVersion', { ref: `${model}@1` }),
      ]);
      const wins = [promoted, deleted].filter(({ __typename }) => __typename.endsWith('Success'));
      expect(wins).toHaveLength(1);
    }
  });
});

describe('what is deleted', () => {
  test('is told of by what happened with it, and its number is never given again', async () => {
    for (const factor of [2, 3, 4]) await registry.version('past', scaled(factor));
    for (const ordinal of [1, 2, 3]) await registry.promote(`past@${ordinal}`, 'production');
    await mutate('deleteModelVersion', { ref: 'past@2' });
    expect(await modelNamed('past')).toEqual({
      versions: { nodes: [{ ref: 'past@1.0.2' }, { ref: 'past@1.0.0' }] },
    });
    expect(await registry.aliasOf('past', 'production')).toMatchObject({
      history: [
        { version: { ref: 'past@1.0.2' } },
        { version: { ref: 'past@1.0.1' } },
        { version: { ref: 'past@1.0.0' } },
      ],
    });
    // What was live before is gone: the way back leads past it.
    expect(await registry.rollBack('past', 'production')).toMatchObject({
      alias: { version: { ref: 'past@1.0.0' } },
    });
    expect(await registry.rollBack('past', 'production')).toMatchObject({
      __typename: 'NothingToRollBackError',
    });
    await mutate('deleteModelVersion', { ref: 'past@3' });
    const again = await registry.register('past', scaled(4));
    expect(again).toMatchObject({ created: true, version: { ordinal: 4, number: '1.0.3' } });
  });
});

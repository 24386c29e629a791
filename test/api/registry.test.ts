import { AttributeProto_AttributeType } from '../../src/kernel/generated/onnx_pb';
import { floats, identity, model, ONNX_TYPE, value } from '../support/onnx-models';
import { RegistryClient, scaled } from '../support/registry-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
let registry: RegistryClient;

beforeAll(async () => {
  server = await startTestServer();
  registry = new RegistryClient(server);
});
afterAll(() => server.stop());

const modelNamed = async (name: string): Promise<unknown> => {
  const query =
    'query ($name: String!) { model(name: $name) { name optimizing { key } versions { nodes { ref } } } }';
  return (await server.data(query, { name })).model;
};
const versionAt = async (ref: string): Promise<unknown> =>
  (await server.data('query ($ref: String!) { modelVersion(ref: $ref) { ref } }', { ref })).modelVersion;

const startRun = async (): Promise<string> => {
  const start =
    'mutation { startRun(input: { experiment: "registry" }) { ... on StartRunSuccess { run { id } } } }';
  return (await server.data<{ startRun: { run: { id: string } } }>(start)).startRun.run.id;
};

const toFloat = { name: 'to', type: AttributeProto_AttributeType.INT, i: BigInt(ONNX_TYPE.FP32) };

const POLICY = {
  optimizing: { key: 'loss', direction: 'MINIMIZE', tolerance: 0.01 },
  limits: [{ key: 'accuracy', comparison: 'GTE', value: 0.9 }],
};

describe('a model file becomes a version', () => {
  test('with the signature that the file declares, and the number 1.0.0', async () => {
    const bytes = scaled(2, 3);
    const { version, created } = await registry.register('plain', bytes, { description: 'The first.' });
    expect(created).toBe(true);
    expect(version).toMatchObject({
      ref: 'plain@1.0.0',
      number: '1.0.0',
      ordinal: 1,
      description: 'The first.',
      reason: { component: 'MAJOR', evidence: [] },
      signature: {
        columns: [],
        inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 3] }],
        labels: null,
      },
      artifact: { sizeBytes: bytes.length, path: 'model.onnx' },
    });
    expect(await modelNamed('plain')).toEqual({
      name: 'plain',
      optimizing: null,
      versions: { nodes: [{ ref: 'plain@1.0.0' }] },
    });
  });

  test('the same bytes again are the version that exists', async () => {
    const first = await registry.register('twice', scaled(3));
    const again = await registry.register('twice', scaled(3), { description: 'Another text.' });
    expect(again).toEqual({ ...first, created: false });
  });

  test('the same bytes under another name are a version of that model', async () => {
    await registry.register('here', scaled(3));
    expect(await registry.register('there', scaled(3))).toMatchObject({
      created: true,
      version: { ref: 'there@1.0.0' },
    });
  });

  test('inputs of one value per row are its columns, and only what the model makes good may be missing', async () => {
    const imputed = model({
      node: [
        { opType: 'IsNaN', input: ['age'], output: ['gone'] },
        { opType: 'Where', input: ['gone', 'mean', 'age'], output: ['known'] },
        { opType: 'Add', input: ['known', 'mass'], output: ['sum'] },
        { opType: 'Cast', input: ['count'], output: ['times'], attribute: [toFloat] },
        { opType: 'Mul', input: ['sum', 'times'], output: ['y'] },
      ],
      input: [
        value('age', 'FP32', ['N', 1]),
        value('mass', 'FP32', ['N', 1]),
        value('count', 'INT64', ['N', 1]),
      ],
      output: [value('y', 'FP32', ['N', 1])],
      initializer: [floats('mean', [1], [40])],
    });
    const { version } = await registry.register('columns', imputed);
    expect(version.signature.columns).toEqual([
      { name: 'age', datatype: 'FP32', nullable: true },
      { name: 'mass', datatype: 'FP32', nullable: false },
      { name: 'count', datatype: 'INT64', nullable: false },
    ]);
  });

  test('names give columns to one tensor; a number that comes out as NaN may not be missing', async () => {
    const { version } = await registry.register('named', scaled(4), {
      columns: [{ input: 'x', names: ['a', 'b'] }],
    });
    expect(version.signature.columns).toEqual([
      { name: 'a', datatype: 'FP32', nullable: false },
      { name: 'b', datatype: 'FP32', nullable: false },
    ]);
  });

  test('metrics come out as they went in, with their data', async () => {
    const dataset = await registry.dataset('exact');
    const metrics = [
      { key: 'nan', value: 'NaN' },
      { key: 'zero', value: '-0' },
      { key: 'loss', value: 0.1, dataset },
    ];
    const { version } = await registry.register('measured', scaled(5), { metrics });
    expect(version.metrics).toEqual([
      { key: 'nan', last: 'NaN', min: null, max: null, lastStep: 0, dataset: null },
      { key: 'zero', last: '-0', min: null, max: null, lastStep: 0, dataset: null },
      { key: 'loss', last: 0.1, min: null, max: null, lastStep: 0, dataset: { ref: dataset } },
    ]);
  });
});

describe('the number says what changed', () => {
  test('MINOR, PIPELINE and MAJOR, each with its reason', async () => {
    await registry.createModel({ name: 'grows', ...POLICY });
    const holdout = await registry.dataset('grows-holdout');
    const other = await registry.dataset('grows-other', 'a,b\n3,4\n');
    const next = async (factor: number, loss: number, dataset = holdout, width = 2) => {
      const metrics = [{ key: 'loss', value: loss, dataset }];
      const { version } = await registry.register('grows', scaled(factor, width), { metrics });
      return {
        number: version.number,
        component: version.reason.component,
        evidence: version.reason.evidence,
      };
    };
    expect(await next(1, 0.5)).toMatchObject({ number: '1.0.0' });
    expect(await next(2, 0.25)).toEqual({
      number: '1.1.0',
      component: 'MINOR',
      evidence: [`loss 0.25 < 0.5 of 1.0.0 on ${holdout} (better by 0.25; the tolerance is 0.01)`],
    });
    expect(await next(3, 0.245)).toMatchObject({ number: '1.1.1', component: 'PIPELINE' });
    expect(await next(4, 0.01, other)).toMatchObject({ number: '1.1.2', component: 'PIPELINE' });
    expect(await next(5, 0.3)).toEqual({
      number: '1.1.3',
      component: 'PIPELINE',
      evidence: [`loss 0.3 > 0.245 of 1.1.1 on ${holdout}`],
    });
    expect(await next(6, 9, holdout, 3)).toMatchObject({
      number: '2.0.0',
      component: 'MAJOR',
      evidence: expect.arrayContaining(['input “x” changed its shape from [-1, 2] to [-1, 3]']),
    });
    // Better than this MAJOR's only version, though worse than some of the MAJOR before.
    expect(await next(7, 1, holdout, 3)).toMatchObject({ number: '2.1.0', component: 'MINOR' });
  });

  test('without a policy nothing is a MINOR', async () => {
    const dataset = await registry.dataset('unruled');
    await registry.register('unruled', scaled(1), { metrics: [{ key: 'loss', value: 1, dataset }] });
    const { version } = await registry.register('unruled', scaled(2), {
      metrics: [{ key: 'loss', value: 0, dataset }],
    });
    expect(version).toMatchObject({
      number: '1.0.1',
      reason: { component: 'PIPELINE', summary: expect.stringContaining('no optimizing metric') },
    });
  });

  test('20 registrations at once get 20 numbers', async () => {
    const files = await Promise.all(Array.from({ length: 20 }, (_, i) => server.upload(scaled(100 + i))));
    const answers = await Promise.all(files.map((sha256) => registry.registerUploaded('crowd', sha256)));
    const versions = answers.map(({ version }) => version);
    expect(new Set(versions.map(({ number }) => number)).size).toBe(20);
    expect(versions.map(({ ordinal }) => ordinal).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
  });

  test('the same bytes from 8 callers at once are one version', async () => {
    const sha256 = await server.upload(scaled(200));
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => registry.registerUploaded('chorus', sha256)),
    );
    expect(new Set(answers.map(({ version }) => version.id)).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
  });
});

describe('a policy is declared once', () => {
  test('an equal one is the model that exists, another one is a conflict', async () => {
    const first = await registry.createModel({ name: 'ruled', description: 'For tests.', ...POLICY });
    expect(first).toMatchObject({
      created: true,
      model: { name: 'ruled', description: 'For tests.', ...POLICY },
    });
    expect(await registry.createModel({ name: 'ruled', ...POLICY })).toEqual({ ...first, created: false });
    const other = { ...POLICY, optimizing: { ...POLICY.optimizing, direction: 'MAXIMIZE' } };
    expect(await registry.createModel({ name: 'ruled', ...other })).toMatchObject({
      __typename: 'NameConflictError',
      code: 'NAME_CONFLICT',
    });
  });

  test('a model that a registration made may be given one', async () => {
    await registry.register('late', scaled(1));
    expect(await registry.createModel({ name: 'late', ...POLICY })).toMatchObject({
      created: false,
      model: POLICY,
    });
    expect(await registry.createModel({ name: 'late', ...POLICY, limits: [] })).toMatchObject({
      __typename: 'NameConflictError',
    });
  });

  test.each([
    ['an empty name', { name: '' }, 'name'],
    ['a name with a slash', { name: 'a/b' }, 'name'],
    ['a name of 256 characters', { name: 'x'.repeat(256) }, 'name'],
    ['a negative tolerance', { optimizing: { ...POLICY.optimizing, tolerance: -1 } }, 'optimizing.tolerance'],
    ['a limit twice', { limits: [...POLICY.limits, ...POLICY.limits] }, 'limits[1]'],
    ['a description of 10 MB', { description: 'x'.repeat(10_000_000) }, 'description'],
  ])('%s is refused', async (_what, change, path) => {
    const answer = await registry.createModel({ name: 'refused', ...POLICY, ...change });
    expect(answer).toMatchObject({ __typename: 'InvalidInputError', issues: [{ path }] });
    expect(await modelNamed('refused')).toBeNull();
  });
});

describe('a retry', () => {
  test('with the same key gets the same answer, also what was created', async () => {
    const first = await registry.register('retried', scaled(1), { idempotencyKey: 'once' });
    expect(await registry.register('retried', scaled(1), { idempotencyKey: 'once' })).toEqual(first);
  });

  test('with the same key and another input is refused', async () => {
    const answer = await registry.register('retried', scaled(2), { idempotencyKey: 'once' });
    expect(answer).toMatchObject({ __typename: 'InvalidInputError', issues: [{ path: 'idempotencyKey' }] });
    expect(await versionAt('retried@1.0.1')).toBeNull();
  });
});

describe('what was registered is found', () => {
  test('by reference; and null where a reference names nothing', async () => {
    await registry.register('found', scaled(1));
    expect(await versionAt('found@1.0.0')).toEqual({ ref: 'found@1.0.0' });
    for (const ref of [
      'found',
      'found@production',
      'found@1.0.1',
      'found@',
      'f\0und@1.0.0',
      '../found@1.0.0',
      '',
    ]) {
      expect(await versionAt(ref)).toBeNull();
    }
  });

  test('by id, as model and as version', async () => {
    const { version } = await registry.register('noded', scaled(1));
    const query =
      'query ($id: ID!) { node(id: $id) { __typename id ... on ModelVersion { ref model { id } } ... on Model { name } } }';
    const find = async (id: string) =>
      (await server.data<{ node: { id: string; model: { id: string } } }>(query, { id })).node;
    const found = await find(version.id);
    expect(found).toEqual({
      __typename: 'ModelVersion',
      id: version.id,
      ref: 'noded@1.0.0',
      model: { id: expect.any(String) },
    });
    const { id } = found.model;
    expect(await find(id)).toEqual({ __typename: 'Model', id, name: 'noded' });
  });

  test('from the run that made it', async () => {
    const runId = await startRun();
    await registry.register('made', scaled(1), { runId });
    const query = 'query ($id: ID!) { run(id: $id) { registeredVersions { ref run { id } } } }';
    expect(await server.data(query, { id: runId })).toEqual({
      run: { registeredVersions: [{ ref: 'made@1.0.0', run: { id: runId } }] },
    });
  });

  test('models by filter, page by page, newest first', async () => {
    for (const name of ['page a', 'page b', 'page c']) await registry.createModel({ name, ...POLICY });
    const query = `query ($after: String) { models(filter: "name LIKE 'page %'", first: 2, after: $after) {
      nodes { name } pageInfo { hasNextPage endCursor } } }`;
    const { models: first } = await server.data<{ models: { pageInfo: { endCursor: string } } }>(query);
    expect(first).toMatchObject({
      nodes: [{ name: 'page c' }, { name: 'page b' }],
      pageInfo: { hasNextPage: true },
    });
    const { models: second } = await server.data(query, { after: first.pageInfo.endCursor });
    expect(second).toMatchObject({ nodes: [{ name: 'page a' }], pageInfo: { hasNextPage: false } });
  });

  test('a filter or cursor that is none is told', async () => {
    for (const args of [
      'filter: "colour = \'red\'"',
      'filter: "name = "',
      'after: "x"',
      'first: 0',
      'first: 101',
    ]) {
      const { errors } = await server.graphql(`{ models(${args}) { nodes { name } } }`);
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    }
  });

  test('versions page by page, newest first, with as many statements for a page of 50 as for 2', async () => {
    const dataset = await registry.dataset('many');
    const runId = await startRun();
    const files = await Promise.all(
      Array.from({ length: 51 }, (_, i) => server.upload(identity('FP32', ['N', i + 2]))),
    );
    for (const sha256 of files) {
      await registry.registerUploaded('many', sha256, {
        runId,
        metrics: [{ key: 'loss', value: 1, dataset }],
        datasets: [dataset],
      });
    }
    await registry.promote('many@1.0.0', 'old');
    await registry.promote('many@51.0.0', 'new');
    const query = `query ($first: Int) { model(name: "many") { versions(first: $first) {
      nodes { ref model { name } run { id } metrics { dataset { ref } } aliases { name history(first: 1) { version { ref } } } artifact { sha256 } }
      pageInfo { hasNextPage endCursor } } } }`;
    type Versions = { nodes: { ref: string }[]; pageInfo: { hasNextPage: boolean } };
    const page = (first: number) => server.data<{ model: { versions: Versions } }>(query, { first });
    const { versions } = (await page(50)).model;
    expect(versions.nodes.map(({ ref }) => ref)).toEqual(
      Array.from({ length: 50 }, (_, i) => `many@${51 - i}.0.0`),
    );
    expect(versions.pageInfo.hasNextPage).toBe(true);
    const statements = await server.statementCount(() => page(2));
    expect(await server.statementCount(() => page(50))).toBe(statements);
  });
});

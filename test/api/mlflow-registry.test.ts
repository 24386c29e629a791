import { createHash } from 'node:crypto';
import { MlflowClient } from '../support/mlflow-client';
import { logModel, onnxFiles, pickledFiles, putFiles } from '../support/mlflow-models';
import { MlflowRegistry, refusedWith } from '../support/mlflow-registry';
import { externalData, sequenceOutput } from '../support/onnx-models';
import { RegistryClient, scaled } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
let mlflow: MlflowClient;
let models: MlflowRegistry;
let registry: RegistryClient;
beforeAll(async () => {
  server = await startTestServer();
  mlflow = new MlflowClient(server);
  models = new MlflowRegistry(mlflow);
  registry = new RegistryClient(server);
});
afterAll(() => server.stop());

const versionByRef = async (ref: string) =>
  (
    await server.data<{ modelVersion: Record<string, unknown> }>(
      `query ($ref: String!) { modelVersion(ref: $ref) {
        id ref number ordinal format description tags { key value } files { path sizeBytes } run { id }
        signature { inputs { name } } metrics { key last } aliases { name } artifact { path } deletedAt } }`,
      { ref },
    )
  ).modelVersion;

describe('a model in ONNX flavour', () => {
  test('is the version that GraphQL shows, with its lineage, and predicts', async () => {
    const { runId, source } = await logModel(mlflow, 'onnx', onnxFiles(scaled(2)));
    await mlflow.must('POST', 'runs/log-metric', {
      ...{ run_id: runId, key: 'accuracy', value: 0.9, timestamp: 1_700_000_000_000 },
    });
    await models.newModel('onnx', { description: 'For tests.', tags: [{ key: 'team', value: 'a' }] });
    const made = await models.newVersion('onnx', {
      ...{ ...source, description: 'first', tags: [{ key: 't', value: '1' }] },
    });
    expect(made).toMatchObject({
      ...{ name: 'onnx', version: '1', run_id: runId, status: 'READY', current_stage: 'None' },
      tags: [
        { key: 't', value: '1' },
        { key: 'modelgraph.version', value: '1.0.0' },
      ],
    });
    const seen = await versionByRef('onnx@1');
    expect(seen).toMatchObject({
      ...{ ref: 'onnx@1.0.0', ordinal: 1, format: 'ONNX', description: 'first', run: { id: runId } },
      tags: [{ key: 't', value: '1' }],
      files: [{ path: 'MLmodel' }, { path: 'model.onnx' }, { path: 'requirements.txt' }],
      signature: { inputs: [{ name: 'x' }] },
      metrics: [{ key: 'accuracy', last: 0.9 }],
      artifact: { path: 'model.onnx' },
    });
    const { lineage } = await server.data<{ lineage: { nodes: object[] } }>(
      'query ($of: String) { lineage(of: $of, direction: UPSTREAM) { nodes { kind label } } }',
      { of: 'onnx@1.0.0' },
    );
    expect(lineage.nodes.map((node) => (node as { kind: string }).kind).sort()).toEqual([
      'ARTIFACT',
      'MODEL_VERSION',
      'RUN',
    ]);

    expect(await deployEndpoint(server, 'onnx', [{ ref: 'onnx@1.0.0', weight: 1 }])).toMatchObject({
      __typename: 'DeployEndpointSuccess',
    });
    const asked = {
      endpoint: 'onnx',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }],
    };
    expect(await predict(server, asked)).toMatchObject({ outputs: [{ name: 'y', data: [2, 4] }] });
  });

  test('is refused with the sentence that says how to export it', async () => {
    const zipMap = await logModel(mlflow, 'zipmap', onnxFiles(sequenceOutput({ maps: true })));
    await models.newModel('refused');
    expect(
      await mlflow.call('POST', 'model-versions/create', { name: 'refused', ...zipMap.source }),
    ).toMatchObject(refusedWith('INVALID_PARAMETER_VALUE', /ZipMap.*skl2onnx.*options=\{'zipmap': False\}/));
    const external = await logModel(mlflow, 'external', onnxFiles(externalData('weights.bin')));
    expect(
      await mlflow.call('POST', 'model-versions/create', { name: 'refused', ...external.source }),
    ).toMatchObject(refusedWith('INVALID_PARAMETER_VALUE', /one file.*save_as_external_data=False/));
    expect(await models.readModel('refused')).not.toHaveProperty('latest_versions');
  });
});

describe('a model in another flavour', () => {
  test('is kept and handed out, and is not deployed', async () => {
    const { source, experimentId, modelId } = await logModel(mlflow, 'pickled', pickledFiles());
    await models.newModel('pickled');
    expect(await models.newVersion('pickled', source)).toMatchObject({ version: '1', status: 'READY' });
    expect(await versionByRef('pickled@1')).toMatchObject({
      ...{ format: 'OPAQUE', signature: { inputs: [] }, artifact: { path: 'files.json' } },
      files: [
        { path: 'MLmodel', sizeBytes: expect.any(Number) },
        { path: 'model.pkl', sizeBytes: 19 },
      ],
    });
    const asked = { name: 'pickled', version: '1' };
    const { artifact_uri: uri } = await mlflow.must('GET', 'model-versions/get-download-uri', asked);
    expect(uri).toBe(`mlflow-artifacts:/${experimentId}/models/${modelId}/artifacts`);
    expect(await deployEndpoint(server, 'pickled', [{ ref: 'pickled@1.0.0', weight: 1 }])).toMatchObject({
      __typename: 'InvalidInputError',
      issues: [{ path: 'variants[0].ref', actual: expect.stringContaining('never opened') }],
    });
    const question = {
      ref: 'pickled@1.0.0',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1], data: [1] }],
    };
    expect(await predict(server, question)).toMatchObject({
      ...{ __typename: 'NotFoundError', message: expect.stringContaining('never opened') },
    });
  });

  test('does not go live where an endpoint would have to run it', async () => {
    await registry.version('followed', scaled(2));
    await registry.promote('followed@1.0.0', 'production');
    await deployEndpoint(server, 'followed', [{ ref: 'followed@production', weight: 1 }]);
    const { source } = await logModel(mlflow, 'followed', pickledFiles());
    expect(await models.newVersion('followed', source)).toMatchObject({ version: '2' });
    expect(await registry.promote('followed@2', 'production', { acceptContractBreak: true })).toMatchObject({
      __typename: 'InvalidInputError',
      message: expect.stringContaining('followed'),
    });
    expect(await registry.promote('followed@2', 'elsewhere')).toMatchObject({
      __typename: 'PromoteModelVersionSuccess',
    });
  });

  test('does not go live where one of its files has changed on the disk', async () => {
    const pickle = `a pickle of its own ${Math.PI}`;
    const { source } = await logModel(mlflow, 'damaged', pickledFiles(pickle));
    await models.newModel('damaged');
    await models.newVersion('damaged', source);
    const sha256 = createHash('sha256').update(pickle).digest('hex');
    await server.store.spoil(sha256, 'x'.repeat(pickle.length));
    const alias = { name: 'damaged', alias: 'champion', version: '1' };
    expect(await mlflow.call('POST', 'registered-models/alias', alias)).toMatchObject(
      refusedWith('INVALID_PARAMETER_VALUE', new RegExp(`integrity: model.pkl: .*${sha256}`)),
    );
  });

  test('whose MLmodel is anything is kept all the same', async () => {
    await models.newModel('odd');
    for (const [index, text] of ['{[', '['.repeat(100_000), 'a: &a [*a]', '!!js/function x'].entries()) {
      const { source } = await logModel(mlflow, `odd-${index}`, { MLmodel: text });
      expect(await models.newVersion('odd', source)).toMatchObject({ version: String(index + 1) });
    }
  });
});

describe('a source', () => {
  test('again is a new version here, and elsewhere the newest version of its bytes', async () => {
    const bytes = scaled(7);
    const { source } = await logModel(mlflow, 'again', onnxFiles(bytes));
    await models.newModel('again');
    expect([
      await models.newVersion('again', source),
      await models.newVersion('again', source),
    ]).toMatchObject([{ version: '1' }, { version: '2' }]);
    expect(await registry.register('again', bytes)).toMatchObject({
      created: false,
      version: { ordinal: 2, number: '1.0.1' },
    });
  });

  test('registered by 16 callers at once is 16 versions, one after the other', async () => {
    const { source } = await logModel(mlflow, 'crowd', pickledFiles());
    await models.newModel('crowd');
    const versions = await Promise.all(Array.from({ length: 16 }, () => models.newVersion('crowd', source)));
    expect(versions.map(({ version }) => Number(version)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 16 }, (_, index) => index + 1),
    );
  });

  test('may be the files of a run, named in two ways, or a version of another model', async () => {
    const experimentId = await mlflow.experiment('of-run');
    const { run_id: runId, artifact_uri: uri } = (await mlflow.run(experimentId)).info;
    await putFiles(mlflow, `${uri}/a/model`, pickledFiles());
    await models.newModel('of-run');
    for (const source of [`runs:/${runId}/a/model`, `${uri}/a/model`]) {
      const made = await models.newVersion('of-run', { source, run_id: runId });
      expect(made).toMatchObject({ source, run_id: runId });
      const asked = { name: 'of-run', version: made.version };
      expect(await mlflow.must('GET', 'model-versions/get-download-uri', asked)).toEqual({
        artifact_uri: `${uri}/a/model`,
      });
    }
    await models.newModel('copied');
    expect(await models.newVersion('copied', { source: 'models:/of-run/1' })).toMatchObject({
      ...{ version: '1', source: 'models:/of-run/1', run_id: runId },
    });
    expect(await versionByRef('copied@1')).toMatchObject({
      files: [{ path: 'MLmodel' }, { path: 'model.pkl' }],
    });
  });

  test.each([
    'file:///etc',
    '/etc/passwd',
    'https://example.com/m',
    's3://bucket/m',
    'runs:/RUN/../other',
    'runs:/RUN/%2e%2e\\x',
    'mlflow-artifacts:/0/RUN/artifacts/../../x',
    'mlflow-artifacts://elsewhere/x',
    'runs:/RUN/nothing',
    'models:/..',
    'dummy-source',
  ])('that is not ours is refused: %s', async (source) => {
    const name = 'not-ours';
    await mlflow.call('POST', 'registered-models/create', { name });
    const runId = (await mlflow.run('0')).info.run_id;
    const asked = { name, source: source.replace('RUN', runId), run_id: runId };
    expect(await mlflow.call('POST', 'model-versions/create', asked)).toMatchObject(
      refusedWith('INVALID_PARAMETER_VALUE'),
    );
  });

  test('that says one run and is of another is refused', async () => {
    const experimentId = await mlflow.experiment('two-runs');
    const { run_id: runId, artifact_uri: uri } = (await mlflow.run(experimentId)).info;
    const other = (await mlflow.run(experimentId)).info.run_id;
    await putFiles(mlflow, `${uri}/model`, pickledFiles());
    await models.newModel('two-runs');
    const asked = { name: 'two-runs', source: `runs:/${runId}/model`, run_id: other };
    expect(await mlflow.call('POST', 'model-versions/create', asked)).toMatchObject(
      refusedWith('INVALID_PARAMETER_VALUE', /is of the run/),
    );
  });
});

describe('aliases', () => {
  test('move where gates pass, and the gates speak where they do not', async () => {
    const limits = [{ key: 'accuracy', comparison: 'GTE', value: 0.9 }];
    await registry.createModel({ name: 'gated', optimizing: { key: 'loss', direction: 'MINIMIZE' }, limits });
    const logged = await logModel(mlflow, 'gated', onnxFiles(scaled(3)));
    const measured = (value: number) =>
      mlflow.must('POST', 'runs/log-metric', {
        ...{ run_id: logged.runId, key: 'accuracy', value, timestamp: 1_700_000_000_000 + value * 1_000 },
      });
    const champion = { name: 'gated', alias: 'champion' };
    await measured(0.8);
    await models.newVersion('gated', logged.source);
    expect(await mlflow.call('POST', 'registered-models/alias', { ...champion, version: '1' })).toMatchObject(
      refusedWith('INVALID_PARAMETER_VALUE', /gates did not pass.*accuracy/s),
    );
    expect(await mlflow.call('GET', 'registered-models/alias', champion)).toMatchObject(
      refusedWith('INVALID_PARAMETER_VALUE'),
    );
    await measured(0.95);
    await models.newVersion('gated', logged.source);
    expect(await mlflow.must('POST', 'registered-models/alias', { ...champion, version: 2 })).toEqual({});
    expect(await mlflow.must('GET', 'registered-models/alias', champion)).toMatchObject({
      model_version: { version: '2', aliases: ['champion'] },
    });
    expect(await registry.aliasOf('gated', 'champion')).toMatchObject({ version: { ref: 'gated@1.0.1' } });
  });

  test('go, and come back with their history', async () => {
    await registry.version('leaving', scaled(4));
    const alias = { name: 'leaving', alias: 'best' };
    const set = () => mlflow.must('POST', 'registered-models/alias', { ...alias, version: '1' });
    await set();
    expect(await models.readModel('leaving')).toMatchObject({ aliases: [{ alias: 'best', version: '1' }] });
    for (let taken = 0; taken < 2; taken += 1) {
      expect(await mlflow.must('DELETE', 'registered-models/alias', alias)).toEqual({});
      expect(await models.readModel('leaving')).not.toHaveProperty('aliases');
    }
    expect(await registry.aliasOf('leaving', 'best')).toBeNull();
    await set();
    expect(await registry.aliasOf('leaving', 'best')).toMatchObject({
      revision: 3,
      history: [
        { kind: 'PROMOTION', revision: 3 },
        { kind: 'REMOVAL', revision: 2 },
        { kind: 'PROMOTION', revision: 1 },
      ],
    });
  });

  test.each(['latest', 'LATEST', 'v1', '1', 'a b', ''])('are not called “%s”', async (alias) => {
    await registry.version('alias-names', scaled(4));
    const asked = { name: 'alias-names', alias, version: '1' };
    expect(await mlflow.call('POST', 'registered-models/alias', asked)).toMatchObject(
      refusedWith('INVALID_PARAMETER_VALUE'),
    );
  });

  test('lead to versions that there are', async () => {
    await registry.version('alias-versions', scaled(4));
    const asked = (version: unknown) => ({ name: 'alias-versions', alias: 'x', version });
    expect(await mlflow.call('POST', 'registered-models/alias', asked('99'))).toMatchObject(
      refusedWith('RESOURCE_DOES_NOT_EXIST', '', 404),
    );
    expect(await mlflow.call('POST', 'registered-models/alias', asked('one'))).toMatchObject(
      refusedWith('INVALID_PARAMETER_VALUE'),
    );
  });

  test('and versions that an endpoint follows stay', async () => {
    await registry.version('in-use', scaled(4));
    await registry.promote('in-use@1.0.0', 'production');
    await deployEndpoint(server, 'in-use', [{ ref: 'in-use@production', weight: 1 }]);
    const inUse = refusedWith('INVALID_PARAMETER_VALUE', /endpoints name it \(in-use\)/);
    const name = 'in-use';
    expect(
      await mlflow.call('DELETE', 'registered-models/alias', { name, alias: 'production' }),
    ).toMatchObject(inUse);
    expect(await mlflow.call('DELETE', 'model-versions/delete', { name, version: '1' })).toMatchObject(
      refusedWith('INVALID_PARAMETER_VALUE', /aliases point at it \(production\)/),
    );
    expect(await mlflow.call('DELETE', 'registered-models/delete', { name })).toMatchObject(inUse);
    expect(
      await mlflow.call('POST', 'registered-models/rename', { name, new_name: 'other-name' }),
    ).toMatchObject(inUse);
  });
});

import { MlflowClient } from '../support/mlflow-client';
import { logModel, pickledFiles } from '../support/mlflow-models';
import {
  MlflowRegistry,
  refusedWith,
  type RegisteredModel,
  type RegisteredVersion,
} from '../support/mlflow-registry';
import { RegistryClient, scaled } from '../support/registry-client';
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
        format description tags { key value } files { path } } }`,
      { ref },
    )
  ).modelVersion;

describe('words about models and versions', () => {
  test('change, and their times with them', async () => {
    const { source } = await logModel(mlflow, 'words', pickledFiles());
    const before = await models.newModel('words');
    expect(before).not.toHaveProperty('description');
    const made = await models.newVersion('words', source);
    const name = 'words';
    await mlflow.must('PATCH', 'registered-models/update', { name, description: 'What it is.' });
    await mlflow.must('POST', 'registered-models/set-tag', { name, key: 'k', value: 'v' });
    await mlflow.must('POST', 'registered-models/set-tag', { name, key: 'empty' });
    await mlflow.must('DELETE', 'registered-models/delete-tag', { name, key: 'never there' });
    const one = { name, version: '1' };
    await mlflow.must('PATCH', 'model-versions/update', { ...one, description: 'The first.' });
    await mlflow.must('POST', 'model-versions/set-tag', { ...one, key: '__proto__', value: 'v' });
    await mlflow.must('POST', 'model-versions/set-tag', { ...one, key: 'gone', value: 'v' });
    await mlflow.must('DELETE', 'model-versions/delete-tag', { ...one, key: 'gone' });
    expect(await models.readModel(name)).toMatchObject({
      description: 'What it is.',
      tags: [
        { key: 'empty', value: '' },
        { key: 'k', value: 'v' },
      ],
    });
    const version = await models.readVersion(name, '1');
    expect(version).toMatchObject({
      description: 'The first.',
      tags: [
        { key: '__proto__', value: 'v' },
        { key: 'modelgraph.version', value: '1.0.0' },
      ],
    });
    expect(version.last_updated_timestamp).toBeGreaterThanOrEqual(made.creation_timestamp);
    expect(await versionByRef('words@1')).toMatchObject({
      ...{ description: 'The first.', tags: [{ key: '__proto__', value: 'v' }] },
    });
  });

  test('are found by', async () => {
    for (const [name, odd] of Object.entries({ 'found-a': '1', 'found-b': '0', 'found-c': '1' }))
      await models.newModel(name, { tags: [{ key: 'odd', value: odd }] });
    const names = async (filter: string, more: object = {}) => {
      const asked = { filter, max_results: 10, ...more };
      const { registered_models: found = [] } = await mlflow.must<{ registered_models?: RegisteredModel[] }>(
        ...(['GET', 'registered-models/search', asked] as const),
      );
      return found.map(({ name }) => name);
    };
    expect(await names("name LIKE 'found-%' AND tags.odd = '1'")).toEqual(['found-a', 'found-c']);
    expect(await names("name ILIKE 'FOUND-%'", { order_by: ['name DESC'] })).toEqual([
      ...['found-c', 'found-b', 'found-a'],
    ]);
    const unlessPrompt = "name LIKE 'found-%' AND tag.`mlflow.prompt.is_prompt` != 'true'";
    expect(await names(unlessPrompt)).toHaveLength(3);
    expect(await names("name LIKE 'found-%' AND tags.other != '1'")).toEqual([]);
    for (const filter of ["colour = 'red'", 'name = 5', "name < 'a'", "version_number = '1'"])
      expect(await mlflow.call('GET', 'registered-models/search', { filter })).toMatchObject(
        refusedWith('INVALID_PARAMETER_VALUE'),
      );
    for (const wrong of [{ max_results: 1_001 }, { page_token: 'x' }, { order_by: ['colour'] }])
      expect(await mlflow.call('GET', 'registered-models/search', wrong)).toMatchObject(
        refusedWith('INVALID_PARAMETER_VALUE'),
      );
  });

  test('and versions by their run, their source and their number, page by page', async () => {
    const { source, runId } = await logModel(mlflow, 'versions-found', pickledFiles());
    await models.newModel('versions-found');
    for (const n of ['0', '1', '0'])
      await models.newVersion('versions-found', { ...source, tags: [{ key: 'n', value: n }] });
    const find = async (filter: string, more: object = {}) => {
      type Page = { model_versions?: RegisteredVersion[]; next_page_token?: string };
      const page = await mlflow.must<Page>('GET', 'model-versions/search', { filter, ...more });
      return { found: (page.model_versions ?? []).map(({ version }) => version), next: page.next_page_token };
    };
    expect((await find(`run_id = '${runId}'`)).found).toEqual(['3', '2', '1']);
    expect((await find(`source_path = '${source.source}' AND tags.n = '1'`)).found).toEqual(['2']);
    const ofModel = "name = 'versions-found'";
    expect((await find(`${ofModel} AND version_number > 1`)).found).toEqual(['3', '2']);
    const paged = { max_results: 2, order_by: ['version_number ASC'] };
    const first = await find(ofModel, paged);
    expect(first.found).toEqual(['1', '2']);
    const second = await find(ofModel, { ...paged, page_token: first.next });
    expect(second).toEqual({ found: ['3'], next: undefined });
    const otherwise = {
      ...paged,
      filter: ofModel,
      order_by: ['version_number DESC'],
      page_token: first.next,
    };
    expect(await mlflow.call('GET', 'model-versions/search', otherwise)).toMatchObject(
      refusedWith('INVALID_PARAMETER_VALUE'),
    );
    expect(
      await mlflow.call('GET', 'model-versions/search', { filter: "version_number LIKE '1'" }),
    ).toMatchObject(refusedWith('INVALID_PARAMETER_VALUE'));
  });
});

describe('stages', () => {
  test('are kept for clients that have them', async () => {
    const { source } = await logModel(mlflow, 'stages', pickledFiles());
    await models.newModel('stages');
    for (let made = 0; made < 3; made += 1) await models.newVersion('stages', source);
    const move = (version: string, stage: string, archive = false) =>
      mlflow.call('POST', 'model-versions/transition-stage', {
        ...{ name: 'stages', version, stage, archive_existing_versions: archive },
      });
    await move('1', 'Production');
    expect(await move('2', 'production', true)).toMatchObject({
      body: { model_version: { current_stage: 'Production' } },
    });
    expect(await models.readVersion('stages', '1')).toMatchObject({ current_stage: 'Archived' });
    const latest = async (fields: object, method = 'POST') =>
      (
        await mlflow.must<{ model_versions: RegisteredVersion[] }>(
          method,
          'registered-models/get-latest-versions',
          {
            name: 'stages',
            ...fields,
          },
        )
      ).model_versions.map(({ version, current_stage: stage }) => `${version} ${stage}`);
    expect(await latest({})).toEqual(['1 Archived', '2 Production', '3 None']);
    expect(await latest({ stages: ['production', 'None'] }, 'GET')).toEqual(['2 Production', '3 None']);
    expect(await move('1', 'Moon')).toMatchObject(refusedWith('INVALID_PARAMETER_VALUE'));
    expect(await move('1', 'None', true)).toMatchObject(refusedWith('INVALID_PARAMETER_VALUE'));
  });
});

describe('models and versions', () => {
  test('are called otherwise, and go', async () => {
    const { source } = await logModel(mlflow, 'going', pickledFiles());
    await models.newModel('going');
    await models.newModel('taken');
    for (let made = 0; made < 2; made += 1) await models.newVersion('going', source);
    const rename = (new_name: string) =>
      mlflow.call('POST', 'registered-models/rename', { name: 'going', new_name });
    expect(await rename('taken')).toMatchObject(refusedWith('RESOURCE_ALREADY_EXISTS'));
    expect(await rename('a/b')).toMatchObject(refusedWith('INVALID_PARAMETER_VALUE'));
    expect(await rename('gone')).toMatchObject({ body: { registered_model: { name: 'gone' } } });
    const missing = refusedWith('RESOURCE_DOES_NOT_EXIST', '', 404);
    expect(await rename('again')).toMatchObject(missing);
    expect(await models.readVersion('gone', '2')).toMatchObject({ name: 'gone' });

    await mlflow.must('DELETE', 'model-versions/delete', { name: 'gone', version: '2' });
    expect(await mlflow.call('GET', 'model-versions/get', { name: 'gone', version: '2' })).toMatchObject(
      missing,
    );
    expect(await models.newVersion('gone', source)).toMatchObject({ version: '3' });
    await mlflow.must('DELETE', 'registered-models/delete', { name: 'gone' });
    expect(await mlflow.call('DELETE', 'registered-models/delete', { name: 'gone' })).toMatchObject(missing);
    expect(await versionByRef('gone@3')).toBeNull();
    await models.newModel('gone');
    expect(await models.newVersion('gone', source)).toMatchObject({ version: '1' });
  });

  test('that are missing, are there already or have no good name say so', async () => {
    await models.newModel('there');
    const create = (fields: object) => mlflow.call('POST', 'registered-models/create', fields);
    expect(await create({ name: 'there' })).toMatchObject(refusedWith('RESOURCE_ALREADY_EXISTS'));
    for (const name of ['', 'a/b', 'a:b', '../a', 'a\0b', 5])
      expect(await create({ name })).toMatchObject(refusedWith('INVALID_PARAMETER_VALUE'));
    const version = (fields: object) =>
      mlflow.call('GET', 'model-versions/get', { name: 'there', ...fields });
    expect(await version({ version: '1' })).toMatchObject(refusedWith('RESOURCE_DOES_NOT_EXIST', '', 404));
    expect(await version({ version: 'abc' })).toMatchObject(refusedWith('INVALID_PARAMETER_VALUE'));
    expect(await version({})).toMatchObject(refusedWith('INVALID_PARAMETER_VALUE'));
    const { source } = await logModel(mlflow, 'nobody', pickledFiles());
    const unknown = { name: 'nobody knows it', ...source };
    expect(await mlflow.call('POST', 'model-versions/create', unknown)).toMatchObject(
      refusedWith('RESOURCE_DOES_NOT_EXIST', '', 404),
    );
  });

  test('that GraphQL registered are told here too', async () => {
    await registry.version('from-graphql', scaled(2));
    expect(await models.readVersion('from-graphql', '1')).toMatchObject({
      ...{ version: '1', source: expect.stringMatching(/^modelgraph:\/artifacts\/sha256\/[0-9a-f]{64}$/) },
      tags: [{ key: 'modelgraph.version', value: '1.0.0' }],
    });
  });

  test('that are prompts have tags and no files', async () => {
    const isPrompt = { key: 'mlflow.prompt.is_prompt', value: 'true' };
    const text = { key: 'mlflow.prompt.text', value: 'Say {{word}}.' };
    await models.newModel('prompt', { tags: [isPrompt] });
    for (const version of ['1', '2'])
      expect(
        await models.newVersion('prompt', { source: 'dummy-source', tags: [isPrompt, text] }),
      ).toMatchObject({
        version,
        source: 'dummy-source',
      });
    expect(await versionByRef('prompt@2')).toMatchObject({ format: 'OPAQUE', files: [] });
  });

  test('need the right to write them, and aliases the right to move them', async () => {
    const viewer = new MlflowClient(await server.as('viewer'));
    const denied = { status: 403, body: { error_code: 'PERMISSION_DENIED' } };
    expect(await viewer.call('POST', 'registered-models/create', { name: 'mine' })).toMatchObject(denied);
    await registry.version('theirs', scaled(2));
    const alias = { name: 'theirs', alias: 'x', version: '1' };
    expect(await viewer.call('POST', 'registered-models/alias', alias)).toMatchObject(denied);
    expect(await viewer.call('GET', 'registered-models/get', { name: 'theirs' })).toMatchObject({
      status: 200,
    });
  });
});

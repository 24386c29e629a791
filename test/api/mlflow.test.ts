import { MlflowClient } from '../support/mlflow-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
let mlflow: MlflowClient;
let experimentId: string;
beforeAll(async () => {
  server = await startTestServer();
  mlflow = new MlflowClient(server);
  experimentId = await mlflow.experiment('from MLflow');
});
afterAll(() => server.stop());

const newRun = async (fields: object = {}) => (await mlflow.run(experimentId, fields)).info.run_id;

describe('who may call', () => {
  test('health and version need no credential, the calls do', async () => {
    expect(await (await fetch(`${server.url}/health`)).text()).toBe('OK');
    expect(await (await fetch(`${server.url}/version`)).text()).toMatch(/^\d+\.\d+\.\d+$/);
    const response = await fetch(`${server.url}/api/2.0/mlflow/experiments/get?experiment_id=0`);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error_code: 'UNAUTHENTICATED' });
  });

  test.each([
    ['the key as the password of anybody', (key: string) => `anybody:${key}`, 200],
    ['a wrong password', () => `anybody:mg_${'x'.repeat(43)}`, 401],
    ['the key as the user', (key: string) => `${key}:`, 401],
    ['no colon', (key: string) => key, 401],
  ])('user name and password: %s', async (_, text, status) => {
    const authorization = `Basic ${Buffer.from(text(server.key)).toString('base64')}`;
    const url = `${server.url}/api/2.0/mlflow/experiments/get?experiment_id=0`;
    expect((await fetch(url, { headers: { authorization } })).status).toBe(status);
  });

  test('the same calls are below the paths of MLflow’s own pages', async () => {
    const pages = new MlflowClient(server, '/ajax-api/2.0/mlflow');
    expect((await pages.call('GET', 'experiments/get', { experiment_id: '0' })).status).toBe(200);
    expect(await mlflow.raw('GET', '/api/3.0/mlflow/server-info')).toMatchObject({
      status: 200,
      body: { multipart_uploads_enabled: true },
    });
    expect(await mlflow.call('POST', 'no/such/call')).toMatchObject({
      status: 404,
      body: { error_code: 'ENDPOINT_NOT_FOUND' },
    });
  });
});

describe('runs', () => {
  test('a run takes everything after its end, and may be taken up again', async () => {
    const runId = await newRun();
    const update = (fields: object) => mlflow.must('POST', 'runs/update', { run_id: runId, ...fields });
    await update({ status: 'FINISHED', end_time: 1_700_000_005_000 });
    await mlflow.must('POST', 'runs/log-parameter', { run_id: runId, key: 'late', value: 'yes' });
    await mlflow.must('POST', 'runs/set-tag', { run_id: runId, key: 'mlflow.runName', value: 'named late' });
    expect((await mlflow.read(runId)).info).toMatchObject({
      run_name: 'named late',
      status: 'FINISHED',
      end_time: 1_700_000_005_000,
    });
    expect(await update({ status: 'RUNNING' })).toMatchObject({ run_info: { status: 'RUNNING' } });
    expect(await update({ status: 'KILLED' })).toMatchObject({ run_info: { status: 'KILLED' } });
  });

  test('a parent that is no run stays the tag that the client has set', async () => {
    const runId = await newRun({ tags: [{ key: 'mlflow.parentRunId', value: 'somewhere else' }] });
    expect((await mlflow.read(runId)).data.tags).toContainEqual({
      key: 'mlflow.parentRunId',
      value: 'somewhere else',
    });
  });

  test('no experiment of another project takes a run, and none that is deleted', async () => {
    const stranger = new MlflowClient(await server.as('admin', 'another-project'));
    const start = (client: MlflowClient, id: string) =>
      client.call('POST', 'runs/create', { experiment_id: id, start_time: 1 });
    expect(await start(stranger, experimentId)).toMatchObject({
      status: 404,
      body: { error_code: 'RESOURCE_DOES_NOT_EXIST' },
    });
    const gone = await mlflow.experiment('gone');
    await mlflow.must('POST', 'experiments/delete', { experiment_id: gone });
    expect(await start(mlflow, gone)).toMatchObject({
      status: 400,
      body: { error_code: 'INVALID_PARAMETER_VALUE' },
    });
  });

  test('the default experiment is there without being made', async () => {
    const { info } = await mlflow.run('0');
    expect(info).toMatchObject({
      experiment_id: '0',
      artifact_uri: `mlflow-artifacts:/0/${info.run_id}/artifacts`,
    });
  });
});

describe('a batch', () => {
  const point = { key: 'loss', value: 1, timestamp: 1, step: 0 };
  test.each([
    ['a metric without a value', { metrics: [point, { key: 'x', timestamp: 1 }] }, 'metrics[1].value'],
    ['a metric with a text for a value', { metrics: [{ ...point, value: 'high' }] }, 'metrics[0].value'],
    ['a step beyond 64 bits', { metrics: [{ ...point, step: '9223372036854775808' }] }, 'metrics[0].step'],
    ['a param without a key', { params: [{ value: '1' }] }, 'params[0].key'],
    ['a key that is a path', { tags: [{ key: '../b', value: '' }] }, 'resolve'],
    ['a key that is too long', { tags: [{ key: 'k'.repeat(251), value: '' }] }, '250'],
    ['1,001 metrics', { metrics: Array.from({ length: 1_001 }, () => point) }, '1000 metrics'],
    [
      '101 params',
      { params: Array.from({ length: 101 }, (_, n) => ({ key: `p${n}`, value: '' })) },
      '100 params',
    ],
    ['a list that is none', { metrics: 'x' }, 'metrics'],
  ])('with %s is refused at its place, and nothing of it is kept', async (_, fields, place) => {
    const runId = await newRun();
    const good = { params: [{ key: 'good', value: '1' }] };
    const { status, body } = await mlflow.call('POST', 'runs/log-batch', {
      run_id: runId,
      ...good,
      ...fields,
    });
    expect({ status, code: body.error_code }).toEqual({ status: 400, code: 'INVALID_PARAMETER_VALUE' });
    expect(body.message).toContain(place);
    expect((await mlflow.read(runId)).data.params).toBeUndefined();
  });

  test('whose param differs from the one that is there keeps neither metrics nor tags', async () => {
    const runId = await newRun();
    await mlflow.must('POST', 'runs/log-parameter', { run_id: runId, key: 'lr', value: '1' });
    const batch = {
      metrics: [point],
      params: [{ key: 'lr', value: '2' }],
      tags: [{ key: 'late', value: '' }],
    };
    expect(await mlflow.call('POST', 'runs/log-batch', { run_id: runId, ...batch })).toMatchObject({
      status: 400,
      body: { error_code: 'INVALID_PARAMETER_VALUE' },
    });
    const { data } = await mlflow.read(runId);
    expect(data).toMatchObject({ params: [{ key: 'lr', value: '1' }] });
    expect(data.metrics).toBeUndefined();
    expect(data.tags).not.toContainEqual({ key: 'late', value: '' });
  });

  test.each([
    ['"NaN"', 'NaN'],
    ['"Infinity"', 'Infinity'],
    ['"-Infinity"', '-Infinity'],
    ['NaN', 'NaN'],
    ['1e999', 'Infinity'],
    ['"1.5"', 1.5],
  ])('keeps the value %s as it is', async (written, read) => {
    const runId = await newRun();
    const body = `{"run_id":"${runId}","metrics":[{"key":"m","value":${written},"timestamp":"5","step":"-7"}]}`;
    expect((await mlflow.raw('POST', '/api/2.0/mlflow/runs/log-batch', body)).status).toBe(200);
    expect((await mlflow.read(runId)).data.metrics).toEqual([
      { key: 'm', value: read, timestamp: 5, step: -7 },
    ]);
  });
});

describe('bad requests', () => {
  test.each([
    ['not JSON', '{', 400],
    ['a list', '[]', 400],
    ['nothing', '', 400],
    ['a number for a text', '{"name":5}', 400],
    ['a whole number of 64 bits where a text belongs', '{"name":[9007199254740993]}', 400],
    ['lists in lists without end', `{"name":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 400],
    ['bytes that are no text', Uint8Array.of(0x7b, 0xff, 0x7d), 400],
  ])('a body that is %s', async (_, body, status) => {
    expect(await mlflow.raw('POST', '/api/2.0/mlflow/experiments/create', body)).toMatchObject({
      status,
      body: { error_code: 'INVALID_PARAMETER_VALUE' },
    });
  });

  test.each([
    ['GET', 'runs/get', { run_id: 'made up' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['GET', 'runs/get', {}, 400, 'INVALID_PARAMETER_VALUE'],
    ['GET', 'experiments/get', { experiment_id: 'made up' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['GET', 'experiments/get-by-name', { experiment_name: 'nowhere' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['POST', 'experiments/create', { name: 'from MLflow' }, 400, 'RESOURCE_ALREADY_EXISTS'],
    ['POST', 'experiments/search', { max_results: 0 }, 400, 'INVALID_PARAMETER_VALUE'],
    ['POST', 'experiments/search', { max_results: 5, page_token: 'made up' }, 400, 'INVALID_PARAMETER_VALUE'],
  ])('%s %s %j is %d %s', async (method, path, fields, status, code) => {
    expect(await mlflow.call(method, path, fields)).toMatchObject({ status, body: { error_code: code } });
  });

  test('a deleted run takes nothing, in MLflow’s words', async () => {
    const runId = await newRun();
    await mlflow.must('POST', 'runs/delete', { run_id: runId });
    expect((await mlflow.read(runId)).info).toMatchObject({ lifecycle_stage: 'deleted' });
    for (const [path, fields] of [
      ['runs/log-metric', { key: 'm', value: 1, timestamp: 1 }],
      ['runs/log-parameter', { key: 'p', value: '1' }],
      ['runs/set-tag', { key: 't', value: '1' }],
      ['runs/update', { status: 'FINISHED' }],
    ] as const) {
      expect(await mlflow.call('POST', path, { run_id: runId, ...fields })).toMatchObject({
        status: 400,
        body: { error_code: 'INVALID_PARAMETER_VALUE' },
      });
    }
    await mlflow.must('POST', 'runs/restore', { run_id: runId });
    await mlflow.must('POST', 'runs/set-tag', { run_id: runId, key: 't', value: '1' });
  });
});

describe('files', () => {
  const FILES = '/api/2.0/mlflow-artifacts/artifacts';
  const at = (runId: string, path: string) => `${FILES}/${experimentId}/${runId}/artifacts/${path}`;
  const list = (runId: string, path: string) =>
    mlflow.raw(
      'GET',
      `${FILES}?${new URLSearchParams({ path: `${experimentId}/${runId}/artifacts/${path}` }).toString()}`,
    );

  test('are sent, listed, fetched and taken away, and GraphQL has them by their content', async () => {
    const runId = await newRun();
    await mlflow.raw('PUT', at(runId, 'plots/a%20b.txt'), 'hello');
    await mlflow.raw('PUT', at(runId, 'model.bin'), Uint8Array.of(0, 1, 2));
    expect(await list(runId, '')).toMatchObject({
      body: {
        files: [
          { path: 'model.bin', is_dir: false, file_size: 3 },
          { path: 'plots', is_dir: true },
        ],
      },
    });
    expect((await list(runId, 'plots')).body).toEqual({
      files: [{ path: 'a b.txt', is_dir: false, file_size: 5 }],
    });
    expect((await list(runId, 'nowhere')).body).toEqual({});
    const response = await fetch(`${server.url}${at(runId, 'plots/a%20b.txt')}`, { headers: server.headers });
    expect(await response.text()).toBe('hello');
    expect(response.headers.get('content-disposition')).toBe('attachment');
    const { run } = await server.data<{ run: { artifacts: { path: string; sha256: string }[] } }>(
      'query ($id: ID!) { run(id: $id) { artifacts { path sha256 } } }',
      { id: runId },
    );
    expect(run.artifacts.map(({ path }) => path)).toEqual(['model.bin', 'plots/a b.txt']);
    expect(await mlflow.must('GET', 'artifacts/list', { run_id: runId, path: 'plots' })).toMatchObject({
      files: [{ path: 'plots/a b.txt', is_dir: false, file_size: 5 }],
    });
    await mlflow.raw('DELETE', at(runId, 'plots'));
    expect(await mlflow.raw('GET', at(runId, 'plots/a%20b.txt'))).toMatchObject({
      status: 404,
      body: { error_code: 'RESOURCE_DOES_NOT_EXIST' },
    });
  });

  test.each([
    '%2e%2e/x',
    '%252e%252e/x',
    '..%2fx',
    'a%5cb',
    'a%00b',
    '%2fetc/passwd',
    'c:%5cx',
    'c:/x',
    'a//b',
    '%zz',
  ])('the path %s is refused at every call', async (path) => {
    const runId = await newRun();
    const refused = { status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } };
    expect(await mlflow.raw('PUT', at(runId, path), 'x')).toMatchObject(refused);
    expect(await mlflow.raw('GET', at(runId, path))).toMatchObject(refused);
    expect(await mlflow.raw('DELETE', at(runId, path))).toMatchObject(refused);
  });

  test('are fetched in part too, so that a download that broke goes on', async () => {
    const runId = await newRun();
    await mlflow.raw('PUT', at(runId, 'a.txt'), 'abcdef');
    const fetched = async (headers: Record<string, string>) => {
      const response = await fetch(`${server.url}${at(runId, 'a.txt')}`, {
        headers: { ...server.headers, ...headers },
      });
      return [response.status, response.headers.get('content-range'), await response.text()];
    };
    const etag = (await fetch(`${server.url}${at(runId, 'a.txt')}`, { headers: server.headers })).headers.get(
      'etag',
    );
    const range = 'bytes=4-';
    expect(await fetched({ range })).toEqual([206, 'bytes 4-5/6', 'ef']);
    expect(await fetched({ range, 'if-range': etag ?? '' })).toEqual([206, 'bytes 4-5/6', 'ef']);
    expect(await fetched({ range, 'if-range': '"other"' })).toEqual([200, null, 'abcdef']);
    expect(await fetched({ range: 'bytes=6-' })).toEqual([
      ...[416, 'bytes */6', expect.stringContaining('INVALID_PARAMETER_VALUE')],
    ]);
  });
});

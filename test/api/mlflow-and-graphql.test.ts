import { MlflowClient } from '../support/mlflow-client';
import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';

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

describe('one platform behind two doors', () => {
  test('what MLflow’s client logs is what GraphQL shows', async () => {
    const parent = await newRun({ run_name: 'parent' });
    const runId = await newRun({
      run_name: 'child',
      user_id: 'ada',
      tags: [
        { key: 'mlflow.parentRunId', value: parent },
        { key: 'mlflow.source.git.commit', value: 'abc123' },
        { key: 'mlflow.note.content', value: 'a note' },
      ],
    });
    await mlflow.must('POST', 'runs/log-batch', {
      run_id: runId,
      metrics: [{ key: 'loss', value: 0.5, timestamp: 1_700_000_000_001, step: 3 }],
      params: [{ key: 'lr', value: '0.1' }],
      tags: [{ key: 'team', value: 'a' }],
    });
    const { run } = await server.data(
      `query ($id: ID!) { run(id: $id) {
        name note startedAt experiment { name } parent { name } source { commit } params { key value }
        metrics { key last lastStep } tags { key value } } }`,
      { id: runId },
    );
    expect(run).toEqual({
      name: 'child',
      note: 'a note',
      startedAt: '2023-11-14T22:13:20.000Z',
      experiment: { name: 'from MLflow' },
      parent: { name: 'parent' },
      source: { commit: 'abc123' },
      params: [{ key: 'lr', value: '0.1' }],
      metrics: [{ key: 'loss', last: 0.5, lastStep: 3 }],
      tags: [
        { key: 'mlflow.note.content', value: 'a note' },
        { key: 'mlflow.user', value: 'ada' },
        { key: 'team', value: 'a' },
      ],
    });
  });

  test('what GraphQL logs is what MLflow’s client reads', async () => {
    const tracking = new TrackingClient(server);
    const parentRunId = await tracking.newRun({ experiment: 'from MLflow' });
    const runId = await tracking.newRun({ experiment: 'from MLflow', name: 'ours', parentRunId });
    await tracking.logMetrics({ runId, points: [{ key: 'loss', value: '-0', step: '9007199254740993' }] });
    const { info, data } = await mlflow.read(runId);
    expect(info).toMatchObject({ run_name: 'ours', status: 'RUNNING', experiment_id: experimentId });
    expect(data.tags).toEqual([
      { key: 'mlflow.runName', value: 'ours' },
      { key: 'mlflow.parentRunId', value: parentRunId },
    ]);
    const text = await (
      await fetch(`${server.url}/api/2.0/mlflow/runs/get?run_id=${runId}`, { headers: server.headers })
    ).text();
    expect(text).toContain('"value":-0.0,');
    expect(text).toContain('"step":9007199254740993}');
  });

  test('a logged model is one here too, with its files, its words and what was measured of it', async () => {
    const runId = await newRun({ run_name: 'trainer' });
    const made = await mlflow.must<{ model: { info: { model_id: string; artifact_uri: string } } }>(
      'POST',
      'logged-models',
      {
        experiment_id: experimentId,
        name: 'forest',
        source_run_id: runId,
        params: [{ key: 'trees', value: '10' }],
        tags: [{ key: 'team', value: 'a' }],
      },
    );
    const { model_id: modelId, artifact_uri: uri } = made.model.info;
    await mlflow.must('POST', 'runs/outputs', { run_id: runId, models: [{ model_id: modelId, step: 0 }] });
    const files = `/api/2.0/mlflow-artifacts/artifacts${uri.slice('mlflow-artifacts:'.length)}`;
    await mlflow.raw('PUT', `${files}/MLmodel`, 'flavors: {}');
    const points = [3, 1].map((step) => ({
      key: 'f1',
      value: step / 10,
      timestamp: step,
      step,
      model_id: modelId,
    }));
    await mlflow.must('POST', 'runs/log-batch', { run_id: runId, metrics: points });
    await mlflow.must('PATCH', `logged-models/${modelId}`, {
      model_id: modelId,
      status: 'LOGGED_MODEL_READY',
    });
    const { run } = await server.data<{ run: { loggedModels: { id: string }[] } }>(
      `query ($id: ID!) { run(id: $id) { metrics { key last } loggedModels {
        id name status experiment { name } sourceRun { name } params { key value } tags { key value }
        artifacts { path sizeBytes } metrics { key value step datasetName } } } }`,
      { id: runId },
    );
    expect(run).toEqual({
      metrics: [{ key: 'f1', last: 0.3 }],
      loggedModels: [
        {
          id: expect.any(String) as string,
          name: 'forest',
          status: 'READY',
          experiment: { name: 'from MLflow' },
          sourceRun: { name: 'trainer' },
          params: [{ key: 'trees', value: '10' }],
          tags: [{ key: 'team', value: 'a' }],
          artifacts: [{ path: 'MLmodel', sizeBytes: 11 }],
          metrics: [{ key: 'f1', value: 0.3, step: 3, datasetName: null }],
        },
      ],
    });
    const node = { id: run.loggedModels[0]?.id };
    expect(await server.data('query ($id: ID!) { node(id: $id) { __typename } }', node)).toEqual({
      node: { __typename: 'LoggedModel' },
    });
    await mlflow.must('DELETE', `logged-models/${modelId}`);
    expect(await server.data('query ($id: ID!) { node(id: $id) { __typename } }', node)).toEqual({
      node: null,
    });
  });

  test('data that a run reads is a version of a dataset, with lineage', async () => {
    const runId = await newRun({ run_name: 'reader' });
    const dataset = {
      name: 'rows/of: a',
      digest: 'ab12cd34',
      source_type: 'http',
      source: '{"url":"https://example.com/rows.csv"}',
      schema: '{"mlflow_colspec":[]}',
    };
    const inputs = [{ dataset, tags: [{ key: 'mlflow.data.context', value: 'training' }] }];
    await mlflow.must('POST', 'runs/log-inputs', { run_id: runId, datasets: inputs });
    await mlflow.must('POST', 'runs/log-inputs', { run_id: runId, datasets: [{ dataset }] });
    expect((await mlflow.read(runId)).inputs).toEqual({ dataset_inputs: inputs });
    const { run, lineage } = await server.data<{ run: object; lineage: { nodes: { label: string }[] } }>(
      `query ($id: ID!) { run(id: $id) { datasets { ref uri dataset { name } } }
        lineage(id: $id, direction: UPSTREAM) { nodes { label } } }`,
      { id: runId },
    );
    expect(run).toEqual({
      datasets: [
        {
          ref: 'rows_of_ a@1',
          uri: 'https://example.com/rows.csv#ab12cd34',
          dataset: { name: 'rows_of_ a' },
        },
      ],
    });
    expect(lineage.nodes.map(({ label }) => label)).toEqual(
      expect.arrayContaining(['reader', 'rows_of_ a@1']),
    );
    const found = await mlflow.must<{ runs: unknown[] }>('POST', 'runs/search', {
      experiment_ids: [experimentId],
      filter:
        "datasets.name = 'rows/of: a' AND dataset.digest = 'ab12cd34' AND datasets.context = 'training'",
    });
    expect(found.runs).toHaveLength(1);
  });

  test('a page token is taken for the list that it was given for, and for no other', async () => {
    const { experiment_id } = await mlflow.must<{ experiment_id: string }>('POST', 'experiments/create', {
      name: 'of pages',
    });
    for (let made = 0; made < 3; made += 1)
      await mlflow.must('POST', 'runs/create', { experiment_id, start_time: made });
    const asked = { experiment_ids: [experiment_id], max_results: 2, order_by: ['start_time ASC'] };
    const first = await mlflow.must<{ next_page_token: string }>('POST', 'runs/search', asked);
    const next = { ...asked, page_token: first.next_page_token };
    expect((await mlflow.must<{ runs: unknown[] }>('POST', 'runs/search', next)).runs).toHaveLength(1);
    const others = [{ order_by: ['start_time DESC'] }, { filter: "tags.a = 'b'" }, { run_view_type: 'ALL' }];
    for (const other of others)
      expect(await mlflow.call('POST', 'runs/search', { ...next, ...other })).toMatchObject({
        status: 400,
        body: {
          error_code: 'INVALID_PARAMETER_VALUE',
          message: expect.stringContaining(
            'expected one of a list with the same filter, order and view',
          ) as string,
        },
      });
  });

  test('a series is read whole, page by page, in order of time, each point once', async () => {
    const runId = await newRun();
    const point = (timestamp: number, step: number, value: number | string) => ({
      key: 'm',
      timestamp,
      step,
      value,
    });
    const points = [point(30, 3, 3), point(10, 1, 1), point(20, 9, 'NaN'), point(20, 3, 5), point(30, 3, 3)];
    for (const metrics of [points.slice(0, 2), points.slice(2)])
      await mlflow.must('POST', 'runs/log-batch', { run_id: runId, metrics });
    const read: object[] = [];
    let token: string | undefined;
    do {
      const page = await mlflow.must<{ metrics: object[]; next_page_token?: string }>(
        'GET',
        'metrics/get-history',
        {
          run_id: runId,
          metric_key: 'm',
          max_results: 3,
          ...(token !== undefined && { page_token: token }),
        },
      );
      read.push(...page.metrics);
      token = page.next_page_token;
      // What comes meanwhile is for the next reader.
      await mlflow.must('POST', 'runs/log-batch', { run_id: runId, metrics: [point(1, 0, 0)] });
    } while (token !== undefined && read.length < 20);
    expect(read).toEqual([point(10, 1, 1), point(20, 3, 5), point(20, 9, 'NaN'), point(30, 3, 3)]);
    const chart = await new MlflowClient(server, '/ajax-api/2.0/mlflow').must<{ metrics: object[] }>(
      'GET',
      'metrics/get-history-bulk-interval',
      { run_ids: [runId], metric_key: 'm', max_results: 320 },
    );
    expect(chart.metrics).toHaveLength(5);
  });

  test('a batch that comes twice is told once here, and twice by GraphQL, whose callers have keys against that', async () => {
    const runId = await newRun();
    const metrics = [1, 2].map((step) => ({ key: 'm', value: step, timestamp: 1_700_000_000_000, step }));
    const batch = { run_id: runId, metrics };
    for (let time = 0; time < 2; time += 1) await mlflow.must('POST', 'runs/log-batch', batch);
    const tracking = new TrackingClient(server);
    const shown = async () => {
      const told = await mlflow.must<{ metrics: object[] }>('GET', 'metrics/get-history', {
        run_id: runId,
        metric_key: 'm',
      });
      const [series] = await tracking.history(runId, ['m']);
      const { run } = await server.data<{ run: { metrics: object[] } }>(
        'query ($id: ID!) { run(id: $id) { metrics { count mean } } }',
        { id: runId },
      );
      return { told: told.metrics.length, steps: series?.steps, ...run.metrics[0] };
    };
    expect(await shown()).toEqual({ told: 2, steps: [1, 1, 2, 2], count: 4, mean: 1.5 });
    const points = [{ key: 'm', step: 3, value: 9, timestamp: '2026-01-01T00:00:00Z' }];
    for (let time = 0; time < 2; time += 1)
      await tracking.logMetrics({ runId, points, idempotencyKey: 'third' });
    expect(await shown()).toEqual({ told: 3, steps: [1, 1, 2, 2, 3], count: 5, mean: 3 });
  });

  test('who asks for all of a long series gets as much as an answer holds, and the place of the rest', async () => {
    const runId = await newRun();
    const tracking = new TrackingClient(server);
    const points = Array.from({ length: 100_000 }, (_, step) => ({ key: 'm', value: step, step }));
    await tracking.logMetrics({ runId, points });
    await tracking.logMetrics({ runId, points: [{ key: 'm', value: -1, step: 100_000 }] });
    const asked = { run_id: runId, metric_key: 'm' };
    type Page = { metrics: object[]; next_page_token?: string };
    const first = await mlflow.must<Page>('GET', 'metrics/get-history', asked);
    expect(first.metrics).toHaveLength(100_000);
    const more = { ...asked, page_token: first.next_page_token };
    const second = await mlflow.must<Page>('GET', 'metrics/get-history', more);
    expect(second).toMatchObject({ metrics: [{ value: -1, step: 100_000 }] });
    expect(second.next_page_token).toBeUndefined();
    for (const bad of [
      ['1', 1.5],
      ['1', '0', '0', ''],
      ['1', '0', 'x', '0'],
      ['-1', '0', '0', '0'],
    ]) {
      const page_token = Buffer.from(JSON.stringify(bad)).toString('base64url');
      expect(await mlflow.call('GET', 'metrics/get-history', { ...asked, page_token })).toMatchObject({
        status: 400,
        body: { error_code: 'INVALID_PARAMETER_VALUE' },
      });
    }
  });

  test('who follows a run hears what comes after its end too', async () => {
    const runId = await newRun();
    const point = (value: number) => ({ run_id: runId, key: 'loss', value, timestamp: 1, step: 0 });
    await mlflow.must('POST', 'runs/log-metric', point(1));
    await mlflow.must('POST', 'runs/update', {
      run_id: runId,
      status: 'FINISHED',
      end_time: 1_700_000_001_000,
    });
    await mlflow.must('POST', 'runs/log-metric', point(2));
    const told: unknown[] = [];
    const query = `subscription ($id: ID!) { runMetrics(runId: $id) { __typename
      ... on RunMetricsSnapshot { series { values } } ... on RunMetricsAppended { series { values } } } }`;
    for await (const { data } of server.subscribe(query, { id: runId })) told.push(data.runMetrics);
    expect(told).toEqual([
      { __typename: 'RunMetricsSnapshot', series: [{ values: [1] }] },
      { __typename: 'RunFinished' },
      { __typename: 'RunMetricsAppended', series: [{ values: [2] }] },
    ]);
  });
});

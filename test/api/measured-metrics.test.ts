import { createHash } from 'node:crypto';
import { MlflowClient } from '../support/mlflow-client';
import { RegistryClient } from '../support/registry-client';
import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';

let server: TestServer;
let mlflow: MlflowClient;
let client: TrackingClient;
let experimentId: string;
beforeAll(async () => {
  server = await startTestServer();
  mlflow = new MlflowClient(server);
  client = new TrackingClient(server);
  experimentId = await mlflow.experiment('measured');
});
afterAll(() => server.stop());

const newRun = async (name = 'measurer') => (await mlflow.run(experimentId, { run_name: name })).info.run_id;
const newModel = async (): Promise<string> => {
  const made = await mlflow.must<{ model: { info: { model_id: string } } }>('POST', 'logged-models', {
    experiment_id: experimentId,
    name: 'forest',
  });
  return made.model.info.model_id;
};
const read = (runId: string, name: string, digest: string, address = 'https://example.com/a.csv') =>
  mlflow.must('POST', 'runs/log-inputs', {
    run_id: runId,
    datasets: [{ dataset: { name, digest, source_type: 'http', source: `{"url":"${address}"}` } }],
  });
const on = (name: string, digest: string) => ({ dataset_name: name, dataset_digest: digest });
const log = (runId: string, metrics: readonly object[]) =>
  mlflow.must('POST', 'runs/log-batch', { run_id: runId, metrics });
const point = (step: number, value: number, more: object = {}, key = 'f1') => ({
  ...{ key, value, step, timestamp: 1_700_000_000_000 + step },
  ...more,
});

/** The node id of a model that MLflow's clients know by another one. */
const nodeOf = async (modelId: string): Promise<string> => {
  const runId = await newRun('owner');
  await mlflow.must('POST', 'runs/outputs', { run_id: runId, models: [{ model_id: modelId, step: 0 }] });
  const { run } = await server.data<{ run: { loggedModels: { id: string }[] } }>(
    'query ($id: ID!) { run(id: $id) { loggedModels { id } } }',
    { id: runId },
  );
  return run.loggedModels[0]?.id as string;
};

interface Series {
  readonly key: string;
  readonly steps: readonly number[];
  readonly values: readonly number[];
}
const ofRun = async (runId: string, keys: readonly string[], dataset: string | null = null) => {
  const { run } = await server.data<{ run: { metricHistory: Series[] } }>(
    `query ($id: ID!, $keys: [String!]!, $dataset: String) { run(id: $id) {
      metricHistory(keys: $keys, dataset: $dataset) { key steps values } } }`,
    { id: runId, keys, dataset },
  );
  return run.metricHistory;
};
const summariesOfRun = async (runId: string) => {
  const { run } = await server.data<{ run: { metrics: object[] } }>(
    'query ($id: ID!) { run(id: $id) { metrics { key last count dataset { ref } } } }',
    { id: runId },
  );
  return run.metrics;
};
const MODEL = `fragment model on LoggedModel {
  metricHistory(keys: $keys, dataset: $dataset, maxPoints: $maxPoints, runs: $runs) {
    run { id name } series { key steps values timestamps } }
  metricSummaries(runs: $runs) { run { id } summary { key last min max mean count dataset { ref } } }
  metrics { key value step datasetName datasetDigest } }`;
interface ModelAnswer {
  readonly metricHistory: readonly { run: { id: string; name: string }; series: Series }[];
  readonly metricSummaries: readonly { run: { id: string }; summary: object }[];
  readonly metrics: readonly object[];
}
const ofModel = async (id: string, fields: object = {}): Promise<ModelAnswer> => {
  const { node } = await server.data<{ node: ModelAnswer }>(
    `query ($id: ID!, $keys: [String!]!, $dataset: String, $maxPoints: Int = 1000, $runs: Int = 5) {
      node(id: $id) { ...model } } ${MODEL}`,
    { id, keys: ['f1'], ...fields },
  );
  return node;
};

describe('points of MLflow’s clients that name data', () => {
  test('count in the run’s series, and once more in that of the data which the run has read', async () => {
    const runId = await newRun();
    await read(runId, 'rows/a', 'd1');
    await read(runId, 'rows/a', 'd2', 'https://example.com/b.csv');
    const [first, second] = [on('rows/a', 'd1'), on('rows/a', 'd2')];
    await log(runId, [point(1, 0.1, first), point(1, 0.2, second), point(1, 0.3, first), point(2, 0.4)]);
    await log(runId, [point(3, 0.5, second), point(3, 0.6, first)]); // series that are known by now
    await mlflow.must('POST', 'runs/log-metric', { run_id: runId, ...point(4, 0.7, second) });
    expect(await ofRun(runId, ['f1'])).toEqual([
      { key: 'f1', steps: [1, 1, 1, 2, 3, 3, 4], values: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7] },
    ]);
    expect(await ofRun(runId, ['f1'], 'rows_a@1')).toEqual([
      { key: 'f1', steps: [1, 1, 3], values: [0.1, 0.3, 0.6] },
    ]);
    expect(await ofRun(runId, ['f1'], 'rows_a@2')).toEqual([
      { key: 'f1', steps: [1, 3, 4], values: [0.2, 0.5, 0.7] },
    ]);
    const summaries = await summariesOfRun(runId);
    expect(summaries).toHaveLength(3);
    expect(summaries).toEqual(
      expect.arrayContaining([
        { key: 'f1', last: 0.7, count: 7, dataset: null },
        { key: 'f1', last: 0.6, count: 3, dataset: { ref: 'rows_a@1' } },
        { key: 'f1', last: 0.7, count: 3, dataset: { ref: 'rows_a@2' } },
      ]),
    );
    expect((await mlflow.read(runId)).data.metrics).toEqual([expect.objectContaining({ value: 0.7 })]);
  });

  test('find it in the project where the run has not read it: by its address, or by its bytes', async () => {
    await read(await newRun('reader'), 'shared', 'it’s #1');
    await new RegistryClient(server).dataset('of bytes', 'a,b\n1,2\n');
    const digest = createHash('sha256').update('a,b\n1,2\n').digest('hex').slice(0, 36);
    const runId = await newRun();
    await log(runId, [point(1, 1, on('shared', 'it’s #1')), point(2, 2, on('of bytes', digest))]);
    expect(await ofRun(runId, ['f1'], 'shared@1')).toEqual([{ key: 'f1', steps: [1], values: [1] }]);
    expect(await ofRun(runId, ['f1'], 'of bytes@1')).toEqual([{ key: 'f1', steps: [2], values: [2] }]);
  });

  test('that nobody knows count in the run’s series only', async () => {
    await read(await newRun('reader'), 'known', 'd1');
    const runId = await newRun();
    const unknown = [on('known', '1'), on('known', 'D1'), on('unknown', 'd1'), on('known', '%')];
    await log(runId, [
      ...unknown.map((data, step) => point(step, step, data)),
      point(4, 4, { dataset_name: 'known' }),
      point(5, 5, { dataset_digest: 'd1' }),
      point(6, 6, { dataset_name: '', dataset_digest: '' }),
    ]);
    expect(await summariesOfRun(runId)).toEqual([{ key: 'f1', last: 6, count: 7, dataset: null }]);
  });

  test('of another project are unknown here', async () => {
    await read(await newRun('reader'), 'theirs', 'd1');
    const stranger = await server.as('contributor', 'strangers');
    const other = new MlflowClient(stranger);
    const { info } = await other.run(await other.experiment('measured'));
    await other.must('POST', 'runs/log-metric', { run_id: info.run_id, ...point(1, 1, on('theirs', 'd1')) });
    const { run } = await stranger.data<{ run: { metrics: object[] } }>(
      'query ($id: ID!) { run(id: $id) { metrics { count dataset { ref } } } }',
      { id: info.run_id },
    );
    expect(run.metrics).toEqual([{ count: 1, dataset: null }]);
  });

  test.each([
    ['a name that is too long', on('x'.repeat(501), 'd1'), 'metrics[1].dataset_name'],
    ['a digest that is too long', on('x', 'd'.repeat(37)), 'metrics[1].dataset_digest'],
    ['a name that no database holds', on('a\0', 'd1'), 'metrics[1].dataset_name'],
    ['a digest that is no text', { dataset_name: 'x', dataset_digest: 7 }, 'metrics[1].dataset_digest'],
  ])('with %s are refused, and nothing of the batch is kept', async (_, data, place) => {
    const runId = await newRun();
    const metrics = [point(1, 1), point(2, 2, data)];
    const { status, body } = await mlflow.call('POST', 'runs/log-batch', { run_id: runId, metrics });
    expect({ status, code: body.error_code }).toEqual({ status: 400, code: 'INVALID_PARAMETER_VALUE' });
    expect(body.message).toContain(place);
    expect(await summariesOfRun(runId)).toEqual([]);
  });
});

describe('points that name a logged model', () => {
  test('are its history too: by run, and of them those on one data set', async () => {
    const modelId = await newModel();
    const [id, sibling] = [await nodeOf(modelId), await newModel()];
    const [first, second] = [await newRun('first'), await newRun('second')];
    const model = { model_id: modelId };
    await read(first, 'held out', 'h1');
    await log(first, [
      point(1, 0.1, model),
      point(2, 0.2, { ...model, ...on('held out', 'h1') }),
      point(3, 0.3, { ...model, ...on('nobody knows', 'n1') }),
      point(4, 9, { model_id: sibling, ...on('held out', 'h1') }),
      point(5, 8),
      point(1, 7, model, 'loss'),
    ]);
    await log(second, [point(1, 'NaN' as never, { ...model, ...on('held out', 'h1') })]);
    await mlflow.must('POST', 'runs/log-metric', { run_id: second, ...point(2, 0.5, model) });
    const told = await ofModel(id);
    expect(told.metricHistory).toEqual([
      {
        run: { id: second, name: 'second' },
        series: {
          ...{ key: 'f1', steps: [1, 2], values: ['NaN', 0.5] },
          timestamps: ['2023-11-14T22:13:20.001Z', '2023-11-14T22:13:20.002Z'],
        },
      },
      {
        run: { id: first, name: 'first' },
        series: expect.objectContaining({ key: 'f1', steps: [1, 2, 3], values: [0.1, 0.2, 0.3] }) as object,
      },
    ]);
    const mean = 0.6 / 3;
    expect(told.metricSummaries).toEqual([
      {
        run: { id: second },
        summary: { key: 'f1', last: 0.5, min: 0.5, max: 0.5, mean: 0.5, count: 2, dataset: null },
      },
      {
        run: { id: second },
        summary: {
          key: 'f1',
          last: 'NaN',
          min: null,
          max: null,
          mean: null,
          count: 1,
          dataset: { ref: 'held out@1' },
        },
      },
      {
        run: { id: first },
        summary: {
          ...{ key: 'f1', last: 0.3, min: 0.1, max: 0.3, count: 3, dataset: null },
          mean: expect.closeTo(mean, 12) as number,
        },
      },
      {
        run: { id: first },
        summary: {
          key: 'f1',
          last: 0.2,
          min: 0.2,
          max: 0.2,
          mean: 0.2,
          count: 1,
          dataset: { ref: 'held out@1' },
        },
      },
      {
        run: { id: first },
        summary: { key: 'loss', last: 7, min: 7, max: 7, mean: 7, count: 1, dataset: null },
      },
    ]);
    await mlflow.must('POST', 'runs/outputs', { run_id: first, models: [{ model_id: modelId, step: 0 }] });
    const { run } = await server.data<{ run: { loggedModels: object[] } }>(
      `query ($id: ID!, $keys: [String!]!, $dataset: String, $maxPoints: Int = 1000, $runs: Int) {
        run(id: $id) { loggedModels { ...model } } } ${MODEL}`,
      { id: first, keys: ['f1'] },
    );
    expect(run.loggedModels).toEqual([told]); // a list of models may ask it, too
    const onData = await ofModel(id, { dataset: 'held out@1', runs: 1 });
    expect(onData.metricHistory.map(({ run, series }) => [run.name, series.steps])).toEqual([
      ['second', [1]],
    ]);
    expect((await ofModel(id, { dataset: 'unheard of' })).metricHistory).toEqual([]);
    // The run's own series do not tell models apart.
    expect(await ofRun(first, ['f1'])).toEqual([
      { key: 'f1', steps: [1, 2, 3, 4, 5], values: [0.1, 0.2, 0.3, 9, 8] },
    ]);
    expect(await ofRun(first, ['f1'], 'held out@1')).toEqual([
      { key: 'f1', steps: [2, 4], values: [0.2, 9] },
    ]);
    expect(await summariesOfRun(first)).toEqual([
      { key: 'f1', last: 8, count: 5, dataset: null },
      { key: 'f1', last: 9, count: 2, dataset: { ref: 'held out@1' } },
      { key: 'loss', last: 7, count: 1, dataset: null },
    ]);
    expect((await mlflow.read(first)).data.metrics).toHaveLength(2);
  });

  test('go by GraphQL too, and MLflow’s clients hear of them', async () => {
    const modelId = await newModel();
    const id = await nodeOf(modelId);
    const ref = await new RegistryClient(server).dataset('graph rows', 'a,b\n3,4\n');
    const digest = createHash('sha256').update('a,b\n3,4\n').digest('hex').slice(0, 36);
    const runId = await client.newRun();
    const points = [
      { key: 'f1', step: 1, value: 0.25, loggedModel: id },
      { key: 'f1', step: '9007199254740993', value: '-0', loggedModel: id, dataset: ref },
      { key: 'f1', step: 3, value: 0.75, dataset: ref },
    ];
    const logged = await client.logMetrics({ runId, points, idempotencyKey: 'once' });
    expect(logged).toMatchObject({ __typename: 'LogSuccess' });
    expect(await client.logMetrics({ runId, points, idempotencyKey: 'once' })).toEqual(logged);
    const told = await ofModel(id);
    expect(told.metricHistory.map(({ series }) => [series.steps, series.values])).toEqual([
      [
        [1, '9007199254740993'],
        [0.25, '-0'],
      ],
    ]);
    expect((await ofModel(id, { dataset: ref })).metricHistory.map(({ series }) => series.values)).toEqual([
      ['-0'],
    ]);
    expect((await ofRun(runId, ['f1'], ref))[0]?.steps).toEqual([3, '9007199254740993']);
    expect(told.metrics).toHaveLength(2);
    const { model } = await mlflow.must<{ model: { data: { metrics: object[] } } }>(
      'GET',
      `logged-models/${modelId}`,
    );
    expect(model.data.metrics).toEqual([
      expect.objectContaining({ key: 'f1', value: 0.25, run_id: runId }),
      expect.objectContaining({
        key: 'f1',
        run_id: runId,
        dataset_name: 'graph rows',
        dataset_digest: digest,
      }),
    ]);
  });

  test('that is not there are refused, with all that came with them', async () => {
    const runId = await client.newRun();
    const gone = await newModel();
    const id = await nodeOf(gone);
    await mlflow.must('DELETE', `logged-models/${gone}`);
    for (const loggedModel of [id, 'no id', runId])
      expect(
        await client.logMetrics({
          runId,
          points: [
            { key: 'a', value: 1 },
            { key: 'b', value: 1, loggedModel },
          ],
        }),
      ).toMatchObject({ __typename: 'NotFoundError' });
    expect(
      await client.logMetrics({ runId, points: [{ key: 'b', value: 1, loggedModel: '' }] }),
    ).toMatchObject({
      ...{ __typename: 'InvalidInputError', issues: [{ path: 'points[0].loggedModel' }] },
    });
    const metrics = [point(1, 1), point(1, 1, { model_id: gone })];
    expect(await mlflow.call('POST', 'runs/log-batch', { run_id: runId, metrics })).toMatchObject({
      status: 404,
    });
    expect(await summariesOfRun(runId)).toEqual([]);
  });

  test('may be the 1,000 of a batch, each another metric on data, again and again', async () => {
    const modelId = await newModel();
    const id = await nodeOf(modelId);
    const runId = await newRun();
    await read(runId, 'wide', 'w1');
    const about = { model_id: modelId, ...on('wide', 'w1') };
    for (const step of [1, 2, 3])
      await log(
        runId,
        Array.from({ length: 1_000 }, (_, n) => point(step, step * n, about, `k${n}`)),
      );
    const told = await ofModel(id, { keys: ['k0', 'k999'], dataset: 'wide@1' });
    expect(told.metricHistory.map(({ series }) => [series.key, series.values])).toEqual([
      ['k0', [0, 0, 0]],
      ['k999', [999, 1_998, 2_997]],
    ]);
    expect((await ofRun(runId, ['k999']))[0]?.values).toEqual([999, 1_998, 2_997]);
  });

  test('are drawn as few as a chart has columns, with their spike', async () => {
    const id = await nodeOf(await newModel());
    const runId = await client.newRun();
    const points = Array.from({ length: 20_000 }, (_, step) => ({
      ...{ key: 'f1', step, value: step === 7_777 ? 99 : 0, loggedModel: id },
    }));
    await client.logMetrics({ runId, points });
    const [drawn] = (await ofModel(id, { maxPoints: 100 })).metricHistory;
    expect(drawn?.series.steps.length).toBeLessThanOrEqual(100);
    expect(drawn?.series.steps).toEqual(expect.arrayContaining([0, 7_777, 19_999]));
  });

  test('are hidden with a deleted run, and go with a purged one', async () => {
    const id = await nodeOf(await newModel());
    const runId = await client.newRun();
    await client.logMetrics({ runId, points: [{ key: 'f1', value: 1, loggedModel: id }] });
    expect((await ofModel(id)).metricHistory).toHaveLength(1);
    const mutate = (field: string, input: string) =>
      server.data(`mutation ($input: ${input}!) { ${field}(input: $input) { __typename } }`, {
        input: { runIds: [runId] },
      });
    await mutate('deleteRuns', 'DeleteRunsInput');
    expect(await ofModel(id)).toMatchObject({ metricHistory: [], metricSummaries: [] });
    await mutate('restoreRuns', 'RestoreRunsInput');
    expect((await ofModel(id)).metricHistory).toHaveLength(1);
    await mutate('deleteRuns', 'DeleteRunsInput');
    await mutate('purgeRuns', 'PurgeRunsInput');
    expect(await ofModel(id)).toMatchObject({ metricHistory: [], metricSummaries: [] });
  });

  test.each([[0], [51]])('are not told of %d runs', async (runs) => {
    const id = await nodeOf(await newModel());
    const { errors } = await server.graphql(
      'query ($id: ID!, $runs: Int) { node(id: $id) { ... on LoggedModel { metricSummaries(runs: $runs) { summary { key } } } } }',
      { id, runs },
    );
    expect(errors).toEqual([expect.objectContaining({ message: `runs: expected 1 to 50, got ${runs}.` })]);
  });
});

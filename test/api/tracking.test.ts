import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient, UNKNOWN_RUN } from '../support/tracking-client';

let server: TestServer;
let client: TrackingClient;
beforeAll(async () => {
  server = await startTestServer();
  client = new TrackingClient(server);
});
afterAll(() => server.stop());

describe('experiments', () => {
  test('an experiment is made once, and given as it was afterwards', async () => {
    const first = await client.createExperiment({
      name: 'a/b: any text',
      description: 'why',
      tags: [{ key: 'k', value: 'v' }],
    });
    expect(first).toMatchObject({
      created: true,
      experiment: { description: 'why', tags: [{ key: 'k', value: 'v' }] },
    });
    expect(await client.createExperiment({ name: 'a/b: any text', description: 'other' })).toEqual({
      ...first,
      created: false,
    });
    const { node } = await server.data(
      'query ($id: ID!) { node(id: $id) { __typename ... on Experiment { name } } }',
      { id: first.experiment.id },
    );
    expect(node).toEqual({ __typename: 'Experiment', name: 'a/b: any text' });
  });

  test('two clients that make the same experiment make one', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => client.createExperiment({ name: 'twins' })),
    );
    expect(new Set(answers.map(({ experiment }) => experiment.id)).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
  });

  test.each([
    [{ name: '' }, 'name'],
    [{ name: 'x'.repeat(10_000_000) }, 'name'],
    [{ name: 'a\0b' }, 'name'],
    [{ name: 'x', tags: [{ key: '', value: '' }] }, 'tags[0].key'],
    [
      {
        name: 'x',
        tags: [
          { key: 'a', value: '' },
          { key: 'a', value: '' },
        ],
      },
      'tags[1].key',
    ],
  ])('a wrong experiment is refused at its place (%#)', async (input, path) => {
    expect(await client.createExperiment(input)).toMatchObject({
      __typename: 'InvalidInputError',
      issues: [{ path }],
    });
  });

  test('they are listed newest first and filtered', async () => {
    for (const name of ['list 1', 'list 2', 'list 3']) await client.createExperiment({ name });
    const { experiments } = await server.data(
      `{ experiments(filter: "name LIKE 'list%'", first: 2) { nodes { name } pageInfo { hasNextPage } } }`,
    );
    expect(experiments).toEqual({
      nodes: [{ name: 'list 3' }, { name: 'list 2' }],
      pageInfo: { hasNextPage: true },
    });
  });
});

describe('runs', () => {
  test('the experiment is made on first use, and a run keeps what it was started with', async () => {
    const parent = await client.newRun({ experiment: 'first use' });
    const answer = await client.startRun({
      experiment: 'first use',
      name: 'mine',
      params: [{ key: 'lr', value: '0.1' }],
      tags: [{ key: 'who', value: 'me' }],
      parentRunId: parent,
      source: { commit: 'abc', dirty: true },
    });
    expect(answer.run).toMatchObject({
      name: 'mine',
      status: 'RUNNING',
      endedAt: null,
      experiment: { name: 'first use' },
      parent: { id: parent },
      params: [{ key: 'lr', value: '0.1' }],
      tags: [{ key: 'who', value: 'me' }],
      source: { commit: 'abc', dirty: true },
    });
    const { node } = await server.data(
      'query ($id: ID!) { node(id: $id) { __typename ... on Run { name } } }',
      { id: answer.run.id },
    );
    expect(node).toEqual({ __typename: 'Run', name: 'mine' });
  });

  test('a run without a name gets a readable one', async () => {
    expect((await client.startRun({ experiment: 'tests' })).run.name).toMatch(/^[a-z]+-[a-z]+-\d{3}$/);
  });

  test('a run knows its datasets', async () => {
    for (const csv of ['a\n1\n', 'a\n2\n']) {
      const sha256 = await server.upload(csv);
      await server.data(
        'mutation ($input: RegisterDatasetVersionInput!) { registerDatasetVersion(input: $input) { __typename } }',
        {
          input: { dataset: 'tried', artifact: { sha256 } },
        },
      );
    }
    const id = await client.newRun({ datasets: ['tried', 'tried@1', 'tried@2'] });
    const { run } = await server.data<{ run: { datasets: { ref: string }[] } }>(
      'query ($id: ID!) { run(id: $id) { datasets { ref } } }',
      { id },
    );
    expect(run.datasets.map(({ ref }) => ref).sort()).toEqual(['tried@1', 'tried@2']);
  });

  test.each([
    [{ datasets: ['nowhere'] }, 'nowhere'],
    [{ datasets: ['tried@99'] }, 'tried@99'],
    [{ datasets: ['a@b@c'] }, 'a@b@c'],
    [{ parentRunId: UNKNOWN_RUN }, 'run'],
    [{ parentRunId: 'made up' }, 'made up'],
  ])('what a run names must exist (%#), and nothing is made else', async (input, named) => {
    const answer = await client.startRun({ experiment: 'never made', ...input });
    expect(answer).toMatchObject({ __typename: 'NotFoundError', code: 'NOT_FOUND' });
    expect(answer.message).toContain(named);
    expect((await server.data('{ experiment(name: "never made") { id } }')).experiment).toBeNull();
  });

  test('an idempotency key starts one run, however often it is sent', async () => {
    const input = { experiment: 'retried', idempotencyKey: 'once', params: [{ key: 'a', value: '1' }] };
    const answers = await Promise.all(Array.from({ length: 5 }, () => client.startRun(input)));
    expect(new Set(answers.map(({ run }) => run.id)).size).toBe(1);
    expect((await client.runs({ experiments: ['retried'] })).nodes).toHaveLength(1);
    expect(await client.startRun({ ...input, name: 'other' })).toMatchObject({
      issues: [{ path: 'idempotencyKey' }],
    });
  });

  test('statuses follow their table', async () => {
    const id = await client.newRun();
    expect(await client.finishRun({ runId: id, status: 'RUNNING' })).toMatchObject({
      __typename: 'InvalidInputError',
    });
    expect((await client.finishRun({ runId: id, status: 'FAILED' })).run).toMatchObject({
      status: 'FAILED',
      endedAt: expect.any(String),
    });
    expect((await client.finishRun({ runId: id, status: 'RUNNING' })).run).toMatchObject({
      status: 'RUNNING',
      endedAt: null,
    });
    expect((await client.finishRun({ runId: id })).run).toMatchObject({ status: 'FINISHED' });
    for (const status of ['RUNNING', 'FINISHED', 'KILLED']) {
      expect(await client.finishRun({ runId: id, status })).toMatchObject({
        __typename: 'RunNotActiveError',
        status: 'FINISHED',
      });
    }
  });

  test('a finished run takes nothing more', async () => {
    const sha256 = await server.upload('x');
    const id = await client.newRun();
    await client.finishRun({ runId: id });
    const refused = { __typename: 'RunNotActiveError', code: 'RUN_NOT_ACTIVE', status: 'FINISHED' };
    expect(await client.logMetrics({ runId: id, points: [{ key: 'a', value: 1 }] })).toMatchObject(refused);
    expect(await client.logParams({ runId: id, params: [{ key: 'a', value: '1' }] })).toMatchObject(refused);
    expect(await client.logArtifact({ runId: id, path: 'x', artifact: { sha256 } })).toMatchObject(refused);
    expect(await client.summaries(id)).toEqual([]);
  });

  test.each([UNKNOWN_RUN, 'nonsense', ''])('an unknown run is not found (%#)', async (runId) => {
    const points = [{ key: 'a', value: 1 }];
    expect(await client.logMetrics({ runId, points })).toMatchObject({ __typename: 'NotFoundError' });
    expect(await client.finishRun({ runId })).toMatchObject({ __typename: 'NotFoundError' });
    expect((await server.data('query ($id: ID!) { run(id: $id) { id } }', { id: runId })).run).toBeNull();
  });
});

describe('params and artifacts', () => {
  test('a param never changes: the same value again is fine, another refuses all', async () => {
    const id = await client.newRun({ params: [{ key: 'lr', value: '0.1' }] });
    expect(
      await client.logParams({
        runId: id,
        params: [
          { key: 'lr', value: '0.1' },
          { key: 'b', value: '2' },
        ],
      }),
    ).toMatchObject({
      run: { params: [{ key: 'b' }, { key: 'lr' }] },
    });
    const answer = await client.logParams({
      runId: id,
      params: [
        { key: 'new', value: 'x' },
        { key: 'lr', value: '0.2' },
      ],
    });
    expect(answer).toMatchObject({
      __typename: 'InvalidInputError',
      issues: [{ path: 'params[1].value', actual: '“0.2”' }],
    });
    expect(answer.message).toContain('lr');
    const { run } = await server.data(
      'query ($id: ID!) { run(id: $id) { params(keys: ["new", "lr"]) { key value } } }',
      { id },
    );
    expect(run).toEqual({ params: [{ key: 'lr', value: '0.1' }] });
  });

  test('two writers of one param: one value is kept, and the other writer is told', async () => {
    const id = await client.newRun();
    const answers = await Promise.all(
      ['1', '2', '3', '4'].map((value) => client.logParams({ runId: id, params: [{ key: 'p', value }] })),
    );
    expect(answers.filter(({ __typename }) => __typename === 'LogSuccess')).toHaveLength(1);
    expect(answers.filter(({ __typename }) => __typename === 'InvalidInputError')).toHaveLength(3);
  });

  test('an artifact is a path for uploaded bytes', async () => {
    const id = await client.newRun();
    const sha256 = await server.upload('hello');
    expect(
      await client.logArtifact({ runId: id, path: 'plots/a b.txt', artifact: { sha256 } }),
    ).toMatchObject({
      __typename: 'LogSuccess',
    });
    const { run } = await server.data(
      'query ($id: ID!) { run(id: $id) { artifacts { path sha256 sizeBytes } } }',
      { id },
    );
    expect(run).toEqual({ artifacts: [{ path: 'plots/a b.txt', sha256, sizeBytes: 5 }] });
    expect(
      await client.logArtifact({ runId: id, path: 'x', artifact: { sha256: '1'.repeat(64) } }),
    ).toMatchObject({
      __typename: 'NotFoundError',
    });
  });

  test.each(['../x', '/x', 'a\\b', 'C:/x', 'a//b', '%2e%2e/x', 'a\0'])(
    'the path %j is refused',
    async (path) => {
      const sha256 = await server.upload('hello');
      expect(
        await client.logArtifact({ runId: await client.newRun(), path, artifact: { sha256 } }),
      ).toMatchObject({
        __typename: 'InvalidInputError',
        issues: [{ path: 'path' }],
      });
    },
  );
});

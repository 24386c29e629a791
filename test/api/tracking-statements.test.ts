import { randomUUID } from 'node:crypto';
import { MlflowClient } from '../support/mlflow-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
let mlflow: MlflowClient;
let experimentId: string;
beforeAll(async () => {
  server = await startTestServer();
  mlflow = new MlflowClient(server);
  experimentId = await mlflow.experiment('counted');
});
afterAll(() => server.stop());

/** What MLflow's client says of every run. */
const TAGS = [
  { key: 'mlflow.user', value: 'mary' },
  { key: 'mlflow.source.name', value: 'train.py' },
  { key: 'mlflow.source.type', value: 'LOCAL' },
  { key: 'mlflow.runName', value: 'first' },
];
const newRun = (fields: object = {}) => mlflow.run(experimentId, { tags: TAGS, ...fields });

describe('a run that MLflow’s client makes', () => {
  test('is told as it was written: nothing of it is read', async () => {
    expect(await server.statementsOf(() => newRun())).toEqual([
      'tracking.shareExperiment',
      'tracking.addRun',
      'outbox.append',
      'lineage.name',
      'webhooks.listeners',
      'tracking.tellRunChange',
    ]);
  });

  test('as a part of another costs one statement more, which finds that one', async () => {
    const tags = [{ key: 'mlflow.parentRunId', value: (await newRun()).info.run_id }];
    const names = await server.statementsOf(() => newRun({ tags }));
    expect(names.filter((name) => name === 'tracking.runsByIds')).toHaveLength(1);
    expect(names).toHaveLength(7);
  });

  test('is told as whoever reads it next is told', async () => {
    const parent = (await newRun()).info.run_id;
    const tags = [
      ...TAGS,
      { key: 'mlflow.parentRunId', value: parent },
      { key: 'mlflow.source.git.repoURL', value: 'https://user:secret@example.org/code.git' },
      { key: 'mlflow.source.git.dirty', value: 'perhaps' },
      // By its bytes the first is the last; by JavaScript's order it is not.
      ...['𝒳', 'ﬀ', 'z', 'A', 'a'].map((key) => ({ key, value: '' })),
    ];
    const made = await newRun({ run_name: 'first', user_id: 'somebody', start_time: 5, tags });
    expect(made).toEqual(await mlflow.read(made.info.run_id));
    const bare = await mlflow.run('0', { start_time: undefined });
    expect(bare).toEqual(await mlflow.read(bare.info.run_id));
  });
});

describe('MLflow’s other calls', () => {
  const costOf = (path: string, fields: object) =>
    server.statementsOf(() => mlflow.must('POST', path, fields));

  test('what a run tells is written in one statement, once the run is held', async () => {
    const run_id = (await newRun()).info.run_id;
    const fact = { run_id, key: 'k', value: 'v' };
    for (let times = 0; times < 2; times += 1) {
      expect(await costOf('runs/log-parameter', fact)).toEqual(['tracking.holdTaker', 'tracking.addParams']);
      expect(await costOf('runs/set-tag', fact)).toEqual(['tracking.holdRun', 'tracking.putTags']);
    }
  });

  test('a run that ends is not looked for before', async () => {
    const run_id = (await newRun()).info.run_id;
    expect(await costOf('runs/update', { run_id, status: 'FINISHED', end_time: 5 })).toEqual([
      'tracking.setStatus',
      'outbox.append',
      'webhooks.listeners',
      'tracking.tellRunChange',
      'tracking.experimentsByIds',
      'tracking.tags',
    ]);
  });
});

describe('by GraphQL', () => {
  const call = async (operation: string, success: string, input: object): Promise<string> => {
    const type = `${operation.charAt(0).toUpperCase()}${operation.slice(1)}Input`;
    const { result } = await server.data<{ result: { run: { id: string } } }>(
      `mutation ($input: ${type}!) { result: ${operation}(input: $input) { ... on ${success} { run { id name } } } }`,
      { input: { idempotencyKey: randomUUID(), ...input } },
    );
    return result.run.id;
  };
  const start = (input: object = {}) =>
    call('startRun', 'StartRunSuccess', { experiment: 'counted', ...input });

  test('a run is made with all that it begins with at once', async () => {
    const facts = [{ key: 'k', value: 'v' }];
    const input = { params: facts, tags: facts, seeds: [{ name: 'data', value: 1 }] };
    expect(await server.statementsOf(() => start(input))).toEqual([
      'idempotency.claim',
      'tracking.shareExperimentNamed',
      'tracking.addRun',
      'tracking.putSetup',
      'outbox.append',
      'lineage.name',
      'webhooks.listeners',
      'tracking.tellRunChange',
    ]);
  });

  test('points under a key against doubling cost what points cost, and their key', async () => {
    const runId = await start();
    const log = () => call('logMetrics', 'LogSuccess', { runId, points: [{ key: 'loss', value: 1 }] });
    await log(); // its series is new
    const names = await server.statementsOf(log);
    expect(names).toHaveLength(2);
    expect(names[0]).toBe('idempotency.claim');
  });
});

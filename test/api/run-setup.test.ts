import { MlflowClient } from '../support/mlflow-client';
import { startTestServer, type TestServer } from '../support/test-server';
import { COMMIT, SetupClient, sha256Of } from '../support/setup-client';
import { TrackingClient } from '../support/tracking-client';

let server: TestServer;
let tracking: TrackingClient;
let setups: SetupClient;
let mlflow: MlflowClient;
beforeAll(async () => {
  server = await startTestServer();
  tracking = new TrackingClient(server);
  setups = new SetupClient(server);
  mlflow = new MlflowClient(server);
});
afterAll(() => server.stop());

test('what a run is made with comes back whole, whether told at its start or later', async () => {
  const { told, config, lock } = await setups.everything();
  const diff = 'diff --git a/x b/x\n';
  const expected = {
    source: { repository: 'https://example.org/ml.git', commit: COMMIT, entryPoint: 'train.py', dirty: true },
    code: {
      ...told.code,
      repository: 'https://example.org/ml.git',
      dirty: true,
      diff: { path: 'changes.diff', sha256: sha256Of(diff), sizeBytes: diff.length },
    },
    environment: {
      ...told.environment,
      packageManager: null,
      packages: [
        { name: 'attrs', version: '24.1' },
        { name: 'numpy', version: '2.1.0' },
      ],
      lockFiles: [{ path: 'requirements.txt', sha256: lock, sizeBytes: 13 }],
    },
    seeds: [
      { name: 'numpy', value: 7 },
      { name: 'seed', value: '9223372036854775807' },
    ],
    configFiles: [{ path: 'conf/train.yaml', sha256: config, sizeBytes: 8 }],
  };
  const atOnce = await setups.mutate('startRun', { experiment: 'setups', ...told });
  expect(atOnce).toMatchObject({ __typename: 'StartRunSuccess' });
  expect(await setups.setupOf(atOnce.run?.id ?? '')).toEqual(expected);

  const later = await tracking.newRun();
  expect(await setups.setupOf(later)).toMatchObject({
    code: null,
    environment: { packages: null },
    seeds: [],
  });
  for (const [part, facts] of Object.entries(told))
    expect(await setups.describeRun(later, { [part]: facts })).toMatchObject({
      __typename: 'DescribeRunSuccess',
    });
  expect(await setups.setupOf(later)).toEqual(expected);
  expect(await setups.describeRun(later, told)).toMatchObject({ __typename: 'DescribeRunSuccess' });
  const kept = await fetch(`${server.url}/artifacts/sha256/${sha256Of(diff)}`, { headers: server.headers });
  expect(await kept.text()).toBe(diff);
});

test('a fact is told once: another value is refused with its name, and nothing of that call is kept', async () => {
  const { told } = await setups.everything();
  const { run } = await setups.mutate('startRun', {
    experiment: 'setups',
    source: { commit: COMMIT },
    ...told,
  });
  const id = run?.id ?? '';
  const before = await setups.setupOf(id);
  const other = await server.upload('lr: 0.2\n');
  const refused = await setups.describeRun(id, {
    code: { commit: 'b'.repeat(40), branch: 'main', command: ['python', 'train.py'] },
    environment: { cpuCores: 16, packages: [], variables: [{ key: 'OMP_NUM_THREADS', value: '5' }] },
    seeds: [
      { name: 'numpy', value: 8 },
      { name: 'torch', value: 9 },
    ],
    configFiles: [{ path: 'conf/train.yaml', artifact: { sha256: other } }],
  });
  expect(refused.__typename).toBe('InvalidInputError');
  expect(refused.issues?.map(({ path }) => path)).toEqual([
    'code.commit',
    'code.command',
    'environment.packages',
    'environment.cpuCores',
    'environment.variables (OMP_NUM_THREADS)',
    'seeds (numpy)',
    'files (CONFIG conf/train.yaml)',
  ]);
  expect(refused.issues?.[0]?.expected).toContain(COMMIT);
  expect(await setups.setupOf(id)).toEqual(before);

  const contradiction = await setups.mutate('startRun', {
    ...{ experiment: 'setups', source: { commit: COMMIT } },
    code: { commit: 'b'.repeat(40) },
  });
  expect(contradiction).toMatchObject({ __typename: 'InvalidInputError', issues: [{ path: 'code.commit' }] });
});

test('what looks like a secret is refused by its name and never shown', async () => {
  const id = await tracking.newRun();
  const secret = 'hunter2-hunter2-hunter2';
  const { issues, message } = await setups.describeRun(id, {
    code: {
      command: ['python', 'train.py', '--api-key', secret, `--password=${secret}`, '--max-tokens', '512'],
    },
    environment: {
      variables: [
        { key: 'HF_TOKEN', value: secret },
        { key: 'TOKENIZERS_PARALLELISM', value: 'false' },
        { key: 'STORE', value: `postgres://ada:${secret}@db/x` },
        { key: 'a b', value: '1' },
      ],
    },
  });
  expect(issues?.map(({ path }) => path)).toEqual([
    'code.command[3]',
    'code.command[4]',
    'environment.variables[0]',
    'environment.variables[2]',
    'environment.variables[3].key',
  ]);
  expect(JSON.stringify([issues, message])).not.toContain(secret);
  expect(issues?.[2]?.actual).toContain('HF_TOKEN');
  const hidden = { code: { command: ['python', 'train.py', '--api-key', '***', '--password=***'] } };
  expect(await setups.describeRun(id, hidden)).toMatchObject({ __typename: 'DescribeRunSuccess' });
  const { missing } = await setups.reproductionOf(id);
  expect(missing.filter(({ kind }) => kind === 'SECRET').map(({ message: why }) => why)).toEqual([
    expect.stringContaining('--api-key'),
    expect.stringContaining('--password'),
  ]);
});

test.each([
  ['a path out of the code', { configFiles: [{ path: '../x', sha256: '' }] }, 'configFiles[0].path'],
  ['a path into git’s own', { configFiles: [{ path: 'a/.GIT/hooks/x', sha256: '' }] }, 'configFiles[0].path'],
  ['a folder out of the code', { code: { workingDirectory: '/etc' } }, 'code.workingDirectory'],
  ['an empty command', { code: { command: [] } }, 'code.command'],
  ['a command that moves the cursor', { code: { command: ['\u001b[2J'] } }, 'code.command[0]'],
  ['two forms of a diff', { code: { diff: { text: 'x', sha256: 'y' } } }, 'code.diff'],
  ['no form of a diff', { code: { diff: {} } }, 'code.diff'],
  ['too long a commit', { code: { commit: 'a'.repeat(256) } }, 'code.commit'],
  ['cores below zero', { environment: { cpuCores: -1 } }, 'environment.cpuCores'],
  [
    'too many packages',
    { environment: { packages: Array.from({ length: 5_001 }, () => ({ name: 'a', version: '1' })) } },
    'environment.packages',
  ],
  [
    'a seed twice',
    {
      seeds: [
        { name: 'a', value: 1 },
        { name: 'a', value: 1 },
      ],
    },
    'seeds[1].name',
  ],
])('%s is refused', async (_, told, path) => {
  const { sha256 } = { sha256: await server.upload('x') };
  const input = JSON.parse(JSON.stringify(told), (key, value: unknown) =>
    key === 'configFiles' && Array.isArray(value)
      ? value.map((file: { path: string }) => ({ path: file.path, artifact: { sha256 } }))
      : value,
  ) as object;
  const refused = await setups.describeRun(await tracking.newRun(), input);
  expect(refused.__typename).toBe('InvalidInputError');
  expect(refused.issues?.map((issue) => issue.path)).toContain(path);
});

test('files are those of the project, and only a run that goes on takes facts', async () => {
  const stranger = await server.as('contributor', 'elsewhere');
  const theirs = await stranger.upload('theirs');
  const id = await tracking.newRun();
  const missing = await setups.describeRun(id, { code: { diff: { sha256: theirs } } });
  expect(missing).toMatchObject({
    __typename: 'NotFoundError',
    message: expect.stringContaining(theirs) as string,
  });
  await tracking.finishRun({ runId: id });
  expect(await setups.describeRun(id, { seeds: [{ value: 1 }] })).toMatchObject({
    __typename: 'RunNotActiveError',
  });
});

test('runs are found by their commit and the other facts of their source', async () => {
  const commit = 'c0ffee'.padEnd(40, '0');
  const name = 'found by commit';
  const code = { commit, branch: 'topic', repository: 'https://example.org/found.git' };
  await setups.mutate('startRun', { experiment: 'found', name, code: { ...code, entryPoint: 'fit.py' } });
  await setups.mutate('startRun', {
    experiment: 'found',
    name: 'another',
    code: { commit: `d${commit.slice(1)}` },
  });
  for (const filter of [
    `attributes.commit = '${commit}'`,
    `attributes.commit IN ('x', '${commit}') AND branch = 'topic'`,
    "repository LIKE '%/found.git' AND entry_point = 'fit.py'",
    `tags.\`mlflow.source.git.commit\` = '${commit}'`,
    `tags.mlflow.source.name = 'fit.py'`,
    "branch IS NOT NULL AND NOT commit LIKE 'd%'",
  ]) {
    const { nodes } = await tracking.runs({ experiments: ['found'], filter });
    expect([filter, nodes.map((run) => run.name)]).toEqual([filter, [name]]);
  }
  const sorted = await tracking.runs({ experiments: ['found'], orderBy: ['attributes.commit DESC'] });
  expect(sorted.nodes.map((run) => run.name)).toEqual(['another', name]);
});

describe('through MLflow’s door', () => {
  let experimentId: string;
  beforeAll(async () => (experimentId = await mlflow.experiment('by tags')));
  const TAGS = {
    'mlflow.source.git.commit': COMMIT,
    'mlflow.source.git.repoURL': 'git@example.org:ml/ml.git',
    'mlflow.source.git.branch': 'main',
    'mlflow.source.name': 'train.py',
    'mlflow.source.type': 'LOCAL',
  };
  const asList = (tags: object) =>
    Object.entries(tags).map(([key, value]) => ({ key, value: value as string }));
  const tagsOf = async (runId: string) => {
    const { tags = [] } = (await mlflow.read(runId)).data;
    return Object.fromEntries(
      tags.filter(({ key }) => key.startsWith('mlflow.source')).map(({ key, value }) => [key, value]),
    );
  };
  const FACTS = {
    ...{ commit: COMMIT, repository: 'git@example.org:ml/ml.git', branch: 'main', entryPoint: 'train.py' },
    type: 'LOCAL',
  };

  test('what clients tell by tags, at once, one by one or in a batch, is a fact', async () => {
    const atOnce = (await mlflow.run(experimentId, { tags: asList(TAGS) })).info.run_id;
    const oneByOne = (await mlflow.run(experimentId)).info.run_id;
    for (const tag of asList(TAGS)) await mlflow.must('POST', 'runs/set-tag', { run_id: oneByOne, ...tag });
    const batch = (await mlflow.run(experimentId)).info.run_id;
    await mlflow.must('POST', 'runs/log-batch', { run_id: batch, tags: asList(TAGS) });
    for (const id of [atOnce, oneByOne, batch]) {
      expect(await setups.setupOf(id)).toMatchObject({ code: FACTS });
      expect(await tagsOf(id)).toEqual(TAGS);
      const { run } = await server.data<{ run: { tags: { key: string }[] } }>(
        'query ($id: ID!) { run(id: $id) { tags { key } } }',
        { id },
      );
      expect(run.tags.filter(({ key }) => key.startsWith('mlflow.source'))).toEqual([]);
    }
    const found = await mlflow.must<{ runs: object[] }>('POST', 'runs/search', {
      experiment_ids: [experimentId],
      filter: `tags.mlflow.source.git.commit = '${COMMIT}'`,
      order_by: ['tags.mlflow.source.name'],
    });
    expect(found.runs).toHaveLength(3);
  });

  test('what is told by GraphQL is there as tags', async () => {
    const id = await tracking.newRun({ experiment: 'by tags' });
    await setups.describeRun(id, { code: { ...FACTS, dirty: false } });
    expect(await tagsOf(id)).toEqual({ ...TAGS, 'mlflow.source.git.dirty': 'false' });
  });

  test('a tag may change and go there, as MLflow’s clients expect it; a fact of GraphQL may not', async () => {
    const id = (await mlflow.run(experimentId, { tags: asList(TAGS) })).info.run_id;
    const key = 'mlflow.source.name';
    const tag = { key, value: 'other.py' };
    expect(await setups.mutate('updateRun', { runId: id, tags: [tag] })).toMatchObject({
      __typename: 'InvalidInputError',
    });
    expect(await setups.mutate('updateRun', { runId: id, removeTags: [key] })).toMatchObject({
      __typename: 'InvalidInputError',
    });
    await mlflow.must('POST', 'runs/set-tag', { run_id: id, ...tag });
    expect(await setups.setupOf(id)).toMatchObject({ code: { ...FACTS, entryPoint: 'other.py' } });
    await mlflow.must('POST', 'runs/delete-tag', { run_id: id, key });
    expect(await setups.setupOf(id)).toMatchObject({ code: { ...FACTS, entryPoint: null } });
    expect(await mlflow.call('POST', 'runs/delete-tag', { run_id: id, key })).toMatchObject({ status: 404 });
    const long = { key: 'mlflow.source.git.commit', value: 'a'.repeat(256) };
    expect(await mlflow.call('POST', 'runs/set-tag', { run_id: id, ...long })).toMatchObject({
      status: 400,
      body: { error_code: 'INVALID_PARAMETER_VALUE' },
    });
  });

  test('the password in an address is not kept', async () => {
    const value = 'https://oauth2:secret@example.org/ml.git';
    const tags = [{ key: 'mlflow.source.git.repoURL', value }];
    const id = (await mlflow.run(experimentId, { tags })).info.run_id;
    expect(await tagsOf(id)).toEqual({ 'mlflow.source.git.repoURL': 'https://example.org/ml.git' });
  });

  test('the files that pin what a model needs are in the environment, of runs and of logged models', async () => {
    const { info } = await mlflow.run(experimentId);
    const files = `/api/2.0/mlflow-artifacts/artifacts${info.artifact_uri.slice('mlflow-artifacts:'.length)}`;
    await mlflow.raw('PUT', `${files}/model/MLmodel`, 'flavors: {}');
    await mlflow.raw('PUT', `${files}/model/requirements.txt`, 'numpy==2.1.0\n');
    await mlflow.raw('PUT', `${files}/notes/requirements.txt`, 'these are notes');
    const { model } = await mlflow.must<{ model: { info: { artifact_uri: string } } }>(
      'POST',
      'logged-models',
      {
        ...{ experiment_id: experimentId, name: 'forest', source_run_id: info.run_id },
      },
    );
    const ofModel = model.info.artifact_uri.slice('mlflow-artifacts:'.length);
    const python = 'python: 3.11.9\n';
    await mlflow.raw('PUT', `/api/2.0/mlflow-artifacts/artifacts${ofModel}/python_env.yaml`, python);
    expect(await setups.setupOf(info.run_id)).toMatchObject({
      environment: {
        lockFiles: [
          { path: 'requirements.txt', sha256: sha256Of('numpy==2.1.0\n'), sizeBytes: 13 },
          { path: 'python_env.yaml', sha256: sha256Of(python), sizeBytes: python.length },
        ],
      },
    });
    const { steps, missing } = await setups.reproductionOf(info.run_id);
    expect(steps.map(({ command }) => command)).toContainEqual(
      expect.stringMatching(/pip install -r requirements-of-models.txt/),
    );
    expect(missing.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['REPOSITORY', 'COMMIT', 'PACKAGES', 'COMMAND', 'SEED']),
    );
  });
});

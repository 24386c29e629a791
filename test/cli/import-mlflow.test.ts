import { appendFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from 'node-sqlite3-wasm';
import { importMlflow } from '../../src/cli/commands/import-mlflow';
import { ApiClient } from '../support/api-client';
import { importedRuns, runImport, type ImportedRun } from '../support/import-command';
import { importSources } from '../support/import-sources';
import { MlflowClient } from '../support/mlflow-client';
import { startTestServer, type TestServer } from '../support/test-server';
import { UnsteadyProxy } from '../support/unsteady-proxy';

let platform: TestServer;
/** A project of its own for each test: what is imported twice into one is there once. */
let server: ApiClient;
let projects = 0;
let sources: string;
beforeAll(async () => {
  sources = importSources();
  platform = await startTestServer();
});
afterAll(async () => {
  await platform.stop();
  rmSync(sources, { recursive: true, force: true });
});
beforeEach(async () => (server = await newProject()));

async function newProject(): Promise<ApiClient> {
  projects += 1;
  return new ApiClient(platform.url, await platform.keyFor('admin', `imports-${projects}`));
}

const start = (source: string, ...args: string[]) => runImport(importMlflow, [source, ...args], server);
const folder = () => join(sources, 'mlflow');
const database = () => `sqlite:///${join(sources, 'database/mlflow.db')}`;
/** Without what differs from source to source. */
const plain = (runs: Readonly<Record<string, ImportedRun>>) =>
  Object.fromEntries(
    Object.entries(runs).map(([name, { tags, ...run }]) => {
      const { 'modelgraph.imported.from': from, 'modelgraph.imported.key': key, ...others } = tags;
      expect(from).not.toBe('');
      expect(key).toMatch(/^mlflow:/);
      return [name, { ...run, tags: others }];
    }),
  );

test.each(['folder', 'database'])(
  'all of a %s comes: runs with their points and times, parents, datasets, logged models, the registry',
  async (kind) => {
    const { code, report } = await start(kind === 'folder' ? folder() : database());
    expect({ code, complete: report.complete }).toEqual({ code: 0, complete: true });
    expect(report.came).toMatchObject({
      ...{ experiments: 2, runs: 4, points: 2_509, params: 3, datasets: 1, files: 3 },
      ...{ loggedModels: 1, registeredModels: 1, modelVersions: 2, aliases: 1 },
    });
    expect(report.notImported.map(({ what, count, failed }) => [what, count, failed])).toEqual([
      ['experiments', 1, false],
      ['runs', 1, false],
    ]);
    const runs = await importedRuns(server, ['penguins', 'gone']);
    expect(Object.keys(runs).sort()).toEqual(['child', 'failed', 'going on', 'parent']);
    expect(runs.parent).toMatchObject({
      ...{ status: 'FINISHED', note: 'about the run', params: { lr: '0.1', optimizer: 'adam', empty: '' } },
      ...{ tags: { k: 'v' }, experiment: { name: 'penguins', note: 'The *note*.' } },
    });
    const now = 1_700_000_000_000;
    expect(runs.parent?.points.loss).toEqual(
      Array.from({ length: 2_500 }, (_, step) => [step, 1 / (step + 1), now + step]),
    );
    // A database of SQLite's has no infinities: MLflow writes the largest double.
    const infinity = kind === 'folder' ? 'Infinity' : Number.MAX_VALUE;
    expect(runs.parent?.points.odd).toEqual(
      expect.arrayContaining([
        [0, 'NaN', now],
        [1, infinity, now + 1],
        [-5, -1.5, now + 2],
        ['9007199254740993', 0, now + 3],
        ['4611686018427387904', 5e-324, now + 4],
      ]),
    );
    expect(runs.parent?.points['val/a b']).toEqual([[0, 0.1 + 0.2, now]]);
    expect(Object.keys(runs.parent?.files ?? {})).toEqual(['notes/a b.txt']);
    expect(runs.child?.parent).toEqual({ name: 'parent' });
    expect(runs.failed).toMatchObject({
      ...{ status: 'FAILED', startedAt: '2020-09-13T12:26:40.000Z', endedAt: '2020-09-13T12:26:41.000Z' },
    });
    expect(runs.failed?.tags).not.toHaveProperty(['mlflow.user']); // “unknown” there, which is nobody
    expect(runs['going on']).toMatchObject({ status: 'RUNNING', endedAt: null });

    const mlflow = new MlflowClient(server);
    const { experiment } = await mlflow.must<{ experiment: { experiment_id: string; tags: object[] } }>(
      ...(['GET', 'experiments/get-by-name', { experiment_name: 'penguins' }] as const),
    );
    expect(experiment.tags).toContainEqual({ key: 'team', value: 'a' });
    const { models } = await mlflow.must<{ models: { info: object; data: object }[] }>(
      ...(['POST', 'logged-models/search', { experiment_ids: [experiment.experiment_id] }] as const),
    );
    expect(models).toMatchObject([
      {
        info: { name: 'model', status: 'LOGGED_MODEL_READY' },
        data: {
          params: [{ key: 'depth', value: '3' }],
          metrics: [{ key: 'acc', value: 0.9, timestamp: now + 10 }],
        },
      },
    ]);
    const { model_versions: versions } = await mlflow.must<{ model_versions: object[] }>(
      ...(['GET', 'model-versions/search', { filter: "name = 'Penguin'" }] as const),
    );
    expect(versions).toHaveLength(2);
    const champion = await mlflow.must('GET', 'registered-models/alias', {
      name: 'Penguin',
      alias: 'champion',
    });
    const tags: unknown = expect.arrayContaining([{ key: 'modelgraph.imported.version', value: '3' }]);
    expect(champion).toMatchObject({ model_version: { description: 'the 3.', tags } });
    const { run } = await server.data<{ run: object }>(
      'query ($id: ID!) { run(id: $id) { datasets { ref } loggedModels { name } registeredVersions { ref } } }',
      { id: await mlflowRunId(mlflow, experiment.experiment_id, 'parent') },
    );
    expect(run).toMatchObject({ datasets: [{ ref: 'pengs@1' }], loggedModels: [{ name: 'model' }] });

    const again = await start(kind === 'folder' ? folder() : database());
    expect(again).toMatchObject({
      code: 0,
      report: { wasThere: { experiments: 2, runs: 4, modelVersions: 2 } },
    });
    expect(Object.values(again.report.came).every((count) => count === 0)).toBe(true);
    expect(await importedRuns(server, ['penguins', 'gone'])).toEqual(runs);
  },
);

const mlflowRunId = async (mlflow: MlflowClient, experimentId: string, name: string): Promise<string> => {
  const asked = { experiment_ids: [experimentId], filter: `attributes.run_name = '${name}'` };
  const { runs } = await mlflow.must<{ runs: { info: { run_id: string } }[] }>('POST', 'runs/search', asked);
  return runs[0]?.info.run_id ?? '';
};

test('a server is read as a folder is: what another one gives out is what came to it', async () => {
  const other = await newProject();
  await runImport(importMlflow, [folder()], other);
  const environment = { MLFLOW_TRACKING_TOKEN: other.key };
  const { code, report } = await runImport(importMlflow, [other.url], server, { environment });
  expect(code).toBe(0);
  expect(report.came).toMatchObject({
    runs: 4,
    points: 2_509,
    files: 3,
    loggedModels: 1,
    modelVersions: 2,
  });
  const [there, here] = [await importedRuns(other, ['penguins']), await importedRuns(server, ['penguins'])];
  expect(plain(here)).toEqual(plain(there));
  const denied = await runImport(importMlflow, [other.url], server);
  expect(denied).toMatchObject({
    code: null,
    problem: expect.stringMatching(/no such credential/) as string,
  });
});

test('what is deleted comes only where it is asked for, and is deleted here too', async () => {
  const { report } = await start(folder(), '--deleted');
  expect(report.came).toMatchObject({ experiments: 3, runs: 6 });
  const { deleted, parent } = await importedRuns(server, ['penguins']);
  expect([deleted?.deletedAt !== null, parent?.deletedAt]).toEqual([true, null]);
  const { experiment } = await server.data<{ experiment: { deletedAt: string | null } }>(
    '{ experiment(name: "gone") { deletedAt } }',
  );
  expect(experiment.deletedAt).not.toBeNull();
  expect((await start(folder(), '--deleted')).report).toMatchObject({
    came: { runs: 0 },
    wasThere: { runs: 6 },
  });
});

test('one experiment, under another name; a run that has grown gets the rest; damaged files are told', async () => {
  const own = importSources();
  const folder = () => join(own, 'mlflow');
  const root = join(folder(), 'mlruns');
  const experiment = readdirSync(root).find((name) => /^\d{5,}$/.test(name)) ?? '';
  const one = ['--experiment', 'penguins', '--experiment-prefix', 'old/', '--model-prefix', 'old-'];
  expect(await start(folder(), ...one)).toMatchObject({
    code: 0,
    report: { came: { experiments: 1, runs: 4 } },
  });
  const run = readdirSync(join(root, experiment)).find((id) => hasMetric(join(root, experiment, id), 'loss'));
  appendFileSync(join(root, experiment, run ?? '', 'metrics/loss'), '1700000009000 0.25 9000\nrubbish\n');
  writeFileSync(join(root, experiment, 'meta.yaml'), '['.repeat(500_000));
  const broken = await start(folder(), ...one);
  expect(broken.code).toBeNull();
  expect(broken.report.notImported.filter(({ failed }) => failed).map(({ what }) => what)).toEqual(
    expect.arrayContaining(['files of MLflow’s']),
  );
  writeFileSync(
    join(root, experiment, 'meta.yaml'),
    `name: penguins\nexperiment_id: '${experiment}'\nlifecycle_stage: active\n`,
  );
  const { problem, report } = await start(folder(), ...one);
  expect(problem).toBe('Not all that should have come did.');
  expect(report).toMatchObject({ came: { runs: 0, points: 1 }, wasThere: { runs: 4 } });
  expect(report.notImported).toContainEqual(
    expect.objectContaining({ what: 'points', count: 1, failed: true }),
  );
  const { parent } = await importedRuns(server, ['old/penguins']);
  expect(parent?.points.loss).toHaveLength(2_501);
  expect(parent?.points.loss?.at(-1)).toEqual([9_000, 0.25, 1_700_000_009_000]);
  rmSync(own, { recursive: true, force: true });
  expect((await start(database(), '--experiment', 'no such')).problem).toBe(
    'Not all that should have come did.',
  );
});

test('a file that comes to a run when it has ended is brought by the next import', async () => {
  const own = importSources();
  for (const [source, artifacts] of [
    [join(own, 'mlflow'), 'mlflow/mlruns/539763213127945492/03b5803d996c4ebcaa0f113220a39ea7/artifacts'],
    [`sqlite:///${own}/database/mlflow.db`, 'database/mlruns/1/d7975a29686a4b72b6dde47b63aa4e1f/artifacts'],
  ] as const) {
    server = await newProject();
    expect((await start(source)).code).toBe(0);
    writeFileSync(join(own, artifacts, 'late.txt'), 'late');
    expect((await start(source)).report.came).toMatchObject({ runs: 0, files: 1 });
    const { parent } = await importedRuns(server, ['penguins']);
    expect(Object.keys(parent?.files ?? {})).toEqual(['late.txt', 'notes/a b.txt']);
  }
  rmSync(own, { recursive: true, force: true });
});

test('runs whose files are damaged, or have no name here, are told of, and the others come', async () => {
  const own = importSources();
  const experiment = join(own, 'mlflow/mlruns/539763213127945492');
  const [parent, child, goingOn] = [
    '03b5803d996c4ebcaa0f113220a39ea7',
    '9797df55b5c049bda92387f84a8b3cca',
    '091ad808ca7048d5ab4df9fddbba5bc3',
  ];
  const noUtf8 = (folder: string) => {
    mkdirSync(join(experiment, folder), { recursive: true });
    writeFileSync(
      Buffer.concat([Buffer.from(join(experiment, folder, '/')), Buffer.from([0xff, 0xfe])]),
      'x',
    );
  };
  noUtf8(`${parent}/artifacts/notes`);
  noUtf8(`${goingOn}/params`);
  // Each list is nine of the one before: gigabytes in 500 bytes.
  const lists = Array.from({ length: 12 }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at},`.repeat(9)}]\n`);
  appendFileSync(join(experiment, child, 'meta.yaml'), ['\nl0: &l0 [x]\n', ...lists].join(''));
  const { problem, report } = await start(join(own, 'mlflow'));
  rmSync(own, { recursive: true, force: true });
  expect(problem).toBe('Not all that should have come did.');
  expect(report).toMatchObject({ complete: true, came: { runs: 2, files: 3, points: 2_507 } });
  const failed = report.notImported.filter(({ failed }) => failed).map(({ what, count }) => [what, count]);
  expect(Object.fromEntries(failed)).toEqual({ runs: 1, files: 1, 'files of MLflow’s': 1 });
});

test('folders that do not say which run or experiment they are of are told of, and the others come', async () => {
  const own = importSources();
  const root = join(own, 'mlflow/mlruns');
  const experiment = join(root, '539763213127945492');
  const [parent, goingOn] = ['03b5803d996c4ebcaa0f113220a39ea7', '091ad808ca7048d5ab4df9fddbba5bc3'];
  rmSync(join(experiment, parent, 'meta.yaml')); // a part of it looks for it too
  writeFileSync(join(experiment, goingOn, 'meta.yaml'), 'status: 1\n');
  rmSync(join(experiment, 'models/m-fb0b140cdcd04658950178adcdbf4273/meta.yaml'));
  mkdirSync(join(experiment, '.ipynb_checkpoints'));
  writeFileSync(join(experiment, 'tags/long'), 'x'.repeat(5_001));
  // What is beside a database.
  mkdirSync(join(root, '7/1cb085e1032b4c64a58943ad0e8c8983/artifacts'), { recursive: true });
  const { problem, report, out } = await start(join(own, 'mlflow'));
  rmSync(own, { recursive: true, force: true });
  expect(problem).toBe('Not all that should have come did.');
  expect(report).toMatchObject({ complete: true, came: { runs: 2 } });
  const missed = report.notImported.map(({ what, why, count, failed }) => ({ what, why, count, failed }));
  const noMeta: unknown = expect.stringMatching(/^Their folders have no meta\.yaml/);
  expect(missed).toEqual(
    expect.arrayContaining([
      { what: 'runs', why: noMeta, count: 1, failed: true },
      { what: 'runs', why: 'Their meta.yaml names none.', count: 1, failed: true },
      { what: 'experiments', why: noMeta, count: 1, failed: true },
      { what: 'files of MLflow’s', why: 'They are not there.', count: 1, failed: true },
      { what: 'folders', why: 'They are no runs of MLflow’s.', count: 1, failed: false },
      { what: 'ends of long tags', why: 'A value has at most 5000 characters.', count: 1, failed: false },
    ]),
  );
  expect(out).toContain(`such as ${join(experiment, parent)}\n`);
});

test('a folder that is none of MLflow’s, or one experiment of it, is refused with a sentence', async () => {
  expect((await start(join(sources, 'tensorboard'))).problem).toMatch(
    /^There are no experiments of MLflow’s in /,
  );
  expect((await start(join(folder(), 'mlruns/539763213127945492'))).problem).toMatch(
    /is a part of MLflow’s folder: name all of it, and --experiment\.$/,
  );
});

test('of a database, times and runs that are none are told, and a run without an address has no files', async () => {
  const own = importSources();
  const path = join(own, 'database/mlflow.db');
  const file = new Database(path);
  file.exec('UPDATE runs SET artifact_uri = NULL');
  // Nanoseconds, which clients write for milliseconds, have no year here; and a column of SQLite's takes any text.
  file.exec("UPDATE runs SET start_time = 1700000000000000000 WHERE name = 'failed'");
  file.exec("UPDATE runs SET start_time = 'yesterday' WHERE name = 'going on'");
  file.exec("UPDATE model_versions SET run_id = 'gone'");
  file.close();
  const { problem, report } = await start(`sqlite:///${path}`);
  rmSync(own, { recursive: true, force: true });
  expect(problem).toBe('Not all that should have come did.');
  expect(report).toMatchObject({ complete: true, came: { runs: 3, files: 3 } });
  const failed = report.notImported.filter(({ failed }) => failed);
  expect(failed.map(({ what, why }) => [what, why])).toEqual([
    ['runs', expect.stringContaining('start_time')],
  ]);
  expect(report.notImported).toContainEqual(
    expect.objectContaining({ what: 'runs of model versions', why: 'They have not come.', count: 2 }),
  );
});

const hasMetric = (run: string, key: string): boolean => {
  try {
    return readdirSync(join(run, 'metrics')).includes(key);
  } catch {
    return false;
  }
};

test('answers that are lost and imports that are stopped anywhere make nothing twice', async () => {
  const whole = await newProject();
  await runImport(importMlflow, [folder()], whole);
  const expected = await importedRuns(whole, ['penguins']);
  // Each start gets a little further, and is stopped; every seventh answer is lost, every eleventh request too.
  let starts = 0;
  for (let reach = 5; ; reach += 15) {
    const stop = new AbortController();
    const proxy = await UnsteadyProxy.to(server.url, (request) => {
      if (request === reach) stop.abort();
      return request % 7 === 0 ? 'answer-lost' : request % 11 === 0 ? 'lost' : 'ok';
    });
    const way = { url: proxy.url, key: server.key };
    const { code, problem, report } = await runImport(importMlflow, [folder()], way, {
      stop: stop.signal,
    });
    proxy.close();
    starts += 1;
    if (code === 0) break;
    expect(report.notImported.filter(({ failed }) => failed)).toEqual([]);
    expect(problem).toMatch(/stopped/);
    expect(starts).toBeLessThan(20);
  }
  expect(starts).toBeGreaterThan(2);
  expect(plain(await importedRuns(server, ['penguins']))).toEqual(plain(expected));
  const again = await start(folder());
  expect(Object.values(again.report.came).every((count) => count === 0)).toBe(true);
});

test('addresses that cannot be read are refused with a sentence, and passwords are not shown', async () => {
  const postgres = await runImport(importMlflow, ['postgresql://user:secret@db/mlflow'], server);
  expect(postgres.problem).toMatch(/Expected http\(s\):\/\/, sqlite:\/\/\/, or a folder/);
  expect(postgres.problem).not.toMatch(/secret/);
  expect((await start(join(sources, 'nowhere'))).problem).toMatch(/There is no folder/);
  writeFileSync(join(sources, 'text.db'), 'this is no database, but it is a file that is long enough');
  expect((await start(`sqlite:///${join(sources, 'text.db')}`)).problem).toMatch(/cannot be read: /);
  const away = await start('http://user:secret@127.0.0.1:1', '--timeout', '0');
  expect(away.problem).toMatch(/No answer from http:\/\/127\.0\.0\.1:1/);
  expect(away.out).not.toMatch(/secret/);
});

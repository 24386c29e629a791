import { createHash } from 'node:crypto';
import {
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { importTensorboard } from '../../src/cli/commands/import-tensorboard';
import { importWandb } from '../../src/cli/commands/import-wandb';
import { ApiClient } from '../support/api-client';
import { endOf, runCli, spawnCli } from '../support/cli-process';
import { importedRuns, runImport } from '../support/import-command';
import { importSources } from '../support/import-sources';
import { UnsteadyProxy } from '../support/unsteady-proxy';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
let sources: string;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());
beforeEach(() => (sources = importSources()));
afterEach(() => rmSync(sources, { recursive: true, force: true }));

const tensorboard = (experiment: string, ...args: string[]) =>
  runImport(importTensorboard, [join(sources, 'tensorboard'), '--experiment', experiment, ...args], server);
const wandb = (prefix: string, ...args: string[]) =>
  runImport(importWandb, [join(sources, 'wandb'), '--experiment-prefix', prefix, ...args], server);
const eventFile = (run: string): string => {
  const folder = join(sources, 'tensorboard', run);
  return join(folder, readdirSync(folder).find((name) => name.includes('tfevents')) ?? '');
};
const wandbFolder = (id: string): string =>
  join(
    sources,
    'wandb/wandb',
    readdirSync(join(sources, 'wandb/wandb')).find((name) => name.endsWith(id)) ?? '',
  );

test('event files become runs: every scalar exactly, hyperparameters, the last text; the rest is counted', async () => {
  const { code, report } = await tensorboard('events');
  expect(code).toBe(0);
  expect(report).toMatchObject({ complete: true, came: { experiments: 1, runs: 2, points: 109, params: 4 } });
  expect(report.notImported.map(({ what, count, failed }) => [what, count, failed]).sort()).toEqual([
    ['earlier texts of a tag', 1, false],
    ['histograms', 1, false],
    ['images', 1, false],
    ['tensors', 1, false],
  ]);
  const { 'cnn/first': first, tensors } = await importedRuns(server, ['events']);
  const float = Math.fround;
  const wall = (step: number) => (1_700_000_000 + step) * 1_000;
  expect(first?.points.loss).toEqual(
    Array.from({ length: 50 }, (_, step) => [step, float(1 / (step + 1)), wall(step)]),
  );
  expect(first?.points['val/acc____']?.[49]).toEqual([49, float(49 * 0.1), wall(49)]);
  expect(first?.points.weird).toEqual([
    [3, 'NaN', wall(50)],
    [4, '-Infinity', wall(51)],
  ]);
  expect(first).toMatchObject({
    status: 'FINISHED',
    startedAt: expect.stringMatching(/^2023-11-14T22:13:20/) as string,
  });
  expect(first?.tags['tensorboard.text.notes/text_summary']).toBe('last text');
  expect(tensors).toMatchObject({
    status: 'FAILED',
    startedAt: '2023-11-14T22:13:19.500Z',
    endedAt: '2023-11-14T22:15:23.000Z',
    params: { units: '16', optimizer: 'adam', dropout: '0.25', augment: 'true' },
    tags: { 'tensorboard.group': 'sweep 1' },
    points: {
      f64: [[0, 0.1, 1_700_000_000_250]],
      f32: [[0, float(0.1), 1_700_000_000_250]],
      f16: [['1152921504606846976', 0.0999755859375, 1_700_000_000_250]],
      i64: [[-3, 2 ** 40 + 1, 1_700_000_000_250]],
      i32: [[0, -7, 1_700_000_000_250]],
      u8: [[0, 200, 1_700_000_000_250]],
      flag: [[0, 1, 1_700_000_000_250]],
    },
  });
});

test('an event file whose name is not UTF-8 is told of, and the others come', async () => {
  const folder = Buffer.from(`${join(sources, 'tensorboard/cnn/first')}/events.tfevents.`);
  writeFileSync(Buffer.concat([folder, Buffer.from([0xff, 0xfe])]), '');
  const { problem, report } = await tensorboard('nameless', '--dry-run');
  expect(problem).toBe('Not all that should have come did.');
  expect(report).toMatchObject({ complete: true, came: { runs: 2, points: 109 } });
  expect(report.notImported).toContainEqual(
    expect.objectContaining({ what: 'event files', count: 1, failed: true }),
  );
});

test('started again it brings nothing, and of a file that has grown the rest', async () => {
  // Files of other names are those of other runs.
  for (const run of ['cnn/first', 'tensors']) renameSync(eventFile(run), `${eventFile(run)}.grown`);
  const file = eventFile('cnn/first');
  const whole = readFileSync(file);
  truncateSync(file, Math.floor(whole.length / 3));
  const half = await tensorboard('grown');
  expect(half).toMatchObject({ code: 0, report: { came: { runs: 2 } } });
  expect(half.report.notImported).toContainEqual(
    expect.objectContaining({
      why: expect.stringMatching(/ends in the middle of a record/) as string,
      failed: false,
    }),
  );
  writeFileSync(file, whole);
  const rest = await tensorboard('grown');
  expect(rest.report.came).toMatchObject({ experiments: 0, runs: 0 });
  expect((half.report.came.points ?? 0) + (rest.report.came.points ?? 0)).toBe(109);
  const again = await tensorboard('grown');
  expect(again.report).toMatchObject({
    came: { runs: 0, points: 0, params: 0, tags: 0 },
    wasThere: { runs: 2 },
  });
  await tensorboard('at-once', '--experiment-prefix', 'x/');
  // The same files go to the same runs, whatever the experiment is called.
  expect(await importedRuns(server, ['x/at-once'])).toEqual({});
  const { 'cnn/first': first } = await importedRuns(server, ['grown']);
  expect(first?.points.loss?.map(([step]) => step)).toEqual(Array.from({ length: 50 }, (_, step) => step));
});

test('a damaged record is told and passed over; the rest comes, and the command fails', async () => {
  const file = eventFile('cnn/first');
  const bytes = readFileSync(file);
  // A byte within the first scalar's record: the file begins with one of 24 bytes and its frame of 16.
  bytes[24 + 16 + 20] = (bytes[24 + 16 + 20] ?? 0) ^ 0xff;
  writeFileSync(file, bytes);
  writeFileSync(
    join(sources, 'tensorboard/tensors/events.out.tfevents.9.rubbish'),
    'this is no event file at all',
  );
  const { code, problem, report, out } = await tensorboard('damaged', '--dry-run');
  expect(code).toBeNull();
  expect(problem).toBe('Not all that should have come did.');
  expect(report.came.points).toBe(108);
  expect(report.notImported.filter(({ failed }) => failed).map(({ why }) => why)).toEqual([
    'The checksum of a record is wrong: it was passed over.',
    'The checksum of a length is wrong: what follows in the file cannot be found.',
  ]);
  expect(out).toMatch(/1 × event files \(failed\): The checksum of a record is wrong/);
  expect(await importedRuns(server, ['damaged'])).toEqual({});
});

test('offline runs of W&B come with config, history, samples, summary, files and words', async () => {
  const { code, report } = await wandb('w/');
  expect(code).toBe(0);
  expect(report.came).toMatchObject({ experiments: 1, runs: 2, params: 5, files: 4 });
  const { first, failed } = await importedRuns(server, ['w/penguins']);
  expect(first).toMatchObject({
    status: 'FINISHED',
    note: 'a note',
    params: {
      lr: '0.1',
      'optimizer.name': 'adam',
      'optimizer.betas': '[0.9,0.99]',
      none: 'null',
      augment: 'true',
    },
    tags: {
      ...{ 'wandb.group': 'g1', 'wandb.job_type': 'train', 'wandb.run_id': 'first001' },
      ...{ 'wandb.tag.baseline': 'true', 'wandb.tag.a b': 'true', 'wandb.summary.verdict': 'good' },
    },
  });
  const values = (key: string) => first?.points[key]?.map(([step, value]) => [step, value]);
  const steps = Array.from({ length: 40 }, (_, step) => step);
  expect(values('loss')).toEqual(steps.map((step) => [step, 1 / (step + 1)]));
  expect(values('odd')).toEqual(steps.map((step) => [step, step % 2 ? 'NaN' : 'Infinity']));
  expect(values('nested.b.c')).toEqual(steps.map((step) => [step, '-0']));
  expect(values('flag')).toEqual(steps.map((step) => [step, 1]));
  expect(values('late')).toEqual([[100, 1]]);
  expect(values('best')).toEqual([[100, 0.99]]);
  expect(Object.keys(first?.points ?? {}).filter((key) => key.startsWith('system/'))).toContain(
    'system/memory_percent',
  );
  expect(first?.files['weights.txt']).toBe(createHash('sha256').update('weights').digest('hex'));
  expect(Object.keys(first?.files ?? {}).some((path) => path.startsWith('media/images/'))).toBe(true);
  expect(failed).toMatchObject({
    status: 'FAILED',
    points: { loss: [[0, 3.5, expect.any(Number) as number]] },
  });
  const again = await wandb('w/');
  expect(again.report).toMatchObject({ came: { runs: 0, points: 0, files: 0 }, wasThere: { runs: 2 } });
});

test('a log that was cut comes as far as it goes, and the rest when it is there', async () => {
  rmSync(wandbFolder('failed01'), { recursive: true });
  const folder = wandbFolder('first001');
  // Another run than that of the tests before: it is known by its id.
  const name = readdirSync(folder).find((file) => file.endsWith('.wandb')) ?? '';
  const whole = readFileSync(join(folder, name));
  const cut = (length: number) => writeFileSync(join(folder, name), whole.subarray(0, length));
  const dry = async () => (await wandb('cut/', '--dry-run')).report;
  cut(whole.length - 10);
  const report = await dry();
  expect(report.notImported.map(({ what }) => what)).toEqual(
    expect.arrayContaining(['ends of logs', 'ends of runs']),
  );
  cut(3);
  expect((await wandb('cut/', '--dry-run')).problem).toBe('Not all that should have come did.');
  const damaged = Buffer.from(whole);
  damaged[2_000] = (damaged[2_000] ?? 0) ^ 1;
  writeFileSync(join(folder, name), damaged);
  const { came, notImported } = await dry();
  expect(notImported).toContainEqual(
    expect.objectContaining({ why: 'A checksum is wrong: records were passed over.', failed: true }),
  );
  expect(came.points).toBeGreaterThan(200);
});

test('a command line that is killed in the middle is started again: everything is there once', async () => {
  const key = await server.keyFor('admin', 'killed');
  const project = new ApiClient(server.url, key);
  const folder = join(sources, 'mlflow');
  let child: ReturnType<typeof spawnCli> | null = null;
  const proxy = await UnsteadyProxy.to(server.url, (request) => {
    if (request === 20) child?.kill('SIGKILL');
    return 'ok';
  });
  child = spawnCli(['import', 'mlflow', folder], { MODELGRAPH_URL: proxy.url, MODELGRAPH_KEY: key });
  const killed = await endOf(child);
  proxy.close();
  expect(killed).toMatchObject({ code: null, out: '' });
  const second = await runCli(['import', 'mlflow', folder], {
    MODELGRAPH_URL: server.url,
    MODELGRAPH_KEY: key,
  });
  expect(second.code).toBe(0);
  expect(second.out).toMatch(/ {2}runs +\d +[1-4]\n/);
  const runs = await importedRuns(project, ['penguins']);
  expect(Object.keys(runs)).toHaveLength(4);
  expect(runs.parent?.points.loss).toHaveLength(2_500);
  const third = await runCli(['import', 'mlflow', folder], {
    MODELGRAPH_URL: server.url,
    MODELGRAPH_KEY: key,
  });
  expect(third.out).toMatch(/ {2}points of metrics +0 +0\n/);
});

test('links are left out unless they are asked for', async () => {
  writeFileSync(join(sources, 'secret.txt'), 'secret');
  symlinkSync(join(sources, 'secret.txt'), join(wandbFolder('first001'), 'files/link.txt'));
  symlinkSync(sources, join(wandbFolder('first001'), 'files/folder'));
  const without = await wandb('l/', '--dry-run');
  expect(without.report.came.files).toBe(4);
  expect(without.report.notImported).toContainEqual(
    expect.objectContaining({ what: 'files', count: 2, failed: false }),
  );
  expect((await wandb('l/', '--dry-run', '--follow-links')).report.came.files).toBe(5);
});

test.each([
  ['tensorboard', importTensorboard, 'wandb/wandb', /no event files/],
  ['tensorboard', importTensorboard, 'nowhere', /no folder/],
  ['wandb', importWandb, 'tensorboard', /no runs of W&B/],
])('import %s refuses a folder of something else with a sentence', async (_, command, folder, sentence) => {
  const { code, problem, report } = await runImport(command, [join(sources, folder)], server);
  expect(problem).toMatch(sentence);
  expect({ code, complete: report?.complete ?? false }).toEqual({ code: null, complete: false });
});

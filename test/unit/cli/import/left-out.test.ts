import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { Database } from 'node-sqlite3-wasm';
import type { Command } from '../../../../src/cli/command';
import { importMlflow } from '../../../../src/cli/commands/import-mlflow';
import { importTensorboard } from '../../../../src/cli/commands/import-tensorboard';
import { importWandb } from '../../../../src/cli/commands/import-wandb';
import { runImport } from '../../../support/import-command';
import { importSources } from '../../../support/import-sources';
import { field, tfRecord, wandbLog } from '../../../support/log-files';

let sources: string;
beforeEach(() => (sources = importSources()));
afterEach(() => rmSync(sources, { recursive: true, force: true }));

/** What would come and what would not, in words: nothing is written, so there is no server. */
async function dryRun(command: Command, source: string, ...args: string[]) {
  const nobody = { url: 'http://127.0.0.1:1', key: 'none' };
  const { report } = await runImport(command, [source, '--dry-run', ...args], nobody);
  const missed = report.notImported.map(
    ({ count, what, failed, why }) => `${count} ${what}${failed ? ' (failed)' : ''}: ${why}`,
  );
  return { ...report, missed };
}
const LINKS = 'They are links, which may lead out of the folder: --follow-links brings them.';

/** Moves it out of its folder, and leaves a link that leads there. */
function linked(path: string): void {
  const target = join(sources, `elsewhere-${basename(path)}`);
  renameSync(path, target);
  symlinkSync(target, path);
}

const experiment = () => join(sources, 'mlflow/mlruns/539763213127945492');
const model = () => join(experiment(), 'models/m-fb0b140cdcd04658950178adcdbf4273');

test('links in MLflow’s folder are told of once, and come where they are asked for', async () => {
  linked(join(experiment(), '03b5803d996c4ebcaa0f113220a39ea7'));
  linked(join(experiment(), '9797df55b5c049bda92387f84a8b3cca/metrics/m'));
  const { came, missed } = await dryRun(importMlflow, join(sources, 'mlflow'));
  expect(came.runs).toBe(3);
  expect(missed).toEqual(expect.arrayContaining([`1 folders: ${LINKS}`, `1 files: ${LINKS}`]));
  const followed = await dryRun(importMlflow, join(sources, 'mlflow'), '--follow-links');
  expect(followed.came).toMatchObject({ runs: 4, points: 2_509 });
});

const NO_TRACES = 'traces: They have no place here.';
const NO_MODELS = '1 logged models: They are deleted in the source.';

test('traces and deleted models in MLflow’s folder are told of', async () => {
  for (const id of ['tr-1', 'tr-2']) mkdirSync(join(experiment(), 'traces', id), { recursive: true });
  const meta = join(model(), 'meta.yaml');
  writeFileSync(meta, `${readFileSync(meta, 'utf8')}\nlifecycle_stage: deleted\n`);
  const { missed } = await dryRun(importMlflow, join(sources, 'mlflow'));
  expect(missed).toEqual(expect.arrayContaining([`2 ${NO_TRACES}`, NO_MODELS]));
});

test('traces and deleted models in MLflow’s database are told of, and files that are elsewhere', async () => {
  const path = join(sources, 'database/mlflow.db');
  const file = new Database(path);
  file.exec(
    "INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) VALUES ('tr-1', 1, 0, 'OK')",
  );
  file.exec("UPDATE logged_models SET lifecycle_stage = 'deleted'");
  file.close();
  const before = await dryRun(importMlflow, `sqlite:///${path}`);
  expect(before.missed).toEqual(expect.arrayContaining([`1 ${NO_TRACES}`, NO_MODELS]));
  expect(before.missed.join()).not.toContain('--artifacts');
  const mlruns = join(sources, 'database/mlruns');
  renameSync(mlruns, `${mlruns}-moved`);
  const elsewhere =
    'If there are any, they are on another machine: --artifacts names a copy of their folder.';
  const { missed } = await dryRun(importMlflow, `sqlite:///${path}`);
  expect(missed).toContainEqual(`4 files of runs: ${elsewhere}`);
  const named = await dryRun(importMlflow, `sqlite:///${path}`, '--artifacts', `${mlruns}-moved`);
  expect(named).toMatchObject({ came: { files: 1 }, missed: before.missed });
});

/** A record of an event file, with one value. */
function eventOf(seconds: number, ...value: readonly Uint8Array[]): Buffer {
  const time = new BinaryWriter().tag(1, 1).double(seconds).finish();
  return tfRecord(Buffer.concat([time, field(5, field(1, ...value))]));
}

test('the end of a run’s name that is too long is told of', async () => {
  const meta = join(experiment(), '9797df55b5c049bda92387f84a8b3cca/meta.yaml');
  writeFileSync(meta, readFileSync(meta, 'utf8').replace(/^run_name: .*$/m, `run_name: ${'n'.repeat(256)}`));
  const { missed } = await dryRun(importMlflow, join(sources, 'mlflow'));
  expect(missed).toContainEqual('1 ends of long names: A name has at most 255 characters.');
});

test('links among event files are told of, and come where they are asked for', async () => {
  const root = join(sources, 'tensorboard');
  const [name = ''] = readdirSync(join(root, 'tensors'));
  linked(join(root, 'tensors', name));
  linked(join(root, 'cnn'));
  const { came, missed } = await dryRun(importTensorboard, root);
  expect(came.runs).toBe(0);
  const folder = '1 folders: They are links: name the folders that they lead to.';
  expect(missed).toEqual([folder, `1 event files: ${LINKS}`]);
  const followed = await dryRun(importTensorboard, root, '--follow-links');
  expect(followed.came.runs).toBe(1);
  expect(followed.missed).toContain(folder);
});

test('folders of event files that are too deep are told of', async () => {
  const root = join(sources, 'tensorboard');
  const deep = join(root, ...Array.from({ length: 33 }, () => 'a'));
  mkdirSync(deep, { recursive: true });
  const { came, missed } = await dryRun(importTensorboard, root);
  expect(came.runs).toBe(2);
  expect(missed).toContainEqual('1 folders (failed): They are more than 32 deep.');
});

test('events whose time is none are told of as such, and of a long text its end', async () => {
  const root = join(sources, 'times');
  mkdirSync(root);
  const shape = field(2, field(2, Uint8Array.of(8, 65)));
  const texts = Array.from({ length: 65 }, (_, at) => field(8, `part ${at}`));
  const loss = [field(1, 'loss'), new BinaryWriter().tag(2, 5).float(0.5).finish()];
  const notes = [field(1, 'notes'), field(8, shape, ...texts), field(9, field(1, field(1, 'text')))];
  const events = Buffer.concat([eventOf(NaN, ...loss), eventOf(NaN, ...notes)]);
  writeFileSync(join(root, 'events.out.tfevents.1'), events);
  const { came, missed } = await dryRun(importTensorboard, root);
  expect(came).toMatchObject({ runs: 1, points: 0 });
  expect(missed).toEqual([
    '1 ends of long texts: A text has at most 64 parts.',
    '1 points (failed): Their time is not in the years 1 to 9999.',
  ]);
});

const wandb = (name: string) => join(sources, 'wandb/wandb', name);
/** The folder of one go of a run, with what its log tells, and a file `a.txt`. */
function goOf(run: string, minute: number, ...records: readonly Uint8Array[]): void {
  const folder = wandb(`offline-run-20260101_00000${minute}-${run}`);
  mkdirSync(join(folder, 'files'), { recursive: true });
  writeFileSync(join(folder, 'files/a.txt'), String(minute));
  const ofRun = field(17, field(1, run), field(3, 'project'));
  writeFileSync(join(folder, `run-${run}.wandb`), wandbLog([ofRun, ...records]));
}
const item = (key: string, value: unknown): Uint8Array =>
  field(1, field(1, key), new BinaryWriter().tag(16, 2).string(JSON.stringify(value)).finish());

test('runs of W&B without a log, and links to runs, are told of', async () => {
  mkdirSync(wandb('run-20260101_000000-nolog'));
  linked(wandb('offline-run-20261129_101908-failed01'));
  symlinkSync(wandb('offline-run-20261129_101905-first001'), wandb('latest-run')); // W&B's own
  const { came, missed } = await dryRun(importWandb, join(sources, 'wandb'));
  expect(came.runs).toBe(1);
  const noLog = '1 runs (failed): There is no log (run-….wandb) in their folders.';
  expect(missed).toEqual(expect.arrayContaining([noLog, `1 runs: ${LINKS}`]));
  expect((await dryRun(importWandb, join(sources, 'wandb'), '--follow-links')).came.runs).toBe(2);
});

test('what of a run of W&B has no place is told of: once, if it was logged over time too', async () => {
  rmSync(wandb('.'), { recursive: true });
  const media = { _type: 'table-file', path: 'media/t.json' };
  goOf('kept', 1);
  goOf(
    'kept',
    2,
    field(2, item('_step', 0), item('_hidden', 1), item('loss', 1), item('table', media)),
    field(3, item('table', media), item('matrix', [[1]]), item('other', media), item('verdict', 'good')),
    ...[field(9, field(1, '/logs')), field(13, field(3, 'a line')), field(25, field(1, 'data:v0'))],
    field(18),
  );
  const { came, missed } = await dryRun(importWandb, wandb('.'));
  expect(came).toMatchObject({ runs: 1, points: 1, files: 1 });
  const table = 'They are no numbers; what files they have come as files.';
  const rest = 'A metric is a number, and a tag a text; what files they have come as files.';
  expect([...missed].sort()).toEqual(
    [
      `1 table-file in history: ${table}`,
      `1 lists and nulls in summaries: ${rest}`,
      `1 table-file in summaries: ${rest}`,
      '1 hidden metrics: Their names begin with _, as those of W&B’s own.',
      '1 logs of TensorBoard: `import tensorboard` brings them.',
      '1 lines of output: They come where W&B has written them to a file.',
      '1 W&B artifacts: Their bytes are not among the run’s files.',
      '1 files of earlier goes: A run has one under each path: the last.',
    ].sort(),
  );
});

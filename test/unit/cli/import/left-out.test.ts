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
import { maskedCrc32c } from '../../../../src/cli/import/tensorboard/crc32c';
import { runImport } from '../../../support/import-command';
import { importSources } from '../../../support/import-sources';

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
  linked(join(experiment(), '1cb085e1032b4c64a58943ad0e8c8983/metrics/x'));
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

/** A field that holds bytes: a message, or a text. */
const field = (number: number, ...parts: readonly (Uint8Array | string)[]): Uint8Array =>
  new BinaryWriter()
    .tag(number, 2)
    .bytes(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .finish();

/** A record of an event file, with one value. */
function eventOf(seconds: number, ...value: readonly Uint8Array[]): Buffer {
  const time = new BinaryWriter().tag(1, 1).double(seconds).finish();
  const content = Buffer.concat([time, field(5, field(1, ...value))]);
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(BigInt(content.length));
  head.writeUInt32LE(maskedCrc32c(head.subarray(0, 8)), 8);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(maskedCrc32c(content));
  return Buffer.concat([head, content, checksum]);
}

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

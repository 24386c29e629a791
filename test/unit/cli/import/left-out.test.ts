import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Database } from 'node-sqlite3-wasm';
import type { Command } from '../../../../src/cli/command';
import { importMlflow } from '../../../../src/cli/commands/import-mlflow';
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

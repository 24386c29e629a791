import { resolve } from 'node:path';
import { named, parsedArguments } from '../arguments';
import { CommandFailed, type Command, type ExitCode, type Terminal } from '../command';
import { IMPORT_HELP, IMPORT_OPTIONS, ImportSession } from '../import/import-session';
import { offlineFolders } from '../import/wandb/offline-folder';
import { offlineRuns } from '../import/wandb/offline-run';
import { checkFolder } from '../folder';
import { ACCESS_HELP } from '../server-access';

const HELP = `modelgraph import wandb: brings runs that Weights & Biases has kept offline.

Usage: modelgraph import wandb <folder> [options]

  folder             where \`wandb\` is, that folder itself, or one offline-run-… in it
${IMPORT_HELP}

A project becomes an experiment, a run's config its params (nested keys joined with dots), numbers of its history points,
samples of the machine points of system/…, numbers that only its summary has a point each, its files files. Group, job
type, tags, notes and texts of the summary become tags. Images and tables of the history come as files, and W&B's
artifacts not at all.

The server
${ACCESS_HELP}
`;

export const importWandb: Command = {
  name: 'import wandb',
  summary: 'brings runs that Weights & Biases has kept offline',
  help: HELP,
  run: start,
};

async function start(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const { values, positionals } = parsedArguments('import wandb', args, IMPORT_OPTIONS);
  const [root] = named('import wandb', positionals, 'folder');
  await checkFolder(root);
  const from = resolve(root);
  const session = new ImportSession(from, values, terminal);
  const { tally, followsLinks } = session;
  const folders = await offlineFolders(root, { tally, followsLinks });
  if (folders.length === 0 && tally.notImported.length === 0)
    throw new CommandFailed(`There are no runs of W&B (offline-run-…) in ${from}.`);
  return session.run(async () => {
    const runs = await offlineRuns(folders, { tally, followsLinks });
    session.progress.expectMore(runs.length);
    await session.runs(session.experiments()).all(runs);
  });
}

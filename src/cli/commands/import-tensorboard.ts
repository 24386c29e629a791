import { basename, resolve } from 'node:path';
import { named, parsedArguments } from '../arguments';
import { CommandFailed, type Command, type ExitCode, type Terminal } from '../command';
import { IMPORT_HELP, IMPORT_OPTIONS, ImportSession } from '../import/import-session';
import { eventRun } from '../import/tensorboard/event-run';
import { logFolders } from '../import/tensorboard/log-folder';
import { checkFolder } from '../folder';
import { ACCESS_HELP } from '../server-access';

const HELP = `modelgraph import tensorboard: brings the runs of TensorBoard's event files.

Usage: modelgraph import tensorboard <folder> [options]

  --experiment NAME  the experiment that they go to (the folder's name)
${IMPORT_HELP}

Each folder with event files is a run, named by its path, as TensorBoard shows it. Scalars become points, hyperparameters
params, the last text of each tag a tag. Images, histograms, graphs and the like are counted and left out.

The server
${ACCESS_HELP}
`;

export const importTensorboard: Command = {
  name: 'import tensorboard',
  summary: 'brings the runs of a folder of event files',
  help: HELP,
  run: start,
};

async function start(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const { values, positionals } = parsedArguments('import tensorboard', args, {
    ...IMPORT_OPTIONS,
    experiment: { type: 'string' },
  });
  const [root] = named('import tensorboard', positionals, 'folder');
  await checkFolder(root);
  const from = resolve(root);
  const session = new ImportSession(from, values, terminal);
  const { tally, followsLinks } = session;
  const folders = await logFolders(root, { tally, followsLinks });
  if (folders.length === 0 && tally.notImported.length === 0)
    throw new CommandFailed(`There are no event files (*tfevents*) in ${from} or below it.`);
  return session.run(async () => {
    session.progress.expectMore(folders.length);
    const experiment = values.experiment ?? basename(from);
    const runs = folders.map((folder) => eventRun(folder, { experiment, from, tally }));
    await session.runs(session.experiments()).all(runs);
  });
}

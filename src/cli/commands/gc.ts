import { ageMsOf } from '../age';
import { named, parsedArguments } from '../arguments';
import { CommandFailed, EXIT, UsageError, type Command, type ExitCode, type Terminal } from '../command';
import { counted } from '../counted';
import { callGraphql } from '../graphql-call';
import { EXPERIMENT_ID, PURGE_DELETED, PURGE_RUNS, type Purged } from '../operations/purge';
import { ACCESS_HELP, serverAccess, type ServerAccess } from '../server-access';

const HELP = `modelgraph gc: takes deleted runs and experiments for good.

Usage: modelgraph gc --older-than AGE [--experiment NAME]… [--dry-run]
       modelgraph gc --run ID… [--force]

  --older-than AGE   what has been deleted for so long: 30d, 12h, 1d6h; 0s: all that is deleted. Runs that registered
                     versions came from stay, and runs with a tag “keep”
  --experiment NAME  only of this experiment, and it itself if it is deleted; or its id; as often as there are, at most 100
  --dry-run          change nothing, and say what would go
  --run ID           this run, which is deleted; as often as there are, at most 1,000. All of them or none
  --force            with --run: also where registered versions came from it; they stay

Needs the key of an admin. Files that nothing refers to any more are removed by the server, a day later.

The server
${ACCESS_HELP}
`;

export const gc: Command = {
  name: 'gc',
  summary: 'takes deleted runs and experiments for good',
  help: HELP,
  run: collect,
};

async function collect(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const many = { type: 'string', multiple: true } as const;
  const flag = { type: 'boolean' } as const;
  const { values, positionals } = parsedArguments('gc', args, {
    ...{ 'older-than': { type: 'string' }, experiment: many, run: many, 'dry-run': flag, force: flag },
  });
  named('gc', positionals);
  const age = values['older-than'];
  if ((age === undefined) === (values.run === undefined))
    throw new UsageError('Expected either --older-than or --run. See `modelgraph gc --help`.');
  if (values.run && (values.experiment || values['dry-run']))
    throw new UsageError('--experiment and --dry-run go with --older-than only.');
  if (age !== undefined && values.force) throw new UsageError('--force goes with --run only.');
  const access = serverAccess(values, terminal.environment);
  if (values.run) {
    const { result } = await callGraphql(access, PURGE_RUNS, {
      input: { runIds: values.run, force: values.force ?? false },
    });
    if ('message' in result) throw new CommandFailed(result.message);
    terminal.out(`Gone for good: ${counted(result.runs, 'run')}.\n`);
    return EXIT.ok;
  }
  const deletedBefore = new Date(Date.now() - ageMsOf('older-than', age ?? '')).toISOString();
  const dryRun = values['dry-run'] ?? false;
  const experimentIds = values.experiment ? await idsOf(access, values.experiment) : null;
  const purged = await purgeAll(access, { deletedBefore, experimentIds, dryRun });
  terminal.out(
    `${dryRun ? 'Would go' : 'Gone for good'}: ${counted(purged.runs, 'run')} and ${counted(purged.experiments, 'experiment')}.\n`,
  );
  if (purged.runsInUse > 0)
    terminal.err(`${counted(purged.runsInUse, 'run')} stay: registered versions came from them.\n`);
  return EXIT.ok;
}

/** Call after call, since each takes a part. */
async function purgeAll(
  access: ServerAccess,
  input: {
    readonly deletedBefore: string;
    readonly experimentIds: readonly string[] | null;
    readonly dryRun: boolean;
  },
): Promise<Omit<Purged, 'hasMore'>> {
  let [runs, experiments] = [0, 0];
  for (;;) {
    const { result } = await callGraphql(access, PURGE_DELETED, { input });
    if ('message' in result) throw new CommandFailed(result.message);
    runs += result.runs;
    experiments += result.experiments;
    if (!result.hasMore || input.dryRun) return { runs, experiments, runsInUse: result.runsInUse };
  }
}

/** People know experiments by their names, other programs by their ids. */
async function idsOf(access: ServerAccess, experiments: readonly string[]): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const name of experiments) {
    const { experiment } = await callGraphql(access, EXPERIMENT_ID, { name });
    ids.push(experiment?.id ?? name);
  }
  return ids;
}

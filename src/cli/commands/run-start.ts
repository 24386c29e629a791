import { DEFAULT_SPOOL, Listeners } from '../../client/options';
import { collectSetup } from '../../client/setup/collect-setup';
import { captureOf, type SetupOptions } from '../../client/setup/setup-options';
import { tellSetup } from '../../client/setup/tell-setup';
import { startOn } from '../../client/start-run';
import { factsIn, named, parsedArguments, timeoutMsOf } from '../arguments';
import { EXIT, UsageError, type Command, type ExitCode, type Terminal } from '../command';
import { ACCESS_HELP, serverAccess } from '../server-access';

const HELP = `modelgraph run start: starts a run, and writes its id.

Usage: modelgraph run start --experiment NAME [options] [-- COMMAND…]

  --experiment NAME  made where there is none
  --name NAME        a name to talk about; one is made up if absent
  --param KEY=VALUE  a parameter; as often as there are
  --tag KEY=VALUE    a tag; as often as there are
  --dataset REF      what it is tried on, such as penguins@3; as often as there are
  --parent ID        the run that it is a part of
  --config FILE      a file with settings, kept as it is; as often as there are
  --seed [NAME=]N    what random numbers are drawn from; as often as there are
  --variable NAME    an environment variable to tell; as often as there are. Secrets are never told
  --image NAME       the container's image (MODELGRAPH_CONTAINER_IMAGE)
  --no-capture       do not look at the code, the packages and the machine (MODELGRAPH_CAPTURE=off)
  --no-diff          do not keep changes that are not committed
  --timeout TIME     how long to try while the server is away (30s)

The words after -- are the command that will be run: it is told, not run. Of Python and Node, its packages are told too.
The commit, its remote, and the changes beyond it (new files that are not ignored among them) are those of this folder.
\`modelgraph run reproduce\` tells how to do it again.

The server
${ACCESS_HELP}
`;

export const runStart: Command = {
  name: 'run start',
  summary: 'starts a run, and writes its id',
  help: HELP,
  run: start,
};

async function start(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const text = { type: 'string' } as const;
  const many = { type: 'string', multiple: true } as const;
  const flag = { type: 'boolean' } as const;
  const end = args.indexOf('--');
  const { values, positionals } = parsedArguments('run start', end < 0 ? args : args.slice(0, end), {
    ...{ experiment: text, name: text, parent: text, timeout: text, image: text },
    ...{ param: many, tag: many, dataset: many, config: many, seed: many, variable: many },
    ...{ 'no-capture': flag, 'no-diff': flag },
  });
  named('run start', positionals);
  const command = end < 0 ? [] : args.slice(end + 1);
  const { experiment, name } = values;
  if (!experiment) throw new UsageError('Expected --experiment. See `modelgraph run start --help`.');
  const access = serverAccess(values, terminal.environment);
  const isCaptured = captureOf({}, terminal.environment) !== null && !values['no-capture'];
  const setup: SetupOptions = {
    capture: isCaptured && { diff: !values['no-diff'], variables: values.variable },
    command,
    configFiles: values.config,
    seed: seedsIn(values.seed),
    containerImage: values.image,
  };
  const collecting = collectSetup(setup, terminal.environment, DEFAULT_SPOOL);
  collecting.catch(() => undefined); // whoever tells it hears of it
  const { id } = await startOn(access, {
    ...{ experiment, name, datasets: values.dataset, parentRunId: values.parent },
    params: factsIn('--param', values.param),
    tags: factsIn('--tag', values.tag),
    startTimeoutMs: timeoutMsOf(values.timeout),
  });
  terminal.out(`${id}\n`);
  const listeners = new Listeners({ onWarning: ({ message }) => terminal.err(`${message}\n`) });
  await tellSetup(access, id, collecting, undefined, listeners);
  return EXIT.ok;
}

/** Seeds by name; one without a name is called so. */
function seedsIn(texts: readonly string[] = []): Record<string, bigint> {
  const named = texts.map((text) => (text.includes('=') ? text : `seed=${text}`));
  const seeds = Object.entries(factsIn('--seed', named)).map(([name, value]) => {
    if (!/^-?\d{1,19}$/.test(String(value)))
      throw new UsageError(`--seed: expected a whole number, got “${String(value)}”.`);
    return [name, BigInt(value)] as const;
  });
  return Object.fromEntries(seeds);
}

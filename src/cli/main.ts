#!/usr/bin/env node
import { ClientError } from '../client/client-error';
import { CommandFailed, EXIT, UsageError, type Command, type ExitCode, type Terminal } from './command';
import { artifactGet } from './commands/artifact-get';
import { artifactPut } from './commands/artifact-put';
import { bench } from './commands/bench';
import { cacheWarm } from './commands/cache-warm';
import { deploy } from './commands/deploy';
import { gc } from './commands/gc';
import { importMlflow } from './commands/import-mlflow';
import { importTensorboard } from './commands/import-tensorboard';
import { importWandb } from './commands/import-wandb';
import { predict } from './commands/predict';
import { runFinish } from './commands/run-finish';
import { runLog } from './commands/run-log';
import { runReproduce } from './commands/run-reproduce';
import { runStart } from './commands/run-start';
import { runsSearch } from './commands/runs-search';
import { spoolSend } from './commands/spool-send';

const COMMANDS: readonly Command[] = [
  ...[deploy, predict, bench, cacheWarm],
  ...[runStart, runLog, runFinish, runReproduce, runsSearch],
  ...[artifactPut, artifactGet, spoolSend, gc],
  ...[importMlflow, importTensorboard, importWandb],
];
/** Where nobody says how wide a line may be. */
const DEFAULT_WIDTH = 80;

const HELP = `modelgraph: a client for a Modelgraph server.

Usage: modelgraph <command> [options]

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(18)} ${summary}`).join('\n')}

\`modelgraph <command> --help\` tells more.
Exit codes: 0 done · 1 a limit that was asked for does not hold · 2 wrong command line · 3 could not be done
`;

/** A command's name may have several words. */
async function run(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const command = COMMANDS.find(({ name }) => name === args.slice(0, name.split(' ').length).join(' '));
  const rest = args.slice(command?.name.split(' ').length ?? 0);
  const wantsHelp = rest.includes('--help') || rest.includes('-h');
  if (wantsHelp || args.length === 0 || (args.length === 1 && args[0] === 'help')) {
    terminal.out(command?.help ?? HELP);
    return EXIT.ok;
  }
  if (!command) throw new UsageError(noSuchCommand(args));
  return command.run(rest, terminal);
}

function noSuchCommand(args: readonly string[]): string {
  const [first = ''] = args;
  const group = COMMANDS.map(({ name }) => name).filter((name) => name.startsWith(`${first} `));
  const meant = group.length > 0 ? ` There is ${group.map((name) => `“${name}”`).join(', ')}.` : '';
  return `There is no command “${args.slice(0, 2).join(' ')}”.${meant} See \`modelgraph --help\`.`;
}

function thisTerminal(): Terminal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const { stdout, stderr, env } = process;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    width: stdout.columns || Number(env.COLUMNS) || DEFAULT_WIDTH,
    isPerson: stdout.isTTY === true,
    showsProgress: stderr.isTTY === true,
    environment: env,
    input: process.stdin,
    stop: stop.signal,
  };
}

async function main(): Promise<void> {
  const terminal = thisTerminal();
  try {
    process.exitCode = await run(process.argv.slice(2), terminal);
  } catch (error) {
    const isTold =
      error instanceof UsageError || error instanceof CommandFailed || error instanceof ClientError;
    if (!isTold) throw error;
    terminal.err(`modelgraph: ${error.message}\n`);
    const isUsage = error instanceof UsageError || ('code' in error && error.code === 'BAD_ADDRESS');
    process.exitCode = isUsage ? EXIT.usage : EXIT.failed;
  }
}

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
});
void main();

#!/usr/bin/env node
import { CommandFailed, EXIT, UsageError, type Command, type ExitCode, type Terminal } from './command';
import { bench } from './commands/bench';

const COMMANDS: readonly Command[] = [bench];
/** Where nobody says how wide a line may be. */
const DEFAULT_WIDTH = 80;

const HELP = `modelgraph: a client for a Modelgraph server.

Usage: modelgraph <command> [options]

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(14)} ${summary}`).join('\n')}

\`modelgraph <command> --help\` tells more.
Exit codes: 0 done · 1 a limit that was asked for does not hold · 2 wrong command line · 3 could not be done
`;

/** A command's name may have several words. */
async function run(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const command = COMMANDS.find(({ name }) => name === args.slice(0, name.split(' ').length).join(' '));
  const rest = args.slice(command?.name.split(' ').length ?? 0);
  const wantsHelp = rest.includes('--help') || rest.includes('-h');
  if (wantsHelp || args.length === 0) {
    terminal.out(command?.help ?? HELP);
    return EXIT.ok;
  }
  if (!command) throw new UsageError(`There is no command “${args.join(' ')}”. See \`modelgraph --help\`.`);
  return command.run(rest, terminal);
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
    stop: stop.signal,
  };
}

async function main(): Promise<void> {
  const terminal = thisTerminal();
  try {
    process.exitCode = await run(process.argv.slice(2), terminal);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof CommandFailed)) throw error;
    terminal.err(`modelgraph: ${error.message}\n`);
    process.exitCode = error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
});
void main();

import { attachRun, type ClientOptions, type Run } from '../../client/client';
import { named, parsedArguments, timeoutMsOf } from '../arguments';
import { CommandFailed, EXIT, UsageError, type Command, type ExitCode, type Terminal } from '../command';
import { linesOf } from '../lines';
import { metricsOf, pointLineOf, stepOf } from '../point-line';
import { ACCESS_HELP, clientOptionsOf, serverAccess } from '../server-access';

/** Of lines that are no points, so many are told one by one. */
const MAX_TOLD = 10;

const HELP = `modelgraph run log: logs metrics of a run, kept on the disk while the server is away.

Usage: modelgraph run log <run> key=value… [options]
       program | modelgraph run log <run> [options]

  --step N           of the values on the command line (0)
  --spool FOLDER     where points wait for the server (.modelgraph/spool)
  --timeout TIME     how long to wait for the server at the end (30s); what it has not taken by then stays in the
                     spool: \`modelgraph spool send\`

Without values, lines of JSON are read: {"step": 1, "loss": 0.5, "accuracy": 0.9}. "step" is a whole number, beyond 2^53
as text; "timestamp", if there, a time in ISO 8601; all else metrics: numbers, or "NaN", "Infinity", "-Infinity". Lines
that are no points are told and left out, and the command then ends with 3.

The server
${ACCESS_HELP}
`;

export const runLog: Command = {
  name: 'run log',
  summary: 'logs metrics of a run: values, or lines of JSON that are piped in',
  help: HELP,
  run: log,
};

async function log(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parsedArguments('run log', args, {
    step: text,
    spool: text,
    timeout: text,
  });
  const [id, ...pairs] = positionals;
  const [runId] = named('run log', id === undefined ? [] : [id], 'run');
  const metrics = metricsOf(pairs);
  const step = values.step === undefined ? 0 : stepOf(values.step);
  if (step === null) throw new UsageError(`--step: expected a whole number, got “${values.step}”.`);
  if (pairs.length === 0 && values.step !== undefined)
    throw new UsageError('--step goes with values on the command line; lines have steps of their own.');
  if (pairs.length === 0 && terminal.input.isTTY)
    throw new UsageError('Expected key=value, or lines piped in. See `modelgraph run log --help`.');
  const timeoutMs = timeoutMsOf(values.timeout);
  const { url, key } = serverAccess(values, terminal.environment);
  const problems: string[] = [];
  const run = await attachRun({
    ...clientOptionsOf(values),
    ...{ url, key, runId, spool: values.spool },
    ...listeners(terminal, problems),
  });
  if (pairs.length > 0) run.log(metrics, { step });
  else await logLines(run, terminal, problems);
  const { pendingBytes, spool } = await run.close({ timeoutMs });
  const failures: string[] = [];
  if (problems.length > 0) failures.push(`Not all was taken: ${problems[0]}${othersThan(problems)}`);
  if (pendingBytes > 0) failures.push(`Not all has been sent. It waits: \`modelgraph spool send ${spool}\`.`);
  if (failures.length > 0) throw new CommandFailed(failures.join(' '));
  return EXIT.ok;
}

/** How many more there are; the first ones of lines have been told where they stand. */
const othersThan = ({ length }: readonly string[]): string =>
  length === 1 ? '' : ` (the first of ${length} problems)`;

function listeners(terminal: Terminal, problems: string[]): Pick<ClientOptions, 'onWarning' | 'onError'> {
  return {
    onWarning: ({ code, message }) => {
      terminal.err(`${message}\n`);
      if (code === 'SPOOL_FULL') problems.push(message);
    },
    onError: ({ code, message }) => {
      if (code === 'SPOOL_UNWRITABLE') terminal.err(`${message}\n`); // beside what waits, if anything does
      problems.push(message);
    },
  };
}

/** A line that is wrong does not end it: whoever writes the lines is a training, and would end with it. */
async function logLines(run: Run, terminal: Terminal, problems: string[]): Promise<void> {
  let number = 0;
  for await (const line of linesOf(terminal.input, terminal.stop)) {
    number += 1;
    if (line?.trim() === '') continue;
    const before = problems.length;
    const point = line === null ? 'it is too long' : pointLineOf(line);
    if (typeof point === 'string') problems.push(point);
    else run.log(point.metrics, point);
    const problem = problems[before];
    if (problem === undefined) continue;
    problems[before] = `Line ${number}: ${problem}`;
    if (before < MAX_TOLD) terminal.err(`Line ${number}: ${problem}\n`);
  }
}

import { resumeSpool, type SpoolReport } from '../../client/client';
import { parsedArguments, timeoutMsOf } from '../arguments';
import { CommandFailed, EXIT, UsageError, type Command, type ExitCode, type Terminal } from '../command';
import { counted } from '../counted';
import { checkFolder } from '../folder';
import { ACCESS_HELP, clientOptionsOf, serverAccess } from '../server-access';

const HELP = `modelgraph spool send: sends what trainings that have ended have left behind.

Usage: modelgraph spool send [folder] [options]

  folder             of one run, or of the spools of many (.modelgraph/spool)
  --timeout TIME     how long to try, for each run (30s)

What is sent twice is kept once. A spool whose training still goes on is left to it. Where a run was started on another
server than the usual one, name it with --url or MODELGRAPH_URL. What the server refuses is kept in refused.jsonl in the
run's folder, and what is damaged in ….damaged, for you to look at and delete. Ends with 3 where anything still waits,
was refused, or is damaged.

The server
${ACCESS_HELP}
`;

export const spoolSend: Command = {
  name: 'spool send',
  summary: 'sends what trainings have left behind while the server was away',
  help: HELP,
  run: send,
};

async function send(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const { values, positionals } = parsedArguments('spool send', args, { timeout: { type: 'string' } });
  const [folder, ...others] = positionals;
  if (others.length > 0) throw new UsageError('Expected one folder. See `modelgraph spool send --help`.');
  if (folder !== undefined) await checkFolder(folder);
  const { key } = serverAccess(values, terminal.environment);
  const reports = await resumeSpool(folder, {
    ...clientOptionsOf(values),
    ...{ key, timeoutMs: timeoutMsOf(values.timeout) },
    onWarning: ({ message }) => terminal.err(`${message}\n`),
    onError: ({ message }) => terminal.err(`${message}\n`),
  });
  if (reports.length === 0) terminal.err('There is nothing to send.\n');
  for (const report of reports) terminal.out(`${sentenceOf(report)}\n`);
  const left = reports.filter(
    ({ pendingBytes, refusedRequests, damagedFiles, problem }) =>
      problem || pendingBytes || refusedRequests || damagedFiles,
  );
  if (left.length > 0)
    throw new CommandFailed(`Not all has arrived of ${left.length} of ${counted(reports.length, 'run')}.`);
  return EXIT.ok;
}

function sentenceOf({
  runName,
  sentPoints,
  pendingBytes,
  refusedRequests,
  damagedFiles,
  problem,
  folder,
}: SpoolReport): string {
  const facts = [`${counted(sentPoints, 'point')} sent`];
  if (pendingBytes > 0) facts.push(`${pendingBytes} bytes wait in ${folder}`);
  if (refusedRequests > 0) facts.push(`${counted(refusedRequests, 'request')} refused, kept in ${folder}`);
  if (damagedFiles > 0)
    facts.push(`parts of ${counted(damagedFiles, 'file')} are damaged, kept in ${folder}`);
  if (problem) facts.push(problem.message);
  return `${runName}: ${facts.join('; ')}`;
}

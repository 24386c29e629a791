import { callUntil } from '../../client/call-until';
import { FINISH_RUN, type RunStatus } from '../../client/operations/runs';
import { named, parsedArguments, timeoutMsOf } from '../arguments';
import { CommandFailed, EXIT, UsageError, type Command, type ExitCode, type Terminal } from '../command';
import { ACCESS_HELP, serverAccess } from '../server-access';

const STATUSES: readonly RunStatus[] = ['FINISHED', 'FAILED', 'KILLED'];

const HELP = `modelgraph run finish: ends a run.

Usage: modelgraph run finish <run> [options]

  --status STATUS    finished, failed or killed (finished)
  --timeout TIME     how long to try while the server is away (30s)

The server
${ACCESS_HELP}
`;

export const runFinish: Command = { name: 'run finish', summary: 'ends a run', help: HELP, run: finish };

async function finish(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parsedArguments('run finish', args, { status: text, timeout: text });
  const [runId] = named('run finish', positionals, 'run');
  const status = STATUSES.find((known) => known === (values.status ?? 'finished').toUpperCase());
  if (!status) throw new UsageError(`--status: expected finished, failed or killed, got “${values.status}”.`);
  const access = serverAccess(values, terminal.environment);
  const until = performance.now() + timeoutMsOf(values.timeout);
  const { result } = await callUntil(access, FINISH_RUN, { input: { runId, status } }, until);
  // Whoever asks for it twice, since an answer was lost, has what was asked for.
  if (!('run' in result) && result.status !== status) throw new CommandFailed(result.message);
  return EXIT.ok;
}

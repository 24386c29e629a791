import { uploadArtifact } from '../../client/artifact-upload';
import { named, parsedArguments, timeoutMsOf } from '../arguments';
import { CommandFailed, EXIT, UsageError, type Command, type ExitCode, type Terminal } from '../command';
import { counted } from '../counted';
import { callGraphql } from '../graphql-call';
import { WARM_CACHE, type Warmed } from '../operations/warm-cache';
import { wholeNumberOf } from '../option-values';
import { ACCESS_HELP, serverAccess, type ServerAccess } from '../server-access';

/** As many as the server keeps of an endpoint. */
const MAX_POPULAR = 1_000;
/**
 * The server ends a call after 30 s, and what it has begun by then within a prediction's longest time, a minute; in ms.
 */
const CALL_LIMIT_MS = 100_000;

const HELP = `modelgraph cache warm: asks an endpoint's questions before callers do, so that its cache knows the answers.

Usage: modelgraph cache warm <endpoint> [--popular N | --file FILE]

  --popular N        the N questions that came again most often on the last day (${MAX_POPULAR}, which is the most)
  --file FILE        questions of a file: one {"rows": [{…}]} or {"inputs": [{…}]} a line, as callers will send them
  --timeout TIME     how long to try to send the file while the server is away (30s)

It goes on until all are asked. They are behind callers who wait, and the answers are in the process that takes the
call, and in the store that servers share. Ends with 3 where questions were refused or not reached.

The server
${ACCESS_HELP}
`;

export const cacheWarm: Command = {
  name: 'cache warm',
  summary: 'asks popular questions, or those of a file, before callers do',
  help: HELP,
  run: warm,
};

async function warm(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const text = { type: 'string' } as const;
  const options = { popular: text, file: text, timeout: text };
  const { values, positionals } = parsedArguments('cache warm', args, options);
  const [endpoint] = named('cache warm', positionals, 'endpoint');
  const { file, popular } = values;
  if (file !== undefined && popular !== undefined)
    throw new UsageError('Expected either --file or --popular. See `modelgraph cache warm --help`.');
  const count = wholeNumberOf('popular', popular ?? String(MAX_POPULAR), 1, MAX_POPULAR);
  const timeoutMs = timeoutMsOf(values.timeout);
  const access = serverAccess(values, terminal.environment);
  const artifact =
    file === undefined ? null : await uploadArtifact(access, file, performance.now() + timeoutMs);
  const what = artifact
    ? { artifact: { sha256: artifact.sha256 }, popular: null }
    : { artifact: null, popular: count };
  return tell(await warmAll(access, { endpoint, ...what }, terminal), terminal);
}

interface Input {
  readonly endpoint: string;
  readonly artifact: { readonly sha256: string } | null;
  readonly popular: number | null;
}

/** How it has ended: all asked, stopped by a person, or by a call that came no further than the one before. */
type End = 'complete' | 'stopped' | 'no further';
type Ended = Omit<Warmed, 'isComplete'> & { readonly end: End };

/** Call after call, since each goes on for half a minute: what is known by then is soon passed over. */
async function warmAll(access: ServerAccess, input: Input, terminal: Terminal): Promise<Ended> {
  let computed = 0;
  let reached = 0;
  for (;;) {
    const { result } = await callGraphql(access, WARM_CACHE, { input }, CALL_LIMIT_MS);
    if ('message' in result) throw new CommandFailed(result.message);
    // What earlier calls have computed is there by now.
    const alreadyThere = Math.max(0, result.alreadyThere - computed);
    computed += result.computed;
    const reachedNow = result.alreadyThere + result.computed + result.refused;
    const end = endOf(result.isComplete, terminal.stop.aborted, reachedNow <= reached);
    if (end) return { ...result, computed, alreadyThere, end };
    reached = reachedNow;
    terminal.err(`${counted(reached, 'answer')} so far …\n`);
  }
}

/** Null: it goes on. */
function endOf(isComplete: boolean, isStopped: boolean, isNoFurther: boolean): End | null {
  if (isComplete) return 'complete';
  if (isStopped) return 'stopped';
  return isNoFurther ? 'no further' : null;
}

const SAYS: Readonly<Record<End, string>> = {
  complete: '',
  stopped:
    'Stopped before all questions were reached. Started again, it passes over what is there already.\n',
  'no further':
    'Not all questions were reached, and the last call came no further than the one before. Either the cache is too ' +
    'small for them (settings.cacheMaxBytes), or calls go to different processes, as behind a load balancer: each ' +
    'remembers for itself, unless they share a store (CACHE_URL).\n',
};

function tell({ computed, alreadyThere, refused, reasons, end }: Ended, terminal: Terminal): ExitCode {
  terminal.out(
    `${counted(computed, 'answer')} computed, ${alreadyThere.toLocaleString('en')} there already, ${refused.toLocaleString('en')} refused.\n`,
  );
  for (const reason of reasons) terminal.err(`${reason}\n`);
  terminal.err(SAYS[end]);
  return end === 'complete' && refused === 0 ? EXIT.ok : EXIT.failed;
}

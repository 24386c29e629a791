import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from '../../client/client-error';
import { named, parsedArguments, timeoutMsOf } from '../arguments';
import { downloadTo } from '../artifact-download';
import { CommandFailed, EXIT, type Command, type ExitCode, type Terminal } from '../command';
import { callGraphql } from '../graphql-call';
import type { RunArtifact } from '../operations/run-artifacts';
import { REPRODUCE_RUN, type Reproduction } from '../operations/reproduce-run';
import { ACCESS_HELP, serverAccess, type ServerAccess } from '../server-access';

const SCRIPT = 'reproduce.sh';
/** Where the script looks for files before it asks the server. */
const FILES = 'files';
/** Data may be larger than a disk: the script fetches it. */
const NOT_FETCHED = 'FETCH_DATASET';

const HELP = `modelgraph run reproduce: writes a script that does a run again.

Usage: modelgraph run reproduce <run> [options]

  --output FOLDER    make this folder, with the script (${SCRIPT}) and the files that it needs: the diff, settings,
                     files that pin packages
  --timeout TIME     how long to try for a file while nothing comes (30s)
  --strict           end with 1 where the script cannot come to its end, since something is not known

The script is for a POSIX shell and an empty folder. It clones the code, makes the changes, installs the packages beside
it, fetches the data, and runs the command. It asks for files with MODELGRAPH_URL and MODELGRAPH_KEY. Read it first: it
runs what the run ran. What is not known is told beside it, and in the script.

The server
${ACCESS_HELP}
`;

export const runReproduce: Command = {
  name: 'run reproduce',
  summary: 'writes a script that does a run again',
  help: HELP,
  run: reproduce,
};

async function reproduce(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const { values, positionals } = parsedArguments('run reproduce', args, {
    output: { type: 'string' },
    timeout: { type: 'string' },
    strict: { type: 'boolean' },
  });
  const [runId] = named('run reproduce', positionals, 'run');
  const timeoutMs = timeoutMsOf(values.timeout);
  const access = serverAccess(values, terminal.environment);
  const { run } = await callGraphql(access, REPRODUCE_RUN, { id: runId });
  if (!run) throw new CommandFailed(`There is no run “${runId}” at ${access.url}.`);
  const { script, missing } = run.reproduce;
  for (const { message, isBlocking } of missing)
    terminal.err(`${isBlocking ? 'Missing' : 'Not known'}: ${oneLine(message)}\n`);
  if (values.output === undefined) terminal.out(script);
  else terminal.out(`${await writeFolder(access, run.reproduce, values.output, timeoutMs)}\n`);
  return values.strict && missing.some(({ isBlocking }) => isBlocking) ? EXIT.notHeld : EXIT.ok;
}

/** A folder that is there already may be somebody's. */
async function writeFolder(
  access: ServerAccess,
  { script, steps }: Reproduction,
  folder: string,
  timeoutMs: number,
): Promise<string> {
  const file = join(folder, SCRIPT);
  try {
    await mkdir(folder);
    await mkdir(join(folder, FILES));
    await writeFile(file, script, { flag: 'wx' });
    await chmod(file, 0o755);
  } catch (error) {
    throw new CommandFailed(`“${folder}” cannot be made: ${reasonOf(error)}`);
  }
  const needed = steps.flatMap(({ kind, artifact }) =>
    artifact && kind !== NOT_FETCHED ? [[artifact.sha256, artifact] as const] : [],
  );
  for (const [sha256, artifact] of new Map<string, RunArtifact>(needed)) {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new CommandFailed('The server names a file by no SHA-256.');
    await downloadTo(access, artifact, join(folder, FILES, sha256), timeoutMs);
  }
  return file;
}

/** What people have written must not move the cursor, or write lines of its own. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cf}]/gu, '·');

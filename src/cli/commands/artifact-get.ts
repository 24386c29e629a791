import { lstat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { named, parsedArguments, timeoutMsOf } from '../arguments';
import { downloadTo } from '../artifact-download';
import { CommandFailed, EXIT, UsageError, type Command, type ExitCode, type Terminal } from '../command';
import { callGraphql } from '../graphql-call';
import { RUN_ARTIFACTS } from '../operations/run-artifacts';
import { ACCESS_HELP, serverAccess } from '../server-access';

const HELP = `modelgraph artifact get: downloads a file of a run, checks its SHA-256, and writes where it is.

Usage: modelgraph artifact get <run> <path> [options]

  --out FILE         where it goes; a file that is there is replaced. Without it: the last part of the path, in this
                     folder, where nothing may be yet
  --timeout TIME     how long to try while nothing comes (30s). What has come by then stays beside the file, and the
                     same command goes on from there

The server
${ACCESS_HELP}
`;

export const artifactGet: Command = {
  name: 'artifact get',
  summary: 'downloads a file of a run, and checks its SHA-256',
  help: HELP,
  run: get,
};

async function get(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parsedArguments('artifact get', args, { out: text, timeout: text });
  const [runId, path] = named('artifact get', positionals, 'run', 'path');
  const timeoutMs = timeoutMsOf(values.timeout);
  const file = values.out ?? (await freeNameOf(path));
  const access = serverAccess(values, terminal.environment);
  const { run } = await callGraphql(access, RUN_ARTIFACTS, { id: runId });
  if (!run) throw new CommandFailed(`There is no run “${runId}” at ${access.url}.`);
  const artifact = run.artifacts.find((one) => one.path === path);
  if (!artifact) throw new CommandFailed(`The run has no file “${path}”. It has: ${listOf(run.artifacts)}.`);
  await downloadTo(access, artifact, file, timeoutMs);
  terminal.out(`${file}\n`);
  return EXIT.ok;
}

const MAX_LISTED = 20;
const listOf = (artifacts: readonly { readonly path: string }[]): string => {
  const more = artifacts.length > MAX_LISTED ? `, and ${artifacts.length - MAX_LISTED} more` : '';
  return artifacts.length === 0
    ? 'none'
    : artifacts
        .slice(0, MAX_LISTED)
        .map(({ path }) => `“${path}”`)
        .join(', ') + more;
};

/** What a run calls its file decides no more than a name in this folder, and replaces nothing. */
async function freeNameOf(path: string): Promise<string> {
  const name = path.split('/').at(-1) ?? '';
  if (['', '.', '..'].includes(name) || /[\\:\p{Cc}]/u.test(name))
    throw new UsageError(`“${path}” does not end with the name of a file. Give --out.`);
  const isTaken = await lstat(resolve(name)).then(
    () => true,
    () => false,
  );
  if (isTaken) throw new CommandFailed(`There is a file “${name}” in this folder already. Give --out.`);
  return name;
}

import { basename } from 'node:path';
import { uploadArtifact } from '../../client/artifact-upload';
import { callUntil } from '../../client/call-until';
import { LOG_ARTIFACT } from '../../client/operations/runs';
import { named, parsedArguments, timeoutMsOf } from '../arguments';
import { CommandFailed, EXIT, type Command, type ExitCode, type Terminal } from '../command';
import { ACCESS_HELP, serverAccess } from '../server-access';

const HELP = `modelgraph artifact put: uploads a file into a run, and writes its SHA-256.

Usage: modelgraph artifact put <run> <file> [options]

  --path PATH        its name in the run, with slashes (the file's own name)
  --timeout TIME     how long to try while the server is away (30s)

The server
${ACCESS_HELP}
`;

export const artifactPut: Command = {
  name: 'artifact put',
  summary: 'uploads a file into a run, and writes its SHA-256',
  help: HELP,
  run: put,
};

async function put(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parsedArguments('artifact put', args, { path: text, timeout: text });
  const [runId, file] = named('artifact put', positionals, 'run', 'file');
  const access = serverAccess(values, terminal.environment);
  const until = performance.now() + timeoutMsOf(values.timeout);
  const { sha256 } = await uploadArtifact(access, file, until);
  const input = { runId, path: values.path ?? basename(file), artifact: { sha256 } };
  const { result } = await callUntil(access, LOG_ARTIFACT, { input }, until);
  if (!('run' in result)) throw new CommandFailed(result.message);
  terminal.out(`${sha256}\n`);
  return EXIT.ok;
}

import { parse } from 'node:path';
import { uploadArtifact } from '../../client/artifact-upload';
import { factsIn, named, parsedArguments, timeoutMsOf } from '../arguments';
import { CommandFailed, EXIT, UsageError, type Command, type ExitCode, type Terminal } from '../command';
import { callGraphql } from '../graphql-call';
import {
  DEPLOY_ENDPOINT,
  ENDPOINT_VARIANTS,
  PROMOTE_VERSION,
  REGISTER_VERSION,
  type Registered,
} from '../operations/deploy-model';
import { refusalText } from '../refusal-text';
import { ACCESS_HELP, serverAccess, type ServerAccess } from '../server-access';

/** A large model is read, tried and measured meanwhile, in ms. */
const CALL_LIMIT_MS = 300_000;
const DEFAULT_ALIAS = 'production';

const HELP = `modelgraph deploy: has an endpoint answer with a model of a file, and writes the version's reference.

Usage: modelgraph deploy <file> [options]

The file is a model in ONNX, or a document that says which other server has the model. It is uploaded and registered,
its version is promoted to an alias, and an endpoint follows the alias. All of it may be done again: the same file is
the same version, and an endpoint that follows the alias already stays as it is.

  --model NAME              its name in the registry (the file's own, without its ending)
  --endpoint NAME           who answers with it; made where there is none (the model's name)
  --alias NAME              what is moved to the version, and what the endpoint follows (${DEFAULT_ALIAS})
  --columns INPUT=A,B,C     names of the columns that an input holds, so that rows can be given by name; as often as
                            there are such inputs
  --labels A,B,C            names of the classes, in the order of the probabilities
  --run ID                  the run that made it
  --dataset REF             what it was made from, such as penguins@3; as often as there are
  --metric KEY=NUMBER       what was measured of it; as often as there are
  --reason TEXT             why, for the alias's history
  --accept-contract-break   lets it go live although requests that are answered today would be refused
  --timeout TIME            how long to try to send the file while the server is away (30s)

Ends with 1 where a gate holds the version back: it is registered then, and what answered before still does.

The server
${ACCESS_HELP}
`;

export const deploy: Command = {
  name: 'deploy',
  summary: 'has an endpoint answer with a model of a file',
  help: HELP,
  run: async (args, terminal) => deployed(optionsIn(args, terminal), terminal),
};

type Options = ReturnType<typeof optionsIn>;

async function deployed(options: Options, terminal: Terminal): Promise<ExitCode> {
  const { access, endpoint, alias, model } = options;
  const follows = `${model}@${alias}`;
  const isThere = await followsAlready(access, endpoint, follows);
  const version = await registered(options);
  terminal.err(
    `${version.created ? 'Registered' : 'Known already'}: ${version.version.ref}. ${takes(version)}\n`,
  );
  const isLive = await promoted(options, version.version.ref, terminal);
  if (!isLive) return EXIT.notHeld;
  if (!isThere) {
    // 0: whoever makes it meanwhile is heard of, rather than overwritten.
    const input = { name: endpoint, variants: [{ ref: follows, weight: 1 }], expectedRevision: 0 };
    const { result } = await callGraphql(access, DEPLOY_ENDPOINT, { input }, CALL_LIMIT_MS);
    if ('message' in result) throw new CommandFailed(refusalText(result));
  }
  terminal.err(
    `Endpoint ${endpoint} answers with it. Try it: npx modelgraph predict ${endpoint} --sample 1\n`,
  );
  terminal.out(`${version.version.ref}\n`);
  return EXIT.ok;
}

/** Looked at before anything is changed. An endpoint that does something else is somebody's, and stays as it is. */
async function followsAlready(access: ServerAccess, name: string, follows: string): Promise<boolean> {
  const { endpoint } = await callGraphql(access, ENDPOINT_VARIANTS, { name });
  if (endpoint === null) return false;
  const answering = endpoint.variants.filter(({ shadow }) => !shadow).map(({ ref }) => ref);
  if (answering.includes(follows)) return true;
  throw new CommandFailed(
    `Endpoint “${name}” is there, and answers with ${answering.join(' and ')}: \`deployEndpoint\` or ` +
      `\`setTrafficSplit\` lets it follow ${follows}, or --endpoint names another.`,
  );
}

async function registered({ access, file, timeoutMs, ...said }: Options): Promise<Registered> {
  const { sha256 } = await uploadArtifact(access, file, performance.now() + timeoutMs);
  const { model, runId, columns, labels, datasets, metrics } = said;
  const input = { model, artifact: { sha256 }, runId, columns, labels, datasets, metrics };
  const { result } = await callGraphql(access, REGISTER_VERSION, { input }, CALL_LIMIT_MS);
  if ('message' in result) throw new CommandFailed(refusalText(result));
  return result;
}

/** False: a gate holds it back, and says why. */
async function promoted(options: Options, ref: string, terminal: Terminal): Promise<boolean> {
  const { access, alias, reason, acceptContractBreak } = options;
  const input = { ref, alias, reason, acceptContractBreak };
  const { result } = await callGraphql(access, PROMOTE_VERSION, { input }, CALL_LIMIT_MS);
  if (!('message' in result)) return true;
  if (!result.gates) throw new CommandFailed(refusalText(result));
  terminal.err(`${ref} does not go live. ${refusalText(result)}\n`);
  return false;
}

const takes = ({ version: { signature } }: Registered): string => {
  const { columns, inputs } = signature;
  const named = columns.length > 0 ? columns : inputs;
  return `It takes ${named.map(({ name, datatype }) => `${name} (${datatype})`).join(', ')}.`;
};

function optionsIn(args: readonly string[], terminal: Terminal) {
  const text = { type: 'string' } as const;
  const many = { type: 'string', multiple: true } as const;
  const { values, positionals } = parsedArguments('deploy', args, {
    ...{ model: text, endpoint: text, alias: text, labels: text, run: text, reason: text, timeout: text },
    ...{ columns: many, dataset: many, metric: many, 'accept-contract-break': { type: 'boolean' } },
  });
  const [file] = named('deploy', positionals, 'file');
  const model = values.model ?? parse(file).name;
  return {
    file,
    model,
    endpoint: values.endpoint ?? model,
    alias: values.alias ?? DEFAULT_ALIAS,
    columns: Object.entries(factsIn('--columns', values.columns)).map(([input, names]) => ({
      input,
      names: namesIn('--columns', String(names)),
    })),
    labels: values.labels === undefined ? undefined : namesIn('--labels', values.labels),
    runId: values.run,
    datasets: values.dataset,
    metrics: Object.entries(factsIn('--metric', values.metric)).map(([key, value]) => ({
      key,
      value: numberIn('--metric', key, String(value)),
    })),
    reason: values.reason,
    acceptContractBreak: values['accept-contract-break'] ?? false,
    timeoutMs: timeoutMsOf(values.timeout),
    access: serverAccess(values, terminal.environment),
  };
}

function namesIn(option: string, text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw new UsageError(`${option}: expected names with commas between them, got “${text}”.`);
}

function numberIn(option: string, key: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new UsageError(`${option}: expected a number as “${key}”, got “${text}”.`);
}

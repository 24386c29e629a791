import { parsedArguments } from '../arguments';
import { askedModel, type AskedModel } from '../asking/asked-model';
import { DOORS, stagesOf, type DoorName, type Stage } from '../bench/bench-plan';
import { doorOf } from '../bench/door';
import { grpcUrlOf } from '../bench/grpc-address';
import { GrpcSender } from '../bench/grpc-sender';
import { HttpSender } from '../bench/http-sender';
import { questionsFor } from '../bench/questions';
import { reportJson } from '../bench/report-json';
import { reportText } from '../bench/report';
import { runStages } from '../bench/run-stages';
import type { Question, Sender } from '../bench/sender';
import { maxErrorsOf, verdictOn, type Limits } from '../bench/verdict';
import { CommandFailed, EXIT, UsageError, type Command, type ExitCode, type Terminal } from '../command';
import { durationMsOf, wholeNumberOf } from '../option-values';
import { ACCESS_HELP, headersOf, serverAccess, type ServerAccess } from '../server-access';

/** Longest that one request may be waited for, in ms: ten times what the server allows a prediction. */
const MAX_TIMEOUT_MS = 600_000;
/** Rows that one question may have on the server. */
const MAX_BATCH = 10_000;
const MAX_IN_FLIGHT = 10_000;
/** A client that works more than this share of a core measures itself, too. */
const BUSY_CLIENT = 0.9;

const HELP = `modelgraph bench: how fast an endpoint answers, and how fast it still does under load.

Usage: modelgraph bench <endpoint | model reference> [options]

The load (one of these; one caller if none is given)
  --concurrency N        N callers, each of whom asks again once it is answered (closed loop)
  --rate N               N requests a second, whatever the answers take (open loop); latencies count from when a
                         request was due, so that a stall is seen by all who would have come meanwhile
  --ramp 1,2,4,8,16      these numbers of callers in turn
  --ramp 100/s,200/s     these rates in turn
  --ramp 100..2000       a rate that rises evenly over the duration, told in ten parts
  --duration TIME        of each load, such as 500ms, 10s, 2m (10s)
  --warmup TIME          of the first load before, which is not counted (1s)
  --max-in-flight N      requests of an open loop that may wait at a time (1000); what could not be sent
                         in time is counted as NOT_SENT, an error

The question
  --door DOOR            graphql, v2 (Open Inference Protocol in JSON), v2-binary, grpc (the same by gRPC) or
                         tf-serving (TensorFlow Serving's REST, row by row) (graphql)
  --grpc-url URL         where the door grpc is: grpc://host:port, or grpcs:// with TLS (port 4001 of the server)
  --rows FILE            rows to send in turn: a JSON list of objects, or a CSV file; without it they are made from
                         what the model says that it takes: random, and the same in every run
  --batch N              rows of one request (1)
  --timeout TIME         how long an answer is waited for (10s)

The answer
  --json                 one JSON object instead of text
  --max-errors N | N%    exit with 1 where more requests fail (0)
  --max-p99 TIME         exit with 1 where the p99 of any load is above

The server
${ACCESS_HELP}
`;

interface BenchOptions {
  readonly name: string;
  readonly access: ServerAccess;
  readonly stages: readonly Stage[];
  readonly warmupMs: number;
  readonly timeoutMs: number;
  readonly maxInFlight: number;
  readonly door: DoorName;
  readonly grpcUrl: URL;
  readonly rowsFile: string | null;
  readonly batch: number;
  readonly json: boolean;
  readonly limits: Limits;
}

export const bench: Command = {
  name: 'bench',
  summary: 'measures how fast an endpoint answers, and how fast it still does under load',
  help: HELP,
  run: async (args, terminal) => runBench(optionsIn(args, terminal), terminal),
};

async function runBench(options: BenchOptions, terminal: Terminal): Promise<ExitCode> {
  const { access, stages, limits, door: doorName, batch } = options;
  const model = await askedModel(access, options.name);
  const questions = await questionsFor(model, options);
  const sender = senderFor(options, model);
  try {
    await askOnce(sender, questions);
    if (!options.json) terminal.out(`${introduction(options, model, questions)}\n\n`);
    const cpu = process.cpuUsage();
    const startedAt = performance.now();
    let next = 0;
    const send = () => sender.send(questionAt(questions, next++));
    const measured = await runStages({ ...options, stages, send, terminal });
    const { user, system } = process.cpuUsage(cpu);
    const clientCpuShare = (user + system) / 1000 / (performance.now() - startedAt);
    const verdict = verdictOn(measured, limits);
    const { url } = access;
    if (options.json)
      terminal.out(
        reportJson({ url, model, door: doorName, batch, stages: measured, clientCpuShare, verdict }),
      );
    else terminal.out(reportText(measured, terminal.width, terminal.isPerson));
    if (clientCpuShare > BUSY_CLIENT)
      terminal.err(
        `This client was busy for ${Math.round(clientCpuShare * 100)} % of a core: it may be what is slow.\n`,
      );
    for (const sentence of verdict.broken) terminal.err(`${sentence}\n`);
    return verdict.held ? EXIT.ok : EXIT.notHeld;
  } finally {
    sender.close();
  }
}

function senderFor(options: BenchOptions, model: AskedModel): Sender {
  const { access, door, stages, maxInFlight, timeoutMs } = options;
  const atOnce = Math.max(...stages.map(({ load }) => (load.kind === 'closed' ? load.callers : maxInFlight)));
  const headers = headersOf(access);
  if (door === 'grpc') return new GrpcSender({ url: options.grpcUrl, headers, maxCalls: atOnce, timeoutMs });
  const { url } = access;
  return new HttpSender({ url, headers, door: doorOf(door, model), maxConnections: atOnce, timeoutMs });
}

/** What is wrong with the very first question is wrong with all of them: better told than counted. */
async function askOnce(sender: Sender, questions: readonly Question[]): Promise<void> {
  const { code, message } = await sender.send(questionAt(questions, 0));
  if (code !== null) throw new CommandFailed(`The first question was refused: ${code}: ${message ?? ''}`);
}

function questionAt(questions: readonly Question[], index: number): Question {
  const question = questions[index % questions.length];
  if (!question) throw new Error('There is at least one question.');
  return question;
}

function introduction(
  { access, door, grpcUrl, batch, rowsFile }: BenchOptions,
  { name, version, cacheTtlMs }: AskedModel,
  questions: readonly Question[],
): string {
  const source = rowsFile === null ? `made from the signature of ${version.ref}` : `from ${rowsFile}`;
  const place = door === 'grpc' ? `grpc://${grpcUrl.host}` : access.url;
  const rows = batch === 1 ? '1 row' : `${batch} rows`;
  const lines = [
    `${name} (${version.ref}) at ${place} by ${door}; ${questions.length} questions of ${rows}, ${source}`,
  ];
  if (cacheTtlMs > 0)
    lines.push(
      `The endpoint remembers answers for ${cacheTtlMs} ms: questions that come again may not be computed.`,
    );
  return lines.join('\n');
}

function optionsIn(args: readonly string[], terminal: Terminal): BenchOptions {
  const { values, positionals } = parsed(args);
  const [name, ...others] = positionals;
  if (!name || others.length > 0)
    throw new UsageError('Expected one endpoint or model reference. See `modelgraph bench --help`.');
  const door = DOORS.find((known) => known === (values.door ?? 'graphql'));
  if (!door) throw new UsageError(`--door: expected one of ${DOORS.join(', ')}, got “${values.door}”.`);
  const maxP99 = values['max-p99'];
  const access = serverAccess(values, terminal.environment);
  return {
    name,
    door,
    stages: stagesOf(values, durationMsOf('duration', values.duration ?? '10s')),
    warmupMs: durationMsOf('warmup', values.warmup ?? '1s'),
    timeoutMs: durationMsOf('timeout', values.timeout ?? '10s', MAX_TIMEOUT_MS),
    maxInFlight: wholeNumberOf('max-in-flight', values['max-in-flight'] ?? '1000', 1, MAX_IN_FLIGHT),
    rowsFile: values.rows ?? null,
    batch: wholeNumberOf('batch', values.batch ?? '1', 1, MAX_BATCH),
    json: values.json ?? false,
    limits: {
      maxErrors: maxErrorsOf(values['max-errors'] ?? '0'),
      maxP99Ms: maxP99 === undefined ? null : durationMsOf('max-p99', maxP99),
    },
    access,
    grpcUrl: grpcUrlOf(values['grpc-url'], access.url),
  };
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  return parsedArguments('bench', args, {
    ...{ concurrency: text, rate: text, ramp: text, duration: text, warmup: text, timeout: text },
    ...{ door: text, 'grpc-url': text, rows: text, batch: text, 'max-in-flight': text },
    ...{ json: { type: 'boolean' }, 'max-errors': text, 'max-p99': text },
  });
}

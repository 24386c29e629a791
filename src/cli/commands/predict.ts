import { setTimeout as pause } from 'node:timers/promises';
import { callUntil } from '../../client/call-until';
import { named, parsedArguments, timeoutMsOf } from '../arguments';
import { askedModel, type AskedModel } from '../asking/asked-model';
import { pipedRows } from '../asking/piped-rows';
import { rowsIn } from '../asking/rows-file';
import { sampleRows, sampleTensors, seededRandom } from '../asking/sample-values';
import { takesRows, type Row, type Tensor } from '../asking/tensors';
import { CommandFailed, EXIT, UsageError, type Command, type ExitCode, type Terminal } from '../command';
import { counted } from '../counted';
import { PREDICT_ROWS, PREDICT_TENSORS, type NotPredicted, type Predictions } from '../operations/predict';
import { wholeNumberOf } from '../option-values';
import { refusalText } from '../refusal-text';
import { ACCESS_HELP, serverAccess, type ServerAccess } from '../server-access';

/** As many as the server takes at once; wide rows reach the limit of a body before. */
const MAX_BATCH = 10_000;
const DEFAULT_BATCH = '100';

const HELP = `modelgraph predict: asks an endpoint, and writes its answers, one line of JSON for each row.

Usage: modelgraph predict <endpoint | model reference> --rows FILE | --sample N [options]
       program | modelgraph predict <endpoint | model reference> [options]

  --rows FILE        a JSON list of objects, or a CSV file with names in its first line
  --sample N         N rows made from what the model says that it takes: random, and the same each time. They are
                     written beside the answers (to the standard error)
  --batch N          rows of one request (${DEFAULT_BATCH})
  --timeout TIME     how long to try each request again while the server is away or has too much to do (30s)

Without either, lines of JSON are read, one object for each row, and answered a request at a time. An input that has no
columns has its value in a row under its own name, as nested lists. Where --sample asks a model that takes no rows, the
question and the answer are tensors.

The server
${ACCESS_HELP}
`;

export const predict: Command = {
  name: 'predict',
  summary: 'asks an endpoint, and writes its answers',
  help: HELP,
  run: async (args, terminal) => answered(optionsIn(args, terminal), terminal),
};

type Options = ReturnType<typeof optionsIn>;
/** What one request asks. */
type Question = { readonly rows: readonly Row[] } | { readonly tensors: readonly Tensor[] };

async function answered(options: Options, terminal: Terminal): Promise<ExitCode> {
  const { access, timeoutMs } = options;
  const model = await askedModel(access, options.name);
  let done = 0;
  for await (const question of questionsFor(model, options, terminal)) {
    const result = await ask(access, model, question, timeoutMs);
    if (result.__typename !== 'PredictSuccess') throw new CommandFailed(refusedAt(done, question, result));
    const lines = result.rows ?? [{ outputs: result.outputs }];
    terminal.out(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    done += lines.length;
    if (terminal.stop.aborted) throw new CommandFailed(`Stopped after ${counted(done, 'row')}.`);
  }
  return EXIT.ok;
}

async function* questionsFor(
  model: AskedModel,
  { source, batch }: Options,
  terminal: Terminal,
): AsyncGenerator<Question> {
  const { signature } = model.version;
  if (source.kind === 'piped') {
    yield* pipedRows(terminal, batch);
    return;
  }
  if (source.kind === 'sample' && !takesRows(signature)) {
    const random = seededRandom();
    for (let at = 0; at < source.count; at += 1) {
      const tensors = sampleTensors(signature, 1, random);
      terminal.err(`${JSON.stringify({ inputs: tensors })}\n`);
      yield { tensors };
    }
    return;
  }
  const rows =
    source.kind === 'sample'
      ? sampleRows(signature, source.count, seededRandom())
      : await rowsIn(source.file, signature.columns);
  for (let at = 0; at < rows.length; at += batch) {
    const part = rows.slice(at, at + batch);
    if (source.kind === 'sample') terminal.err(part.map((row) => `${JSON.stringify(row)}\n`).join(''));
    yield { rows: part };
  }
}

/** Once more where the server has too much to do: asking twice changes nothing. */
async function ask(
  access: ServerAccess,
  { kind, name }: AskedModel,
  question: Question,
  timeoutMs: number,
): Promise<Predictions | NotPredicted> {
  const until = performance.now() + timeoutMs;
  const [operation, what] =
    'rows' in question
      ? [PREDICT_ROWS, { rows: question.rows }]
      : [PREDICT_TENSORS, { inputs: question.tensors }];
  for (;;) {
    const { predict: result } = await callUntil(
      access,
      operation,
      { input: { [kind]: name, ...what } },
      until,
    );
    const isRefused = result.__typename !== 'PredictSuccess';
    if (!isRefused || result.retryAfterMs === undefined) return result;
    if (performance.now() + result.retryAfterMs >= until) return result;
    await pause(result.retryAfterMs);
  }
}

function refusedAt(done: number, question: Question, refusal: NotPredicted): string {
  const rows = 'rows' in question ? question.rows.length : 1;
  const place = rows === 1 ? `Row ${done + 1}` : `Rows ${done + 1} to ${done + rows} (counted from 0 below)`;
  return `${place}: ${refusalText(refusal)}`;
}

function optionsIn(args: readonly string[], terminal: Terminal) {
  const text = { type: 'string' } as const;
  const options = { rows: text, sample: text, batch: text, timeout: text };
  const { values, positionals } = parsedArguments('predict', args, options);
  const [name] = named('predict', positionals, 'endpoint or model reference');
  return {
    name,
    source: sourceOf(values, terminal),
    batch: wholeNumberOf('batch', values.batch ?? DEFAULT_BATCH, 1, MAX_BATCH),
    timeoutMs: timeoutMsOf(values.timeout),
    access: serverAccess(values, terminal.environment),
  };
}

type Source =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'sample'; readonly count: number }
  | { readonly kind: 'piped' };

function sourceOf(values: { readonly rows?: string; readonly sample?: string }, { input }: Terminal): Source {
  const { rows, sample } = values;
  if (rows !== undefined && sample !== undefined)
    throw new UsageError('Expected either --rows or --sample. See `modelgraph predict --help`.');
  if (rows !== undefined) return { kind: 'file', file: rows };
  if (sample !== undefined) return { kind: 'sample', count: wholeNumberOf('sample', sample, 1, MAX_BATCH) };
  if (input.isTTY)
    throw new UsageError('Expected --rows, --sample, or lines piped in. See `modelgraph predict --help`.');
  return { kind: 'piped' };
}

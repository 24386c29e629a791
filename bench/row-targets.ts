import type { Answer } from './connection';
import { expectedAnswers, FEATURE_NAMES, INPUT_NAME, rows, type Row } from './model';
import {
  json,
  numbersInBytes,
  numbersInJson,
  openInferenceBytes,
  parsed,
  type Body,
  type Target,
} from './target';

/** The endpoint of the small model. */
export const ROWS_ENDPOINT = 'bench';

const PREDICT = `mutation Predict($input: PredictInput!) {
  predict(input: $input) {
    __typename
    ... on PredictSuccess { predictionId rows }
    ... on UserError { code message }
  }
}`;
const PREDICT_TIMED = PREDICT.replace('rows }', 'rows cached timing { totalMs } }');

const tensor = { name: INPUT_NAME, shape: [1, FEATURE_NAMES.length] };
const valuesOf = (row: Row): Float32Array => Float32Array.from(FEATURE_NAMES, (name) => row[name] ?? NaN);

interface AnsweredRows {
  readonly rows?: readonly { readonly probabilities?: unknown }[];
  readonly timing?: { readonly totalMs?: number };
}
interface Predicted {
  readonly data?: { readonly predict?: AnsweredRows };
}

const predicted = (answer: Answer) => parsed<Predicted>(answer).data?.predict;
const probabilities = (answer: AnsweredRows | undefined) => answer?.rows?.[0]?.probabilities;

const target = (path: string, body: (row: Row) => Body, mark: string, read: (answer: Answer) => unknown) => ({
  path,
  bodies: () => rows.map(body),
  mark,
  numbers: { read, expected: () => expectedAnswers },
});

const graphql = (query: string, mark: string) =>
  target(
    '/graphql',
    (row) => json({ query, variables: { input: { endpoint: ROWS_ENDPOINT, rows: [row] } } }),
    mark,
    (answer) => probabilities(predicted(answer)),
  );

/** All that take plain rows and answer plain rows. */
const plain = (path: string) =>
  target(
    path,
    (row) => json({ rows: [row] }),
    '"probabilities"',
    (answer) => probabilities(parsed<AnsweredRows>(answer)),
  );

const INFER = `/v2/models/${ROWS_ENDPOINT}/infer`;

/**
 * Who is asked for a row: our server by its doors, and its peers. `wire` is our batcher and workers behind bare
 * node:http; `trivial` is the naive server's path that does nothing, which shows what the load can reach.
 */
export const ROW_TARGETS = {
  naive: plain('/predict'),
  modelgraph: graphql(PREDICT, '"PredictSuccess"'),
  'v2-json': target(
    INFER,
    // The numbers as they are in the table, not as single precision would have them.
    (row) =>
      json({ inputs: [{ ...tensor, datatype: 'FP32', data: FEATURE_NAMES.map((name) => row[name]) }] }),
    '"outputs"',
    numbersInJson,
  ),
  'v2-binary': target(INFER, (row) => openInferenceBytes(tensor, valuesOf(row)), '"outputs"', numbersInBytes),
  wire: plain('/predict'),
  'fastapi-fast': plain('/fast'),
  'fastapi-ordinary': plain('/ordinary'),
  trivial: { path: '/trivial', bodies: () => rows.map((row) => json({ rows: [row] })), mark: '"rows"' },
  // An endpoint that remembers: every answer must come from there, so somebody must have asked before.
  'cache-fill': graphql(PREDICT_TIMED, '"PredictSuccess"'),
  'cache-hit': {
    ...graphql(PREDICT_TIMED, '"cached":true'),
    serverMs: (answer: Answer) => predicted(answer)?.timing?.totalMs ?? NaN,
  },
} satisfies Readonly<Record<string, Target>>;

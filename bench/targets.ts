import type { Answer } from './connection';
import { FEATURE_NAMES, INPUT_NAME, rows, type Row } from './model';

/**
 * Who is asked: our server by its doors, and its peers. `wire` is our batcher and workers behind bare node:http;
 * `trivial` is the naive server's path that does nothing, which shows what the load can reach.
 */
export const TARGET_NAMES = [
  'naive',
  'modelgraph',
  'v2-json',
  'v2-binary',
  'wire',
  'fastapi-fast',
  'fastapi-ordinary',
  'trivial',
] as const;
export type TargetName = (typeof TARGET_NAMES)[number];

/** How a target is asked for one row, and where its answer has the probabilities. */
interface Target {
  readonly path: string;
  body(row: Row): Body;
  /** What every answer must contain. */
  readonly mark: string;
  /** Undefined: the target computes nothing. */
  readonly probabilities?: (answer: Answer) => unknown;
}

interface Body {
  readonly bytes: Buffer;
  readonly headers: readonly string[];
}

export const ENDPOINT = 'bench';

const PREDICT = `mutation Predict($input: PredictInput!) {
  predict(input: $input) {
    __typename
    ... on PredictSuccess { predictionId rows }
    ... on UserError { code message }
  }
}`;

const json = (value: unknown): Body => ({
  bytes: Buffer.from(JSON.stringify(value)),
  headers: ['content-type: application/json', 'accept: application/json'],
});

const valuesOf = (row: Row): number[] => FEATURE_NAMES.map((name) => row[name] ?? NaN);
const tensor = { name: INPUT_NAME, datatype: 'FP32', shape: [1, FEATURE_NAMES.length] };

/** The Open Inference Protocol's binary form: JSON, then the values, here in both directions. */
function binary(row: Row): Body {
  const values = Buffer.from(Float32Array.from(valuesOf(row)).buffer);
  const head = Buffer.from(
    JSON.stringify({
      inputs: [{ ...tensor, parameters: { binary_data_size: values.length } }],
      parameters: { binary_data_output: true },
    }),
  );
  return {
    bytes: Buffer.concat([head, values]),
    headers: ['content-type: application/octet-stream', `inference-header-content-length: ${head.length}`],
  };
}

function binaryProbabilities({ head, body }: Answer): number[] {
  const start = Number(/inference-header-content-length: *(\d+)/i.exec(head)?.[1]);
  const values = Buffer.from(body.subarray(start));
  return Array.from({ length: values.length / 4 }, (_, at) => values.readFloatLE(4 * at));
}

interface AnsweredRows {
  readonly rows?: readonly { readonly probabilities?: unknown }[];
}

const parsed = <Shape>({ body }: Answer): Shape => JSON.parse(body.toString()) as Shape;
const probabilities = (answer: AnsweredRows | undefined) => answer?.rows?.[0]?.probabilities;

/** All that take plain rows and answer plain rows. */
const plain = (path: string): Target => ({
  path,
  body: (row) => json({ rows: [row] }),
  mark: '"probabilities"',
  probabilities: (answer) => probabilities(parsed<AnsweredRows>(answer)),
});

export const TARGETS: Readonly<Record<TargetName, Target>> = {
  modelgraph: {
    path: '/graphql',
    body: (row) => json({ query: PREDICT, variables: { input: { endpoint: ENDPOINT, rows: [row] } } }),
    mark: '"PredictSuccess"',
    probabilities: (answer) =>
      probabilities(parsed<{ data?: { predict?: AnsweredRows } }>(answer).data?.predict),
  },
  'v2-json': {
    path: `/v2/models/${ENDPOINT}/infer`,
    body: (row) => json({ inputs: [{ ...tensor, data: valuesOf(row) }] }),
    mark: '"outputs"',
    probabilities: (answer) => parsed<{ outputs?: readonly { data?: unknown }[] }>(answer).outputs?.[0]?.data,
  },
  'v2-binary': {
    path: `/v2/models/${ENDPOINT}/infer`,
    body: binary,
    mark: '"outputs"',
    probabilities: binaryProbabilities,
  },
  naive: plain('/predict'),
  wire: plain('/predict'),
  'fastapi-fast': plain('/fast'),
  'fastapi-ordinary': plain('/ordinary'),
  trivial: { path: '/trivial', body: (row) => json({ rows: [row] }), mark: '"rows"' },
};

/** The bytes of the request for each row, made before anything is measured. */
export function requestsTo(target: TargetName, url: URL, key: string | null): Buffer[] {
  const asked = TARGETS[target];
  return rows.map((row) => {
    const { bytes, headers } = asked.body(row);
    const head = [
      `POST ${asked.path} HTTP/1.1`,
      `host: ${url.host}`,
      ...headers,
      `content-length: ${bytes.length}`,
      ...(key === null ? [] : [`authorization: Bearer ${key}`]),
    ];
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes]);
  });
}

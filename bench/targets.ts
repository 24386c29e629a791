import { rows, type Row } from './model';

/** Who is asked: our server, its peer, or the peer's path that does nothing, which shows what the load can reach. */
export type TargetName = 'modelgraph' | 'naive' | 'trivial';

/** How a target is asked for one row, and where its answer has the probabilities. */
interface Target {
  readonly path: string;
  body(row: Row): unknown;
  /** What every answer must contain. */
  readonly mark: string;
  /** Undefined: the target computes nothing. */
  readonly probabilities?: (answer: unknown) => unknown;
}

export const ENDPOINT = 'bench';

const PREDICT = `mutation Predict($input: PredictInput!) {
  predict(input: $input) {
    __typename
    ... on PredictSuccess { predictionId rows }
    ... on UserError { code message }
  }
}`;

interface AnsweredRows {
  readonly rows?: readonly { readonly probabilities?: unknown }[];
}

const probabilities = (answer: AnsweredRows | undefined) => answer?.rows?.[0]?.probabilities;

export const TARGETS: Readonly<Record<TargetName, Target>> = {
  modelgraph: {
    path: '/graphql',
    body: (row) => ({ query: PREDICT, variables: { input: { endpoint: ENDPOINT, rows: [row] } } }),
    mark: '"PredictSuccess"',
    probabilities: (answer) => probabilities((answer as { data?: { predict?: AnsweredRows } }).data?.predict),
  },
  naive: {
    path: '/predict',
    body: (row) => ({ rows: [row] }),
    mark: '"probabilities"',
    probabilities: (answer) => probabilities(answer as AnsweredRows),
  },
  trivial: { path: '/trivial', body: (row) => ({ rows: [row] }), mark: '"rows"' },
};

/** The bytes of the request for each row, made before anything is measured. */
export function requestsTo(target: TargetName, url: URL, key: string | null): Buffer[] {
  const asked = TARGETS[target];
  return rows.map((row) => {
    const text = JSON.stringify(asked.body(row));
    const head = [
      `POST ${asked.path} HTTP/1.1`,
      `host: ${url.host}`,
      'content-type: application/json',
      'accept: application/json',
      `content-length: ${Buffer.byteLength(text)}`,
      ...(key === null ? [] : [`authorization: Bearer ${key}`]),
    ];
    return Buffer.from(`${head.join('\r\n')}\r\n\r\n${text}`);
  });
}

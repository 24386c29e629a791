import { PREDICT_ROWS, PREDICT_TENSORS } from '../operations/predict';
import type { AskedModel } from '../asking/asked-model';
import type { DoorName } from './bench-plan';
import { grpcQuestion } from './grpc-question';
import type { Outcome } from './measurement';
import type { Question } from './sender';
import { tensorBytes } from './tensor-bytes';
import type { Tensor } from '../asking/tensors';
import { tfServingQuestion } from './tf-serving-question';

/** Where questions go by HTTP, and how an answer is told from a refusal. */
export interface Door {
  readonly path: string;
  /** @param start the first bytes of the answer */
  outcomeOf(status: number, start: Buffer): Outcome;
}

/** What is asked: rows where the door and the model take them, else tensors. */
export type Asked = { readonly rows: readonly object[] } | { readonly tensors: readonly Tensor[] };

const OK = 200;
const ANSWERED: Outcome = { code: null };
const JSON_TYPE = { 'content-type': 'application/json' };
const GRAPHQL_ANSWERED = '{"data":{"predict":{"__typename":"PredictSuccess"';

/** A door that is asked by HTTP. */
export type HttpDoorName = Exclude<DoorName, 'grpc'>;

export function doorOf(name: HttpDoorName, model: AskedModel): Door {
  const asked = encodeURIComponent(model.name);
  switch (name) {
    case 'graphql':
      return { path: '/graphql', outcomeOf: graphqlOutcome };
    case 'v2':
    case 'v2-binary':
      return { path: `/v2/models/${asked}/infer`, outcomeOf: restOutcome };
    case 'tf-serving':
      return { path: `/v1/models/${asked}:predict`, outcomeOf: restOutcome };
  }
}

export function questionOf(door: DoorName, model: AskedModel, asked: Asked): Question {
  if (door === 'graphql') return graphqlQuestion(model, asked);
  if (!('tensors' in asked)) throw new Error('Only GraphQL takes rows by column.');
  switch (door) {
    case 'v2':
      return jsonQuestion({ inputs: asked.tensors });
    case 'v2-binary':
      return v2BinaryQuestion(asked.tensors);
    case 'tf-serving':
      return jsonQuestion(tfServingQuestion(asked.tensors, model.version.signature));
    case 'grpc':
      return { headers: {}, body: grpcQuestion(model.name, asked.tensors) };
  }
}

function graphqlQuestion({ name, kind }: AskedModel, asked: Asked): Question {
  const { text } = 'rows' in asked ? PREDICT_ROWS : PREDICT_TENSORS;
  const what = 'rows' in asked ? { rows: asked.rows } : { inputs: asked.tensors };
  const input = { [kind]: name, ...what };
  return jsonQuestion({ query: text, variables: { input } });
}

const jsonQuestion = (body: object): Question => ({
  headers: JSON_TYPE,
  body: Buffer.from(JSON.stringify(body)),
});

/** The values follow the JSON, and are answered likewise. */
function v2BinaryQuestion(tensors: readonly Tensor[]): Question {
  const values = tensors.map(tensorBytes);
  const inputs = tensors.map(({ name, datatype, shape }, at) => ({
    ...{ name, datatype, shape },
    parameters: { binary_data_size: values[at]?.length ?? 0 },
  }));
  const json = Buffer.from(JSON.stringify({ inputs, parameters: { binary_data_output: true } }));
  return {
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(json.length),
    },
    body: Buffer.concat([json, ...values]),
  };
}

function graphqlOutcome(status: number, start: Buffer): Outcome {
  if (status === OK && start.toString('latin1', 0, GRAPHQL_ANSWERED.length) === GRAPHQL_ANSWERED)
    return ANSWERED;
  const { data, errors } = jsonIn(start);
  const [error] = errors ?? [];
  if (error) return { code: error.extensions?.code ?? `HTTP ${status}`, message: error.message };
  const { __typename, code, message } = data?.predict ?? {};
  if (status === OK && __typename === 'PredictSuccess') return ANSWERED;
  return { code: code ?? `HTTP ${status}`, message };
}

/** Both protocols answer a refusal with a status, and a sentence as `error`. */
function restOutcome(status: number, start: Buffer): Outcome {
  if (status === OK) return ANSWERED;
  return { code: `HTTP ${status}`, message: jsonIn(start).error };
}

interface MaybeJson {
  readonly data?: {
    readonly predict?: { readonly __typename?: string; readonly code?: string; readonly message?: string };
  } | null;
  readonly errors?: readonly {
    readonly message?: string;
    readonly extensions?: { readonly code?: string };
  }[];
  readonly error?: string;
}

/** Nothing where it is no JSON: a proxy's page, say. */
function jsonIn(start: Buffer): MaybeJson {
  try {
    const json: unknown = JSON.parse(start.toString());
    return typeof json === 'object' && json !== null ? json : {};
  } catch {
    return { error: start.toString('utf8', 0, 200) };
  }
}

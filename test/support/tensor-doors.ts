import type { ApiClient } from './api-client';
import { GrpcClient, type InferRequest } from './grpc-client';
import { predict } from './serving-client';
import type { TestServer } from './test-server';

/** Bytes: an element of BYTES that is no text. */
export type Value = number | bigint | boolean | string | Uint8Array;

/** A tensor in both of its forms: its values one by one, and their little-endian bytes. */
export interface Content {
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly values: readonly Value[];
  readonly bytes: Uint8Array;
}

interface Refused {
  readonly refused: string;
}

/** What came back: values, of which some may have been texts in JSON, or bytes; or why it was refused. */
export type Echo =
  | { readonly shape: readonly number[]; readonly values: readonly unknown[] }
  | { readonly shape: readonly number[]; readonly bytes: Uint8Array }
  | Refused;

/** Who is asked by that name: GraphQL has a field for each. */
type Kind = 'model' | 'endpoint';

/** Sends a tensor `x` to a model that answers it as `y`, in one of the ways that there are. */
export type Door = (server: TestServer, name: string, content: Content, kind?: Kind) => Promise<Echo>;

/** In the order of the table in `src/compat/README.md`. */
export const DOORS: Readonly<Record<string, Door>> = {
  'GraphQL, JSON': async (server, name, content, kind) => {
    const whom = whomOf(name, kind);
    const answer = await askGraphql(server, whom, { data: content.values.map(asJson) }, content, 'JSON');
    return 'refused' in answer ? answer : { shape: answer.shape, values: answer.data };
  },
  'GraphQL, base64': async (server, name, content, kind) => {
    const base64 = Buffer.from(content.bytes).toString('base64');
    const answer = await askGraphql(server, whomOf(name, kind), { base64 }, content, 'BASE64');
    return 'refused' in answer
      ? answer
      : { shape: answer.shape, bytes: Buffer.from(answer.base64, 'base64') };
  },
  'V2, JSON': async (server, model, { datatype, shape, values }) => {
    const input = { name: 'x', datatype, shape, data: values.map(asJson) };
    const answer = await post(server, `/v2/models/${model}/infer`, JSON.stringify({ inputs: [input] }));
    if ('refused' in answer) return answer;
    const { outputs } = JSON.parse(answer.body.toString()) as {
      outputs: { shape: number[]; data: unknown[] }[];
    };
    return { shape: outputs[0]?.shape ?? [], values: outputs[0]?.data ?? [] };
  },
  'V2, binary': async (server, model, { datatype, shape, bytes }) => {
    const parameters = { binary_data_size: bytes.length };
    const json = Buffer.from(
      JSON.stringify({
        parameters: { binary_data_output: true },
        inputs: [{ name: 'x', datatype, shape, parameters }],
      }),
    );
    const headers = { 'inference-header-content-length': String(json.length) };
    const body = Buffer.concat([json, bytes]);
    const answer = await post(server, `/v2/models/${model}/infer`, body, headers);
    if ('refused' in answer) return answer;
    const jsonLength = Number(answer.headers.get('inference-header-content-length'));
    const { outputs } = JSON.parse(answer.body.toString('utf8', 0, jsonLength)) as {
      outputs: { shape: number[] }[];
    };
    return { shape: outputs[0]?.shape ?? [], bytes: answer.body.subarray(jsonLength) };
  },
  'gRPC, raw': (server, model, { datatype, shape, bytes }) =>
    askGrpc(server, {
      modelName: model,
      inputs: [{ name: 'x', datatype, shape: shape.map(BigInt) }],
      rawInputContents: [bytes],
    }),
  'gRPC, typed': (server, model, { datatype, shape, values }) =>
    askGrpc(server, {
      modelName: model,
      inputs: [{ name: 'x', datatype, shape: shape.map(BigInt), contents: typedContents(datatype, values) }],
    }),
  'TF Serving, rows': (server, model, content) =>
    askTfServing(server, model, content, 'instances', 'predictions'),
  'TF Serving, columns': (server, model, content) =>
    askTfServing(server, model, content, 'inputs', 'outputs'),
};

const whomOf = (name: string, kind: Kind = 'model') =>
  kind === 'model' ? { ref: `${name}@1.0.0` } : { endpoint: name };

async function askGraphql(
  server: ApiClient,
  whom: object,
  body: object,
  { datatype, shape }: Content,
  outputEncoding: 'JSON' | 'BASE64',
) {
  const inputs = [{ name: 'x', datatype, shape, ...body }];
  const answer = await predict(server, { ...whom, inputs, outputEncoding });
  if (answer.__typename !== 'PredictSuccess') return { refused: String(answer.message) };
  const [output] = answer.outputs;
  if (!output) throw new Error('The model has one output.');
  return output as typeof output & { readonly shape: readonly number[] };
}

async function askGrpc(server: TestServer, request: InferRequest): Promise<Echo> {
  const client = new GrpcClient(server.grpcAddress, server.key);
  try {
    const { outputs, rawOutputContents } = await client.infer(request);
    const [bytes = new Uint8Array(0)] = rawOutputContents;
    return { shape: outputs[0]?.shape.map(Number) ?? [], bytes };
  } catch (error) {
    return { refused: (error as Error).message };
  } finally {
    client.close();
  }
}

/** The field that the protocol has for the datatype; it has none for FP16, and floats are tried. */
function typedContents(datatype: string, values: readonly Value[]) {
  if (datatype === 'BYTES') return { bytesContents: values.map(bytesOf) };
  if (datatype === 'BOOL') return { boolContents: values.map(Boolean) };
  if (datatype === 'INT64') return { int64Contents: values.map((value) => BigInt(value as bigint)) };
  if (datatype === 'UINT64') return { uint64Contents: values.map((value) => BigInt(value as bigint)) };
  if (datatype === 'FP64') return { fp64Contents: values.map(Number) };
  if (datatype.startsWith('FP')) return { fp32Contents: values.map(Number) };
  return datatype.startsWith('U')
    ? { uintContents: values.map(Number) }
    : { intContents: values.map(Number) };
}

/** As a client in Python sends it: nested, with bare NaN and whole numbers of any length. */
async function askTfServing(
  server: ApiClient,
  model: string,
  { shape, values }: Content,
  question: string,
  answerName: string,
): Promise<Echo> {
  const body = `{"${question}": ${nested(values.map(asPython), shape)}}`;
  const answer = await post(server, `/v1/models/${model}:predict`, body);
  if ('refused' in answer) return answer;
  const nestedValues = (JSON.parse(answer.body.toString()) as Record<string, unknown>)[answerName];
  return { shape: shapeOf(nestedValues, shape), values: [nestedValues].flat(shape.length + 1) };
}

async function post(
  server: ApiClient,
  path: string,
  body: string | Buffer,
  headers: Record<string, string> = {},
): Promise<{ readonly headers: Headers; readonly body: Buffer } | Refused> {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { ...server.headers, ...headers },
    body: Buffer.from(body),
  });
  const answer = Buffer.from(await response.arrayBuffer());
  return response.ok ? { headers: response.headers, body: answer } : { refused: answer.toString() };
}

/** As our JSON has it: texts for what JSON has no number for, and nothing of bytes, which it has no form for. */
function asJson(value: Value): Value {
  if (value instanceof Uint8Array) return '';
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value !== 'number') return value;
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : String(value);
}

const bytesOf = (value: Value): Buffer =>
  value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value));

const asPython = (value: Value): string => {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Uint8Array) return `{"b64": "${bytesOf(value).toString('base64')}"}`;
  return Object.is(value, -0) ? '-0.0' : String(value);
};

function nested(texts: readonly string[], [size, ...inner]: readonly number[]): string {
  if (size === undefined) return texts[0] ?? '';
  const width = inner.reduce((product, each) => product * each, 1);
  const parts = Array.from({ length: size }, (_, at) =>
    nested(texts.slice(at * width, (at + 1) * width), inner),
  );
  return `[${parts.join(',')}]`;
}

/** What the nesting shows; where nothing does, below an empty list, the shape that was expected. */
function shapeOf(value: unknown, expected: readonly number[]): readonly number[] {
  const shape: number[] = [];
  for (let level = value; Array.isArray(level); level = (level as unknown[])[0]) shape.push(level.length);
  return shape.at(-1) === 0 ? [...shape, ...expected.slice(shape.length)] : shape;
}

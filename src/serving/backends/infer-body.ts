import { parseExactly, parseJson } from '../../kernel/json/exact-json';
import { firstOtherBytes } from '../../kernel/tensors/bytes-element';
import { DATATYPES, isFloating, type Tensor } from '../../kernel/tensors/tensor';
import { tensorBytes } from '../../kernel/tensors/tensor-bytes';
import type { TensorInput } from '../../kernel/tensors/tensor-input';
import type { Sequence } from '../execution/sequence';
import { jsonValues } from '../values/json-values';
import { answerTensors } from './answer-tensors';
import { isObject, jsonObject, type Json } from './bounded-json';
import type { HttpAnswer } from './http-call';
import { RemoteFailure } from './remote-failure';
import type { RemoteQuestion } from './remote-inference';
import { listIn, textIn } from './remote-spec';

const JSON_LENGTH = 'inference-header-content-length';
/** Datatypes that the protocol has no JSON form for. */
const ONLY_BYTES: readonly string[] = ['FP16', 'BF16'];
const FLOATING: ReadonlySet<string> = new Set(DATATYPES.filter(isFloating));

export interface InferBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly pieces: readonly Uint8Array[];
}

/** A question with the values as bytes after the JSON, and bytes wanted back: exact for everything. */
export function binaryBody({ inputs, outputs = [], sequence }: RemoteQuestion): InferBody {
  const values = inputs.map(({ data }) => tensorBytes(data));
  const parameters = parameterTexts(sequence);
  if (outputs.length === 0) parameters.push('"binary_data_output":true');
  const wanted = outputs.map((name) => ({ name, parameters: { binary_data: true } }));
  const tensors = inputs.map(({ name, datatype, shape }, index) => ({
    ...{ name, datatype, shape },
    parameters: { binary_data_size: values[index]?.length ?? 0 },
  }));
  const rest = JSON.stringify({ ...(outputs.length > 0 && { outputs: wanted }), inputs: tensors }).slice(1);
  const json = Buffer.from(`{${objectMember('parameters', parameters)}${rest}`);
  return {
    headers: { 'content-type': 'application/octet-stream', [JSON_LENGTH]: String(json.length) },
    pieces: [json, ...values],
  };
}

/** A question for servers that take JSON only. @throws RemoteFailure for values that JSON has no form for */
export function jsonBody({ inputs, outputs = [], sequence }: RemoteQuestion): InferBody {
  const names = outputs.map((name) => `{"name":${JSON.stringify(name)}}`);
  const wanted = names.length === 0 ? '' : `,"outputs":[${names.join(',')}]`;
  const parameters = objectMember('parameters', parameterTexts(sequence));
  const text = `{${parameters}"inputs":[${inputs.map(inputText).join(',')}]${wanted}}`;
  return { headers: { 'content-type': 'application/json' }, pieces: [Buffer.from(text)] };
}

/** By hand: an id may have more digits than a number keeps. */
function parameterTexts(sequence: Sequence | undefined): string[] {
  if (!sequence) return [];
  const { id, start, end } = sequence;
  const idText = typeof id === 'string' ? JSON.stringify(id) : String(id);
  return [`"sequence_id":${idText}`, `"sequence_start":${start}`, `"sequence_end":${end}`];
}

/** With a comma after it; nothing where it would be empty. */
const objectMember = (name: string, members: readonly string[]): string =>
  members.length === 0 ? '' : `"${name}":{${members.join(',')}},`;

/**
 * For servers that take texts only.
 *
 * @param why the rest of the sentence
 * @throws RemoteFailure where an element is none
 */
export function refuseOtherBytes({ name, data }: Tensor, why: string): void {
  const place = firstOtherBytes(data);
  if (place !== -1)
    throw new RemoteFailure(
      'refused',
      `Input “${name}” holds bytes that are not UTF-8 in element ${place}, ${why}`,
    );
}
const NO_BYTES = 'which travel as bytes only, and the remote does not list binary_tensor_data.';

function inputText(tensor: Tensor): string {
  const { name, datatype, shape, data } = tensor;
  if (ONLY_BYTES.includes(datatype))
    throw new RemoteFailure(
      'refused',
      `Input “${name}” is ${datatype}, which travels as bytes only, and the remote does not list binary_tensor_data.`,
    );
  refuseOtherBytes(tensor, NO_BYTES);
  const isWide = datatype === 'INT64' || datatype === 'UINT64';
  const values = isWide ? `[${(data as BigInt64Array).join(',')}]` : jsonValues(tensor);
  return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}],"data":${values}}`;
}

/**
 * The tensors of an answer: in JSON, as bytes after it, or mixed.
 *
 * @throws RemoteFailure where it is no answer of the protocol
 */
export function readInferAnswer({ headers, body }: HttpAnswer): readonly Tensor[] {
  const told = headers[JSON_LENGTH];
  const jsonLength = told === undefined ? body.length : Number(told);
  if (!Number.isInteger(jsonLength) || jsonLength < 0 || jsonLength > body.length)
    throw new RemoteFailure(
      'broken',
      'The remote’s Inference-Header-Content-Length is not that of its JSON.',
    );
  const parse = (text: string) => (text.includes('INT64') ? parseExactly(text) : parseJson(text));
  const json = jsonObject(body.subarray(0, jsonLength), parse);
  let at = jsonLength;
  const outputs = listIn(json, 'outputs').map((output, index): TensorInput => {
    if (!isObject(output)) throw new RemoteFailure('broken', 'The remote’s “outputs” are no tensors.');
    const head = {
      name: textIn(output, 'name'),
      datatype: textIn(output, 'datatype'),
      shape: listIn(output, 'shape'),
    };
    const size = sizeOf(output);
    if (size === null) return { ...head, data: valuesOf(output, index) };
    if (!Number.isSafeInteger(size) || size < 0 || at + size > body.length)
      throw new RemoteFailure(
        'broken',
        `The remote’s outputs[${index}] says that it has bytes that did not come.`,
      );
    at += size;
    return { ...head, bytes: body.subarray(at - size, at) };
  });
  if (at < body.length)
    throw new RemoteFailure('broken', `The remote sent ${body.length - at} bytes that belong to no output.`);
  try {
    return answerTensors(outputs);
  } catch (error) {
    throw outputs.some(saysNull) ? noNumber() : error;
  }
}

const saysNull = ({ datatype, data }: TensorInput): boolean =>
  FLOATING.has(datatype) && data !== undefined && data.flat(Infinity).includes(null);

/** Nothing is wrong with such a server, and the same answer can be had as bytes. */
const noNumber = () =>
  new RemoteFailure(
    'refused',
    'The remote answered null in place of a number, which is how some servers write NaN and infinity alike in JSON: ask it over gRPC, which says which one it is.',
  );

const sizeOf = ({ parameters }: Json): number | null =>
  isObject(parameters) && parameters.binary_data_size !== undefined
    ? Number(parameters.binary_data_size)
    : null;

function valuesOf({ data }: Json, index: number): readonly unknown[] {
  if (Array.isArray(data)) return data as readonly unknown[];
  throw new RemoteFailure('broken', `The remote’s outputs[${index}] has no list “data”.`);
}

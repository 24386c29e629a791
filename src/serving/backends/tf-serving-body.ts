import { base64Of } from '../../kernel/tensors/binary-text';
import { nestedText } from '../../kernel/tensors/nested-text';
import { readNested } from '../../kernel/tensors/nested-values';
import { parseNumberJson } from '../../kernel/json/number-json';
import type { Tensor, TensorSpec } from '../../kernel/tensors/tensor';
import { valueToJson } from '../values/tensor-json';
import { answerTensors } from './answer-tensors';
import { isObject, jsonObject } from './bounded-json';
import { RemoteFailure } from './remote-failure';

/** `{"signature_name": …, "inputs": {…}}`: whole tensors by name, since not every model has rows. */
export function predictBody(signature: string, inputs: readonly Tensor[]): Buffer {
  const members = inputs.map((input) => {
    const values = nestedText(valueTexts(input), input.shape, 0);
    return `${JSON.stringify(input.name)}:${values}`;
  });
  return Buffer.from(`{"signature_name":${JSON.stringify(signature)},"inputs":{${members.join(',')}}}`);
}

/** As TensorFlow Serving reads them: digits of any length, and bare words for what JSON has no number for. */
function valueTexts({ datatype, data }: Tensor): string[] {
  const texts = new Array<string>(data.length);
  for (let index = 0; index < data.length; index += 1) {
    const value = data[index];
    if (typeof value === 'string' || value instanceof Uint8Array)
      texts[index] = JSON.stringify(base64Of(value));
    else if (typeof value === 'bigint') texts[index] = String(value);
    else texts[index] = numberText(valueToJson(datatype, value));
  }
  return texts;
}

function numberText(value: unknown): string {
  return value === '-0' ? '-0.0' : String(value);
}

/**
 * `{"outputs": …}`: the bare value where the signature has one output, else an object by output.
 *
 * @param outputs what the signature declares: the answer names no datatype
 * @throws RemoteFailure where it is no such answer
 */
export function readPredictAnswer(body: Uint8Array, outputs: readonly TensorSpec[]): readonly Tensor[] {
  const wideIntegers = outputs.some(({ datatype }) => datatype.endsWith('INT64'));
  const { outputs: answer } = jsonObject(body, (text) => parseNumberJson(text, { wideIntegers }));
  if (answer === undefined) throw new RemoteFailure('broken', 'The remote’s answer has no “outputs”.');
  const values = outputs.length === 1 ? [answer] : outputs.map(({ name }) => memberOf(answer, name));
  const tensors = outputs.map((spec, index) => {
    const placeOf = (indices: readonly number[]) =>
      `outputs.${spec.name}${indices.map((at) => `[${at}]`).join('')}`;
    const read = readNested({ spec, value: values[index], placeOf }, true);
    if (read.ok) return read.tensor;
    const { path, expected, actual } = read.issue;
    throw new RemoteFailure('broken', `The remote’s answer: ${path}: expected ${expected}, got ${actual}.`);
  });
  return answerTensors(tensors);
}

function memberOf(answer: unknown, name: string): unknown {
  if (isObject(answer) && Object.hasOwn(answer, name)) return answer[name];
  throw new RemoteFailure('broken', `The remote’s answer has no output “${name}”.`);
}

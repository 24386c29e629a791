import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { foreignMember, type TensorInput } from '../../kernel/tensors/tensor-input';
import type { PredictRequest } from '../predictions/prediction';

/** What is to be asked before anybody does: a question, or what is wrong with it. */
export interface WarmQuestion {
  /** Where it comes from, for people. */
  readonly place: string;
  readonly question: Pick<PredictRequest, 'rows' | 'inputs' | 'outputs'> | { readonly problem: string };
}

/** Largest file of questions, in bytes: a cache by default holds as much, and a line is never longer. */
export const MAX_FILE_BYTES = 64 * 1024 ** 2;

const EXPECTED = 'expected {"rows": [{…}]} or {"inputs": [{name, datatype, shape, data}]}';

/**
 * Questions of a file: one JSON object a line, as the input of `predict` has them.
 *
 * @param bytes UTF-8; destroyed at the end, also where nobody reads on
 */
export async function* questionsOfFile(bytes: Readable): AsyncGenerator<WarmQuestion> {
  const lines = createInterface({ input: bytes, crlfDelay: Infinity });
  let number = 0;
  try {
    for await (const line of lines) {
      number += 1;
      if (line.trim() !== '') yield { place: `line ${number}`, question: questionOf(line) };
    }
  } finally {
    lines.close();
    bytes.destroy();
  }
}

function questionOf(line: string): WarmQuestion['question'] {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { problem: `${EXPECTED}, got what is not JSON` };
  }
  if (!isObject(value)) return { problem: `${EXPECTED}, got something else` };
  const { rows, inputs, outputs } = value;
  if (!isAbsent(outputs) && !(Array.isArray(outputs) && outputs.every((name) => typeof name === 'string')))
    return { problem: 'outputs: expected a list of names' };
  const wanted = isAbsent(outputs) ? null : (outputs as string[]);
  if (isListOf(rows, isObject) && isAbsent(inputs)) return { rows, outputs: wanted };
  if (isListOf(inputs, isTensor) && isAbsent(rows)) return { inputs, outputs: wanted };
  return { problem: EXPECTED };
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isListOf = <Item>(value: unknown, isItem: (item: unknown) => item is Item): value is Item[] =>
  Array.isArray(value) && value.every(isItem);

function isTensor(value: unknown): value is TensorInput {
  if (!isObject(value)) return false;
  const { name, datatype, shape, data, base64 } = value;
  const isNamed = typeof name === 'string' && typeof datatype === 'string' && Array.isArray(shape);
  const hasValues = Array.isArray(data) !== (typeof base64 === 'string');
  return isNamed && hasValues && foreignMember(value) === undefined;
}

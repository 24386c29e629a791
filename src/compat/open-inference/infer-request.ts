import { isUtf8 } from 'node:buffer';
import { isRounded, parseExactly, parseJson } from '../../kernel/json/exact-json';
import { InputCheck } from '../../kernel/input-check';
import type { TensorInput } from '../../kernel/tensors/tensor-input';
import type { Priority, Sequence } from '../../serving/serving';
import { classCountOf, NO_CLASSES } from './classification';
import { knownHeader } from './known-headers';
import {
  checkOnce,
  describeJson,
  flagOf,
  isAbsent,
  isObject,
  parametersOf,
  priorityOf,
  routingKeyOf,
  timeoutMsOf,
  type Json,
} from './parameters';
import { Refused, refusedBecause } from './refused';
import type { InferBody } from './request-body';
import { sequenceOf } from './sequence';

/** Inputs and outputs of one request that are looked at: many times what any model has. */
const MAX_TENSORS = 1_000;

/** An inference as it was asked for; whether it fits the model is checked where all doors meet. */
export interface InferRequest {
  /** To be said again in the answer; null where there is none. */
  readonly id: string | null;
  readonly inputs: readonly TensorInput[];
  /** Null: all. */
  readonly outputs: readonly string[] | null;
  /** Outputs that are to come as bytes, or not, whatever holds for the others. */
  readonly binary: ReadonlyMap<string, boolean>;
  /** What holds for the others. */
  readonly binaryElse: boolean;
  /** Outputs of which only so many classes are wanted, the best first. */
  readonly classes: ReadonlyMap<string, number>;
  readonly timeoutMs: number | null;
  readonly priority: Priority | null;
  readonly routingKey: string | null;
  readonly sequence: Sequence | null;
  /** All that was said beside the question, by name. */
  readonly parameters: Json;
}

export function readInferRequest(body: InferBody): InferRequest | Refused {
  const { bytes, jsonLength } = body;
  const header = jsonLength === null ? bytes : bytes.subarray(0, jsonLength);
  const known = jsonLength === null ? undefined : knownHeader(header);
  if (known !== undefined) return requestIn(known, body, () => header.toString());
  if (!isUtf8(header)) return notJson('it is not UTF-8', body);
  const text = header.toString();
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (error) {
    return notJson((error as SyntaxError).message, body);
  }
  if (!isObject(json)) return new Refused(400, `Expected an object with inputs, got ${describeJson(json)}.`);
  return requestIn(json, body, () => text);
}

function requestIn(json: Json, body: InferBody, text: () => string): InferRequest | Refused {
  const check = new InputCheck();
  let exact: Json | undefined; // once, however many inputs want it: it is all of the body
  try {
    const request = requestOf(json, body, check, () => (exact ??= parseExactly(text()) as Json));
    const error = check.result();
    return error ? refusedBecause(error) : request;
  } catch (error) {
    // It reads less than the engine's parser does: no number of more than 1,000 characters, say.
    if (error instanceof SyntaxError) return notJson(error.message, body);
    throw error;
  }
}

function notJson(why: string, { jsonLength }: InferBody): Refused {
  const what =
    jsonLength === null
      ? 'The body is not JSON (where bytes of tensors follow it, Inference-Header-Content-Length must say so)'
      : `The first ${jsonLength} bytes of the body, as Inference-Header-Content-Length says, are not JSON`;
  return new Refused(400, `${what}: ${why}.`);
}

function requestOf(json: Json, body: InferBody, check: InputCheck, exactly: () => Json): InferRequest {
  const parameters = parametersOf(json, 'parameters', check);
  const wishes = listOf(json, 'outputs', check);
  checkOnce(wishes, check);
  return {
    id: idOf(json, check),
    inputs: inputsOf(listOf(json, 'inputs', check), body, check, exactly),
    outputs: wishes.length === 0 ? null : wishes.map(({ name }) => name as string),
    binary: binaryWishes(wishes, check),
    classes: classWishes(wishes, check),
    binaryElse: flagOf(parameters, 'binary_data_output', 'parameters', check) ?? false,
    timeoutMs: timeoutMsOf(parameters.timeout, 'parameters.timeout', check),
    priority: priorityOf(parameters.priority, 'parameters.priority', check),
    routingKey: routingKeyOf(parameters.routing_key, 'parameters.routing_key', check),
    sequence: sequenceOf(parameters, check),
    parameters,
  };
}

function idOf({ id }: Json, check: InputCheck): string | null {
  if (isAbsent(id) || typeof id === 'string') return id ?? null;
  check.add('id', 'a text', describeJson(id));
  return null;
}

/** Objects with a name. */
function listOf(json: Json, key: 'inputs' | 'outputs', check: InputCheck): readonly Json[] {
  const list = json[key] ?? [];
  if (!Array.isArray(list) || list.length > MAX_TENSORS) {
    check.add(
      key,
      `a list of at most ${MAX_TENSORS}`,
      Array.isArray(list) ? String(list.length) : describeJson(list),
    );
    return [];
  }
  return list.filter((item: unknown, index): item is Json => {
    const isNamed = isObject(item) && typeof item.name === 'string';
    if (!isObject(item)) check.add(`${key}[${index}]`, 'an object with a name', describeJson(item));
    else if (!isNamed) check.add(`${key}[${index}].name`, 'a text', describeJson(item.name));
    return isNamed;
  });
}

function binaryWishes(wishes: readonly Json[], check: InputCheck): ReadonlyMap<string, boolean> {
  const binary = new Map<string, boolean>();
  wishes.forEach((wish, index) => {
    const path = `outputs[${index}]`;
    const parameters = parametersOf(wish, `${path}.parameters`, check, 'classification');
    const flag = flagOf(parameters, 'binary_data', `${path}.parameters`, check);
    if (flag !== undefined) binary.set(wish.name as string, flag);
  });
  return binary;
}

/** How each output is wanted has been looked at before; here is only how many classes. */
function classWishes(wishes: readonly Json[], check: InputCheck): ReadonlyMap<string, number> {
  if (wishes.length === 0) return NO_CLASSES;
  const classes = new Map<string, number>();
  wishes.forEach(({ name, parameters }, index) => {
    const count = isObject(parameters)
      ? classCountOf(parameters, `outputs[${index}].parameters`, check)
      : null;
    if (count !== null) classes.set(name as string, count);
  });
  return classes;
}

/** The bytes of tensors follow the JSON in the order of the inputs that have a size. */
function inputsOf(
  inputs: readonly Json[],
  { bytes, jsonLength }: InferBody,
  check: InputCheck,
  exactly: () => Json,
): readonly TensorInput[] {
  let at = jsonLength ?? bytes.length;
  const tensors = inputs.map((input, index): TensorInput => {
    const path = `inputs[${index}]`;
    checkDescription(input, path, check);
    const { name, datatype, shape } = input as unknown as Described;
    const size = binarySizeOf(input, path, jsonLength !== null, check);
    if (size === null) return { name, datatype, shape, data: valuesOf(input, index, path, check, exactly) };
    if (!isAbsent(input.data))
      check.add(`${path}.data`, 'nothing beside binary_data_size', describeJson(input.data));
    if (at + size > bytes.length)
      check.add(
        `${path}.parameters.binary_data_size`,
        `at most the ${Math.max(0, bytes.length - at)} bytes that are left`,
        String(size),
      );
    const start = at;
    at += size;
    return { name, datatype, shape, bytes: bytes.subarray(start, at) };
  });
  if (at < bytes.length)
    check.add('inputs', 'binary_data_size for all bytes after the JSON', `${bytes.length - at} more bytes`);
  return tensors;
}

/** What an input is, where its check finds nothing. */
type Described = Pick<TensorInput, 'name' | 'datatype' | 'shape'>;

function checkDescription({ datatype, shape }: Json, path: string, check: InputCheck): void {
  if (typeof datatype !== 'string')
    check.add(`${path}.datatype`, 'a text such as FP32', describeJson(datatype));
  if (!Array.isArray(shape)) check.add(`${path}.shape`, 'a list of sizes', describeJson(shape));
}

/** Null: the values are in the JSON. */
function binarySizeOf(input: Json, path: string, hasBytes: boolean, check: InputCheck): number | null {
  const size = parametersOf(input, `${path}.parameters`, check).binary_data_size;
  if (isAbsent(size)) return null;
  const place = `${path}.parameters.binary_data_size`;
  if (!hasBytes) check.add(place, 'the header Inference-Header-Content-Length beside it', 'none');
  if (Number.isSafeInteger(size) && (size as number) >= 0) return size as number;
  check.add(place, 'a number of bytes', describeJson(size));
  return 0;
}

/** Integers of 64 bits are read again, digit by digit, where a double may have rounded them. */
function valuesOf(
  input: Json,
  index: number,
  path: string,
  check: InputCheck,
  exactly: () => Json,
): readonly unknown[] {
  const { data, datatype } = input;
  if (!Array.isArray(data)) {
    check.add(`${path}.data`, 'a list of values', describeJson(data));
    return [];
  }
  if ((datatype !== 'INT64' && datatype !== 'UINT64') || !isRounded(data)) return data;
  const exact = (exactly().inputs as readonly Json[])[index];
  return Array.isArray(exact?.data) ? exact.data : data;
}

import { invalidInput, refuse, type InvalidInput, type Refusal } from '../../kernel/errors';
import { InputCheck } from '../../kernel/input-check';
import { DATATYPES, elementCount } from '../../kernel/tensor';
import type { TensorInput } from '../../kernel/tensor-input';
import { MAX_TIMEOUT_MS, type PredictRequest } from '../../serving/serving';
import { readInferRequest, TooMuch, type InferInput, type InferRequest } from './grpc-infer-request';
import { readContents } from './grpc-tensor-contents';
import { parametersOf, priorityOf, routingKeyOf, timeoutMsOf } from './parameters';

/** What `Serving.predict` is asked, but for who answers, and whom. */
type Question = Pick<
  PredictRequest,
  'inputs' | 'outputs' | 'parameters' | 'routingKey' | 'priority' | 'timeoutMs'
>;

const NO_BYTES = new Uint8Array(0);

export function parseInferRequest(
  message: Uint8Array,
): { readonly ok: true; readonly request: InferRequest } | Refusal<InvalidInput> {
  try {
    return { ok: true, request: readInferRequest(message) };
  } catch (error) {
    const expected = 'an encoded inference.ModelInferRequest';
    const issue = { path: 'message', expected, actual: `other bytes (${String(error)})` };
    return refuse(invalidInput([error instanceof TooMuch ? error.issue : issue]));
  }
}

/**
 * The question in a request.
 *
 * @param remainingMs until the deadline of the call; Infinity where it has none
 */
export function questionOf(
  request: InferRequest,
  remainingMs: number,
): { readonly ok: true; readonly question: Question } | Refusal<InvalidInput> {
  const check = new InputCheck();
  const { inputs, outputs, parameters } = request;
  inputs.forEach((input, index) =>
    parametersOf({ parameters: input.parameters }, `inputs[${index}].parameters`, check),
  );
  outputs.forEach((output, index) =>
    parametersOf({ parameters: output.parameters }, `outputs[${index}].parameters`, check),
  );
  parametersOf({ parameters }, 'parameters', check);
  const timeoutMs = timeoutMsOf(parameters.timeout, 'parameters.timeout', check);
  const question = {
    inputs: tensorsOf(request, check),
    outputs: outputs.length === 0 ? null : outputs.map(({ name }) => name),
    parameters,
    routingKey: routingKeyOf(parameters.routing_key, 'parameters.routing_key', check),
    priority: priorityOf(parameters.priority, 'parameters.priority', check),
    timeoutMs: soonerOf(timeoutMs, remainingMs),
  };
  const error = check.result();
  return error ? refuse(error) : { ok: true, question };
}

/** Null: the caller says nothing. Nobody waits longer than the server lets them. */
function soonerOf(timeoutMs: number | null, remainingMs: number): number | null {
  const soonerMs = Math.min(timeoutMs ?? Infinity, remainingMs);
  return soonerMs === Infinity ? null : Math.max(1, Math.min(soonerMs, MAX_TIMEOUT_MS));
}

/** Every tensor raw, or every tensor typed: the protocol has no mixture. */
function tensorsOf({ inputs, rawInputContents: raw }: InferRequest, check: InputCheck): TensorInput[] {
  if (raw.length === 0) return inputs.map((input, index) => typedTensor(input, `inputs[${index}]`, check));
  const typed = inputs.findIndex(({ contents }) => contents.length > 0);
  if (typed !== -1) check.add(`inputs[${typed}].contents`, 'none beside raw_input_contents', 'some');
  if (raw.length !== inputs.length)
    check.add('raw_input_contents', `${inputs.length}, one for each input`, String(raw.length));
  return inputs.map(({ name, datatype, shape }, index) => {
    const bytes = raw[index] ?? NO_BYTES;
    return { name, datatype, shape, bytes };
  });
}

function typedTensor(input: InferInput, path: string, check: InputCheck): TensorInput {
  const { name, datatype, shape, contents } = input;
  const known = DATATYPES.find((one) => one === datatype);
  const count = elementCount(shape);
  const withoutValues: TensorInput = { name, datatype, shape, bytes: NO_BYTES };
  // What no model takes is refused where it is compared with the model's.
  if (known === undefined || !Number.isSafeInteger(count) || count < 0) return withoutValues;
  if (known === 'FP16') {
    if (count > 0) check.add(`${path}.contents`, 'raw_input_contents, the only form of FP16', 'none');
    return withoutValues;
  }
  const values = readContents(contents, known, count);
  if (!values.ok) {
    check.add(`${path}.contents`, values.expected, values.actual);
    return withoutValues;
  }
  return 'data' in values
    ? { name, datatype, shape, data: values.data }
    : { name, datatype, shape, bytes: values.bytes };
}

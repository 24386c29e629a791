import { invalidInput, refuse, type InvalidInput, type Refusal } from '../../kernel/errors';
import { messageIssue } from '../../kernel/tensors/grpc-fields';
import { tensorsIn } from '../../kernel/tensors/grpc-tensors';
import { InputCheck } from '../../kernel/input-check';
import { MAX_TIMEOUT_MS, type PredictRequest } from '../../serving/serving';
import { wishesIn } from '../question-headers';
import { classCountOf } from './classification';
import { readInferRequest, type InferRequest } from './grpc-infer-request';
import { checkOnce, parametersOf, priorityOf, routingKeyOf, timeoutMsOf } from './parameters';
import { sequenceOf } from './sequence';

/** What `Serving.predict` is asked, but for who answers, and whom. */
type Question = Pick<
  PredictRequest,
  'inputs' | 'outputs' | 'parameters' | 'routingKey' | 'sequence' | 'priority' | 'timeoutMs'
>;

interface Asked {
  readonly ok: true;
  readonly question: Question;
  /** Outputs of which only so many classes are wanted, the best first. */
  readonly classes: ReadonlyMap<string, number>;
}

export function parseInferRequest(
  message: Uint8Array,
): { readonly ok: true; readonly request: InferRequest } | Refusal<InvalidInput> {
  try {
    return { ok: true, request: readInferRequest(message) };
  } catch (error) {
    return refuse(invalidInput([messageIssue(error, 'inference.ModelInferRequest')]));
  }
}

/**
 * The question in a request. What its parameters say goes before what the metadata of its call does.
 *
 * @param metadata the text of the call's metadata, by name
 * @param remainingMs from when the question came until the deadline of the call; Infinity where it has none
 */
export function questionOf(
  request: InferRequest,
  metadata: (name: string) => string | undefined,
  remainingMs: number,
): Asked | Refusal<InvalidInput> {
  const check = new InputCheck();
  const { inputs, outputs, parameters } = request;
  inputs.forEach((input, index) =>
    parametersOf({ parameters: input.parameters }, `inputs[${index}].parameters`, check),
  );
  checkOnce(outputs, check);
  const classes = new Map<string, number>();
  outputs.forEach((output, index) => {
    const path = `outputs[${index}].parameters`;
    const count = classCountOf(
      parametersOf({ parameters: output.parameters }, path, check, 'classification'),
      path,
      check,
    );
    if (count !== null) classes.set(output.name, count);
  });
  parametersOf({ parameters }, 'parameters', check);
  const timeoutMs = timeoutMsOf(parameters.timeout, 'parameters.timeout', check);
  const routingKey = routingKeyOf(parameters.routing_key, 'parameters.routing_key', check);
  const priority = priorityOf(parameters.priority, 'parameters.priority', check);
  const sequence = sequenceOf(parameters, check);
  const tensors = tensorsIn(inputs, request.rawInputContents, 'input', check);
  const error = check.result();
  if (error) return refuse(error);
  const wishes = wishesIn(metadata);
  if ('kind' in wishes) return refuse(wishes);
  const question = {
    inputs: tensors,
    outputs: outputs.length === 0 ? null : outputs.map(({ name }) => name),
    parameters,
    sequence,
    routingKey: routingKey ?? wishes.routingKey,
    priority: priority ?? wishes.priority,
    timeoutMs: soonerOf(timeoutMs ?? wishes.timeoutMs ?? null, remainingMs),
  };
  return { ok: true, question, classes };
}

/** Null: the caller says nothing. Nobody waits longer than the server lets them. */
function soonerOf(timeoutMs: number | null, remainingMs: number): number | null {
  const soonerMs = Math.min(timeoutMs ?? Infinity, remainingMs);
  return soonerMs === Infinity ? null : Math.max(1, Math.min(soonerMs, MAX_TIMEOUT_MS));
}

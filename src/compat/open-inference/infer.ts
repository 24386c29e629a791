import type { Actor } from '../../kernel/actor';
import { isCallerGone } from '../../kernel/http/http-caller';
import type { Exchange, HttpResponse } from '../../kernel/http/http-exchange';
import { headerOf } from '../../kernel/http/http-header';
import type { LargeMemory } from '../../kernel/large-memory';
import type { ModelVersion } from '../../registry/registry';
import { jsonGap, type ModelTarget, type Serving } from '../../serving/serving';
import { wishesIn } from '../question-headers';
import { NO_CLASSES, ranked } from './classification';
import { readInferRequest, type InferRequest } from './infer-request';
import { answerInference, isBinary } from './infer-response';
import { codingOf } from './packed-answer';
import { readRawRequest } from './raw-request';
import { answerRefused, Refused, refusedBecause } from './refused';
import { readInferBody, type InferBody } from './request-body';
import { untold } from './sequence';

const DOOR = 'open-inference-http';

/** Who answers, the question, the answer: in the protocol's words. */
export async function infer(
  { serving, memory }: { readonly serving: Serving; readonly memory: LargeMemory },
  { request, response }: Exchange,
  actor: Actor,
  { model, version }: { readonly model: string; readonly version: string | null },
): Promise<void> {
  const found = serving.targetOf(actor, model, version);
  const target = found instanceof Promise ? await found : found;
  if ('kind' in target) return answerRefused(response, refusedBecause(target));
  const read = readInferBody(request, memory);
  const body = read instanceof Promise ? await read : read; // nothing waits where nothing must
  if (body instanceof Refused) return answerMisread(serving, response, actor, target, body);
  const receivedAt = performance.now();
  const asked = requestIn(body, target.version);
  if (asked instanceof Refused) return answerMisread(serving, response, actor, target, asked);
  const headers = (name: string) => headerOf(request, name);
  const wishes = wishesIn(headers);
  if ('kind' in wishes) return answerMisread(serving, response, actor, target, refusedBecause(wishes));
  const result = await serving.predict(actor, {
    endpoint: target.endpoint,
    ref: target.ref,
    pinned: target.pinned,
    inputs: asked.inputs,
    outputs: asked.outputs,
    routingKey: asked.routingKey ?? wishes.routingKey,
    sequence: asked.sequence,
    parameters: asked.parameters,
    door: DOOR,
    receivedAt,
    headers,
    timeoutMs: asked.timeoutMs ?? wishes.timeoutMs,
    priority: asked.priority ?? wishes.priority,
    isAbandoned: () => isCallerGone(request),
  });
  if (!result.ok) return answerRefused(response, refusedBecause(result.error));
  const answeredAt = performance.now();
  const answer = ranked(result, asked.classes);
  if (!answer.ok) return answerRefused(response, refusedBecause(untold(answer.error, asked.sequence)));
  const gap = jsonGap(answer.outputs, 'parameters.binary_data true', (name) => !isBinary(asked, name));
  if (gap) return answerRefused(response, refusedBecause(untold(gap, asked.sequence)));
  answerInference(response, { model, request: asked, result: answer, coding: codingOf(request) });
  serving.encoded(result, DOOR, performance.now() - answeredAt);
  if (result.spent) memory.giveBack(body.bytes);
}

async function answerMisread(
  serving: Serving,
  response: HttpResponse,
  actor: Actor,
  target: ModelTarget,
  refused: Refused,
): Promise<void> {
  await serving.misread(actor, target, DOOR, refused.message);
  answerRefused(response, refused);
}

/** A body without any JSON is the values of the one input, and is answered likewise. */
function requestIn(body: InferBody, { signature }: ModelVersion): InferRequest | Refused {
  if (body.jsonLength !== 0) return readInferRequest(body);
  const input = readRawRequest(body.bytes, signature);
  if (input instanceof Refused) return input;
  return {
    id: null,
    inputs: [input],
    outputs: null,
    binary: new Map(),
    binaryElse: true,
    classes: NO_CLASSES,
    timeoutMs: null,
    priority: null,
    routingKey: null,
    sequence: null,
    parameters: {},
  };
}

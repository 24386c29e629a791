import type { Metadata } from '@grpc/grpc-js';
import type { Actor } from '../../kernel/actor';
import { refuse, type Refusal } from '../../kernel/errors';
import type { ModelInferResponse } from '../../kernel/generated/grpc_service_pb';
import type { PredictRefusal, Serving } from '../../serving/serving';
import { ranked } from './classification';
import { textOf } from './grpc-callers';
import type { InferRequest } from './grpc-infer-request';
import { inferResponse } from './grpc-infer-response';
import { questionOf } from './grpc-question';
import type { Turn } from './grpc-sequence-turns';
import { tornSequence, untold } from './sequence';

/** The call that a request came in. */
export interface CallFacts {
  readonly metadata: Metadata;
  /** On Date.now()'s clock; Infinity: the call has no deadline. */
  readonly deadlineAt: number;
  /** When the message was there, on performance.now()'s clock. */
  readonly receivedAt: number;
  /** Aborted where the caller has left. */
  readonly signal: AbortSignal;
  readonly turn: Turn;
}

export type Inferred = { readonly ok: true; readonly bytes: Buffer } | Refusal<PredictRefusal>;

const DOOR = 'open-inference-grpc';

/** Answers one `ModelInferRequest`, alone or of a stream. */
export async function infer(
  serving: Serving,
  actor: Actor,
  request: InferRequest,
  { metadata, deadlineAt, receivedAt, signal, turn: { waitedMs, isTorn } }: CallFacts,
  encode: (response: ModelInferResponse) => Buffer,
): Promise<Inferred> {
  const target = await serving.targetOf(actor, request.modelName, request.modelVersion || null);
  if ('kind' in target) return refuse(target);
  const headers = (name: string) => textOf(metadata, name);
  const remainingMs = deadlineAt - Date.now() + waitedMs; // since the question came, as its own timeout
  const asked = isTorn ? tornSequence(request.parameters) : questionOf(request, headers, remainingMs);
  if (!asked.ok) {
    await serving.misread(actor, target, DOOR, asked.error.message);
    return asked;
  }
  const { endpoint, ref, pinned } = target;
  const caller = { door: DOOR, receivedAt, waitedMs, headers, signal } as const;
  const result = await serving.predict(actor, { endpoint, ref, pinned, ...asked.question, ...caller });
  if (!result.ok) return result;
  const answeredAt = performance.now();
  const answer = ranked(result, asked.classes);
  if (!answer.ok) return refuse(untold(answer.error, asked.question.sequence));
  const bytes = encode(inferResponse(request, answer));
  serving.encoded(result, DOOR, performance.now() - answeredAt);
  return { ok: true, bytes };
}

import type { Metadata } from '@grpc/grpc-js';
import type { Actor } from '../../kernel/actor';
import { refuse, type Refusal } from '../../kernel/errors';
import type { ModelInferResponse } from '../../kernel/generated/grpc_service_pb';
import type { PredictRefusal, Serving } from '../../serving/serving';
import { textOf } from './grpc-callers';
import type { InferRequest } from './grpc-infer-request';
import { inferResponse } from './grpc-infer-response';
import { questionOf } from './grpc-question';

/** The call that a request came in. */
export interface CallFacts {
  readonly metadata: Metadata;
  /** On Date.now()'s clock; Infinity: the call has no deadline. */
  readonly deadlineAt: number;
  /** Aborted where the caller has left. */
  readonly signal: AbortSignal;
}

export type Inferred = { readonly ok: true; readonly response: ModelInferResponse } | Refusal<PredictRefusal>;

/** Answers one `ModelInferRequest`, alone or of a stream. */
export async function infer(
  serving: Serving,
  actor: Actor,
  request: InferRequest,
  { metadata, deadlineAt, signal }: CallFacts,
): Promise<Inferred> {
  const asked = questionOf(request, deadlineAt - Date.now());
  if (!asked.ok) return asked;
  const target = await serving.targetOf(actor, request.modelName, request.modelVersion || null);
  if ('kind' in target) return refuse(target);
  const { endpoint, ref } = target;
  const headers = (name: string) => textOf(metadata, name);
  const result = await serving.predict(actor, { endpoint, ref, ...asked.question, headers, signal });
  return result.ok ? { ok: true, response: inferResponse(request, result) } : result;
}

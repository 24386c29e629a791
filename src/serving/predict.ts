import { authorize } from '../auth/auth';
import type { Actor } from '../kernel/actor';
import { refuse } from '../kernel/errors';
import { newId } from '../kernel/ids';
import type { BatchAnswer } from './batch-request';
import type { Batcher } from './batcher';
import { refusalOf } from './predict-refusal';
import type { PredictionCache } from './prediction-cache';
import type { Observation, PredictionObserver, PredictRequest, PredictResult } from './prediction';
import { checkRequest, questionFor, type Question } from './question';
import { routeOf, type Route } from './route';
import { decodeRows } from './row-decoder';
import type { RoutingTable, RunningVariant } from './routing-table';
import type { ServedModel } from './served-model';

export interface PredictInput {
  readonly routing: RoutingTable;
  readonly cache: PredictionCache;
  readonly batcher: Batcher;
  readonly observer: PredictionObserver;
}

/** Every door ends here: who may ask, who answers, what is asked, the answer, and what is learnt from it. */
export async function predict(
  parts: PredictInput,
  actor: Actor,
  request: PredictRequest,
): Promise<PredictResult> {
  const startedAt = performance.now();
  authorize(actor, 'endpoint:predict');
  const wrong = checkRequest(request);
  if (wrong) return refuse(wrong);
  const route = await routeOf(parts.routing, actor, request);
  if ('kind' in route) return refuse(route);
  const question = questionFor(route.model, request);
  if (!question.ok) return observed(parts, actor, route, question, startedAt);
  const deadlineAt = startedAt + (request.timeoutMs ?? route.settings.timeoutMs);
  for (const shadow of route.endpoint?.shadows ?? []) askShadow(parts, actor, route, shadow, request);
  const result = await ask(parts, route, question, deadlineAt, startedAt, request.signal);
  return observed(parts, actor, route, result, startedAt);
}

async function ask(
  parts: PredictInput,
  route: Route,
  question: Question,
  deadlineAt: number,
  startedAt: number,
  signal?: AbortSignal,
): Promise<PredictResult> {
  const key = parts.cache.keyOf(route.model, question.inputs, question.outputs);
  const cached = key === null ? undefined : await parts.cache.get(key);
  if (cached)
    return answered(
      route,
      question,
      { outputs: cached, batchSize: 0, queueMs: 0, computeMs: 0 },
      true,
      startedAt,
    );
  try {
    const batch = await parts.batcher.submit(batchRequest(route.model, question, deadlineAt, signal));
    if (key !== null) await parts.cache.put(key, batch.outputs);
    return answered(route, question, batch, false, startedAt);
  } catch (error) {
    return refusalOf(error);
  }
}

const batchRequest = (
  { file, version }: ServedModel,
  { inputs, outputs }: Question,
  deadlineAt: number,
  signal: AbortSignal | undefined,
) => ({
  file,
  batchable: version.signature.batchable,
  inputs,
  ...(outputs && { outputs }),
  deadlineAt,
  signal,
});

function answered(
  route: Route,
  question: Question,
  batch: BatchAnswer,
  cached: boolean,
  startedAt: number,
): PredictResult {
  const { version } = route.model;
  const { outputs, batchSize, queueMs, computeMs } = batch;
  return {
    ok: true,
    predictionId: newId(),
    // An answer without a row for each row asked has no rows: its tensors say it all.
    rows: question.rowCount === null ? null : decodeRows(version.signature, outputs, question.rowCount),
    outputs,
    version,
    variant: route.endpoint?.variant.name ?? null,
    cached,
    batchSize,
    timing: { queueMs, computeMs, totalMs: performance.now() - startedAt },
  };
}

/** The caller neither waits for a shadow nor hears of it; its measurements say how it would have done. */
function askShadow(
  parts: PredictInput,
  actor: Actor,
  route: Route,
  shadow: RunningVariant,
  request: PredictRequest,
): void {
  const startedAt = performance.now();
  const shadowRoute: Route = {
    model: shadow.model,
    settings: route.settings,
    endpoint: route.endpoint && { ...route.endpoint, variant: shadow },
  };
  const question = questionFor(shadow.model, request);
  const result = question.ok
    ? ask(parts, shadowRoute, question, startedAt + route.settings.timeoutMs, startedAt)
    : Promise.resolve(question);
  result.then(
    (settled) => observed(parts, actor, shadowRoute, settled, startedAt),
    () => undefined, // a fault of ours: the same one reaches the caller through the variant that answers
  );
}

function observed(
  parts: PredictInput,
  actor: Actor,
  route: Route,
  result: PredictResult,
  startedAt: number,
): PredictResult {
  if (!route.endpoint) return result;
  const observation: Observation = {
    projectId: actor.projectId,
    endpointId: route.endpoint.id,
    variant: route.endpoint.variant.name,
    weight: route.endpoint.variant.weight,
    shadow: route.endpoint.variant.shadow,
    version: route.model.version,
    error: result.ok ? null : result.error.code,
    cached: result.ok && result.cached,
    batchSize: result.ok ? result.batchSize : 0,
    timing: result.ok ? result.timing : { queueMs: 0, computeMs: 0, totalMs: performance.now() - startedAt },
  };
  parts.observer.observe(observation);
  return result;
}

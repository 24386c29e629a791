import { newId } from '../kernel/ids';
import { ON_WORKERS } from './backends/backend';
import type { BatchAnswer, BatchRequest } from './batching/batch-request';
import type { EndpointCache } from './cache/cache-endpoint';
import { refusalOf } from './predict-refusal';
import type { PredictInput } from './predict-input';
import type { PredictionId, PredictRequest, PredictResult } from './prediction';
import type { Question } from './question';
import type { Route } from './routing/route';
import { decodeRows } from './values/row-decoder';

/** What of a request matters while it waits. */
interface Caller extends Pick<PredictRequest, 'signal' | 'isAbandoned' | 'priority'> {
  /** False where nobody really asks: the cache then counts nothing. Absent: true. */
  readonly isCounted?: boolean;
}

/** Where the endpoint remembers answers, one of an equal question; else the model's, as for each of a sequence. */
export function ask(
  parts: PredictInput,
  route: Route,
  question: Question,
  deadlineAt: number,
  startedAt: number,
  caller: Caller,
): Promise<PredictResult> {
  const cache = question.sequence ? null : parts.cache.of(route);
  return cache === null
    ? askModel(parts, route, question, deadlineAt, startedAt, caller)
    : askCache(parts, cache, route, question, deadlineAt, startedAt, caller);
}

async function askModel(
  parts: PredictInput,
  route: Route,
  question: Question,
  deadlineAt: number,
  startedAt: number,
  caller: Caller,
): Promise<PredictResult> {
  try {
    const batch = await parts.batcher.submit(batchRequest(route, question, deadlineAt, caller));
    return answered(route, question, batch, null, false, startedAt, isSpent(route, batch));
  } catch (error) {
    return refusalOf(error);
  }
}

async function askCache(
  parts: PredictInput,
  cache: EndpointCache,
  route: Route,
  question: Question,
  deadlineAt: number,
  startedAt: number,
  { isCounted = true, ...caller }: Caller,
): Promise<PredictResult> {
  try {
    const found = await cache.answer(
      { ...question, version: route.model.version },
      { deadlineAt, signal: caller.signal, priority: caller.priority, isCounted },
      () => parts.batcher.submit(batchRequest(route, question, deadlineAt, caller)),
    );
    return answered(route, question, found, found.ageMs, found.coalesced, startedAt, false);
  } catch (error) {
    return refusalOf(error);
  }
}

const batchRequest = (
  { model: { file, version }, settings }: Route,
  { inputs, outputs, sequence }: Question,
  deadlineAt: number,
  { signal, isAbandoned, priority }: Caller,
): BatchRequest => ({
  file,
  batchable: version.signature.batchable,
  sequence,
  policy: settings,
  inputs,
  outputs,
  deadlineAt,
  priority: priority ?? undefined,
  signal,
  isAbandoned,
});

function answered(
  route: Route,
  question: Question,
  batch: BatchAnswer,
  cacheAgeMs: number | null,
  coalesced: boolean,
  startedAt: number,
  spent: boolean,
): PredictResult {
  const { version } = route.model;
  const { outputs, batchSize, queueMs, computeMs } = batch;
  return {
    ok: true,
    predictionId: idFor(route),
    // An answer without a row for each row asked, or with what JSON cannot say, has no rows: its tensors say it all.
    rows: question.rowCount === null ? null : decodeRows(version.signature, outputs, question.rowCount),
    outputs,
    version,
    endpointId: route.endpoint?.id ?? null,
    variant: route.endpoint?.variant.name ?? null,
    cached: cacheAgeMs !== null,
    cacheAgeMs,
    coalesced,
    batchSize,
    ranOn: batch.ranOn ?? null,
    closed: batch.closed,
    timing: { queueMs, computeMs, totalMs: performance.now() - startedAt },
    spent,
  };
}

/**
 * A worker has read all of what it has answered, and one that died before is not written to any more. A cache, a shadow
 * or another server's connection may look at the values for longer.
 */
const isSpent = ({ endpoint }: Route, { ranOn }: BatchAnswer): boolean =>
  ranOn?.backend === ON_WORKERS && (endpoint?.shadows.length ?? 0) === 0;

/** What feedback finds the prediction by; one that was nobody's traffic has an id of its own, and nothing more. */
const idFor = ({ endpoint }: Route): PredictionId =>
  endpoint ? endpoint.variant.known.ids.next(endpoint.byRule ?? false) : newId<'prediction'>();

import { newId } from '../../kernel/ids';
import type { BatchAnswer, BatchRequest } from '../batching/batch-request';
import type { Batcher } from '../batching/batcher';
import type { CacheAnswer, EndpointCache } from '../cache/cache-endpoint';
import { ON_WORKERS } from '../execution/backend';
import type { PredictionId, PredictRequest, PredictResult } from '../predictions/prediction';
import type { Question } from '../predictions/question';
import type { Attempt } from '../routing/attempt';
import type { Route } from '../routing/route';
import { decodeRows } from '../values/row-decoder';
import type { PredictInput } from './predict-input';
import { refusalOf } from './predict-refusal';

/** Whoever it is for. */
type Try = Omit<Attempt, 'actor'>;

/** What of a request matters while it waits. */
interface Caller extends Pick<PredictRequest, 'signal' | 'isAbandoned' | 'priority'> {
  /** False where nobody really asks: the cache then counts nothing. Absent: true. */
  readonly isCounted?: boolean;
}

/** Where the endpoint remembers answers, one of an equal question; else the model's, as for each of a sequence. */
export function ask(
  { batcher, cache }: Pick<PredictInput, 'batcher' | 'cache'>,
  attempt: Try,
  question: Question,
  caller: Caller,
): Promise<PredictResult> {
  const memory = question.sequence ? null : cache.of(attempt.route.endpoint);
  return memory === null
    ? askModel(batcher, attempt, question, caller)
    : askCache(memory, batcher, attempt, question, caller);
}

async function askModel(
  batcher: Batcher,
  attempt: Try,
  question: Question,
  caller: Caller,
): Promise<PredictResult> {
  try {
    const batch = await batcher.submit(batchRequest(attempt, question, caller));
    return answered(attempt, question, batch, isSpent(attempt.route, batch));
  } catch (error) {
    return refusalOf(error);
  }
}

async function askCache(
  cache: EndpointCache,
  batcher: Batcher,
  attempt: Try,
  question: Question,
  { isCounted = true, ...caller }: Caller,
): Promise<PredictResult> {
  const { route, deadlineAt } = attempt;
  try {
    const found = await cache.answer(
      { ...question, version: route.model.version },
      { deadlineAt, signal: caller.signal, priority: caller.priority, isCounted },
      () => batcher.submit(batchRequest(attempt, question, caller)),
    );
    return answered(attempt, question, found, false);
  } catch (error) {
    return refusalOf(error);
  }
}

const batchRequest = (
  { route: { model, settings }, deadlineAt }: Try,
  { inputs, outputs, sequence }: Question,
  { signal, isAbandoned, priority }: Caller,
): BatchRequest => ({
  file: model.file,
  batchable: model.version.signature.batchable,
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
  { route, startedAt }: Try,
  question: Question,
  answer: BatchAnswer & Partial<CacheAnswer>,
  spent: boolean,
): PredictResult {
  const { version } = route.model;
  const { outputs, batchSize, queueMs, computeMs, ageMs: cacheAgeMs = null, coalesced = false } = answer;
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
    ranOn: answer.ranOn ?? null,
    closed: answer.closed,
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

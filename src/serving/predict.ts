import { authorize } from '../auth/auth';
import type { Actor } from '../kernel/actor';
import { refuse, type InvalidInput } from '../kernel/errors';
import { ask } from './asking/ask';
import { misread } from './asking/misread';
import type { PredictInput } from './asking/predict-input';
import { askShadows } from './asking/shadow-copies';
import type { AbsentModels } from './names/absent-models';
import type { PredictRequest, PredictResult } from './predictions/prediction';
import { checkRequest, questionFor } from './predictions/question';
import type { Attempt } from './routing/attempt';
import { detourOf, routeOf } from './routing/choose-route';
import type { Route } from './routing/route';
import { isVariantFailure } from './routing/variant-health';
import { observed } from './seen/observed';

/** Every door ends here: who may ask, who answers, what is asked, the answer, and what is learnt from it. */
export async function predict(
  parts: PredictInput,
  actor: Actor,
  request: PredictRequest,
  absent: Pick<AbsentModels, 'explainTarget'>,
): Promise<PredictResult> {
  const startedAt = performance.now();
  authorize(actor, 'endpoint:predict');
  const wrong = checkRequest(request);
  if (wrong) return refuseUnasked(parts, actor, request, wrong);
  const found = routeOf(parts.routing, actor, request);
  const route = found instanceof Promise ? await found : found; // nothing waits where nothing must
  if (!route) return refuse(await absent.explainTarget(actor, request));
  if ('kind' in route) return refuseUnasked(parts, actor, request, route);
  const attempt = { actor, route, startedAt, deadlineAt: startedAt + leftMs(request, route) };
  const result = await askAlong(parts, attempt, request);
  if (request.sequence || !isVariantFailure(result)) return result;
  return askInstead(parts, attempt, request, result);
}

/** A caller's own time runs while the question waits in its door; the endpoint's is for the answer alone. */
const leftMs = ({ timeoutMs, waitedMs = 0 }: PredictRequest, { settings }: Route): number =>
  timeoutMs === null || timeoutMs === undefined ? settings.timeoutMs : timeoutMs - waitedMs;

/** Nobody answers such a question; it is counted where it is known for whom it was meant. */
async function refuseUnasked(
  parts: PredictInput,
  actor: Actor,
  { endpoint = null, ref = null, pinned = null, door = 'graphql' }: PredictRequest,
  wrong: InvalidInput,
): Promise<PredictResult> {
  const namesOne = (endpoint === null) !== (ref === null);
  if (namesOne) await misread(parts, actor, { endpoint, ref, pinned }, door, wrong.message);
  return refuse(wrong);
}

/** One try: the question in the variant's own terms, its answer, and the shadows' copies, which go after it. */
async function askAlong(
  parts: PredictInput,
  attempt: Attempt,
  request: PredictRequest,
): Promise<PredictResult> {
  const question = questionFor(attempt.route.model, request);
  if (!question.ok) return observed(parts, attempt, request, 0, question);
  const answer = ask(parts, attempt, question, request);
  if (!request.sequence) askShadows(parts, attempt, request, answer);
  return observed(parts, attempt, request, question.modelRows, await answer);
}

/** A prediction outside a sequence changes nothing, so that another variant may be asked: once, in the time left. */
async function askInstead(
  parts: PredictInput,
  failed: Attempt,
  request: PredictRequest,
  refusal: PredictResult,
): Promise<PredictResult> {
  const { actor, deadlineAt } = failed;
  const startedAt = performance.now();
  const route = startedAt < deadlineAt ? detourOf(parts.routing, actor, failed.route, request) : null;
  const again = { ...request, receivedAt: undefined }; // it is read once
  const result = route && (await askAlong(parts, { actor, route, startedAt, deadlineAt }, again));
  if (!result?.ok) return refusal;
  const timing = { ...result.timing, totalMs: performance.now() - failed.startedAt };
  return { ...result, timing, spent: false }; // the first try may still be on its way
}

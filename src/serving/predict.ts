import { authorize } from '../auth/auth';
import type { Actor } from '../kernel/actor';
import { refuse, type InvalidInput } from '../kernel/errors';
import type { AbsentModels } from './absent-models';
import { ask } from './ask';
import { misread } from './misread';
import { observed } from './seen/observed';
import type { PredictRequest, PredictResult } from './prediction';
import { checkRequest, questionFor } from './question';
import type { Route } from './routing/route';
import { detourOf, routeOf } from './routing/choose-route';
import { askShadows } from './routing/shadow-copies';
import { isVariantFailure } from './routing/variant-health';
import type { PredictInput } from './predict-input';

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
  const deadlineAt = startedAt + leftMs(request, route);
  const result = await askAlong(parts, actor, route, request, deadlineAt, startedAt);
  if (request.sequence || !isVariantFailure(result)) return result;
  return askInstead(parts, actor, route, request, deadlineAt, { result, startedAt });
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
  actor: Actor,
  route: Route,
  request: PredictRequest,
  deadlineAt: number,
  startedAt: number,
): Promise<PredictResult> {
  const question = questionFor(route.model, request);
  if (!question.ok) return observed(parts, actor, route, question, 0, startedAt, request);
  const answer = ask(parts, route, question, deadlineAt, startedAt, request);
  if (!request.sequence) askShadows(parts, actor, route, request, answer);
  return observed(parts, actor, route, await answer, question.modelRows, startedAt, request);
}

/** A prediction outside a sequence changes nothing, so that another variant may be asked: once, in the time left. */
async function askInstead(
  parts: PredictInput,
  actor: Actor,
  route: Route,
  request: PredictRequest,
  deadlineAt: number,
  failed: { readonly result: PredictResult; readonly startedAt: number },
): Promise<PredictResult> {
  const nowMs = performance.now();
  const detour = nowMs < deadlineAt ? detourOf(parts.routing, actor, route, request) : null;
  const again = { ...request, receivedAt: undefined }; // it is read once
  const result = detour && (await askAlong(parts, actor, detour, again, deadlineAt, nowMs));
  if (!result?.ok) return failed.result;
  const timing = { ...result.timing, totalMs: performance.now() - failed.startedAt };
  return { ...result, timing, spent: false }; // the first try may still be on its way
}

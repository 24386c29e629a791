import type { Actor } from '../../kernel/actor';
import { differenceOf } from './answer-difference';
import { ask } from '../ask';
import { bytesOf } from '../batching/batch-check';
import { observed } from '../seen/observed';
import type { PredictInput } from '../predict-input';
import type { PredictRequest, PredictResult, PredictSuccess } from '../prediction';
import type { ShadowOutcome } from '../seen/observation';
import { questionFor } from '../question';
import type { Route } from './route';
import type { RunningVariant } from './running-endpoint';

/** Behind everybody who waits for an answer. */
const SHADOW = { priority: 'LOW', isCounted: false } as const;

/**
 * Gives each shadow its copy. The caller neither waits for a shadow nor hears of it: its measurements say how it would
 * have done, and what it answers is held against the caller's answer once both are there. A shadow that has its hands
 * full, or rests, gets no copy, and that is counted.
 */
export function askShadows(
  parts: PredictInput,
  actor: Actor,
  route: Route,
  request: PredictRequest,
  answer: Promise<PredictResult>,
): void {
  for (const shadow of route.endpoint?.shadows ?? []) askShadow(parts, actor, route, shadow, request, answer);
}

function askShadow(
  parts: PredictInput,
  actor: Actor,
  route: Route,
  shadow: RunningVariant,
  request: PredictRequest,
  answer: Promise<PredictResult>,
): void {
  const startedAt = performance.now();
  const { health, room } = shadow.known;
  const question = questionFor(shadow.model, request);
  const bytes = question.ok ? bytesOf(question.inputs) : 0;
  if (!health.mayTry(startedAt) || !room.enter(bytes)) return compared(parts, actor, route, shadow, null);
  const copy: Route = {
    model: shadow.model,
    settings: route.settings,
    endpoint: route.endpoint && { ...route.endpoint, variant: shadow, era: health.begin(startedAt) },
  };
  const asked = question.ok
    ? ask(parts, copy, question, startedAt + route.settings.timeoutMs, startedAt, SHADOW)
    : Promise.resolve(question);
  const { door, rows, inputs } = request; // how long it took to be read is measured with the caller's own
  const asAsked = { door, rows, inputs };
  const settled = asked.then((result) =>
    observed(parts, actor, copy, result, question.ok ? question.modelRows : 0, startedAt, asAsked),
  );
  Promise.all([answer, settled])
    .then(([live, other]) => {
      if (live.ok && other.ok) compared(parts, actor, route, shadow, { live, other });
    })
    .catch(() => undefined) // a fault of ours: the same one reaches the caller through the variant that answers
    .finally(() => room.leave(bytes));
}

function compared(
  { shadowObserver }: PredictInput,
  { projectId }: Actor,
  { endpoint, model }: Route,
  shadow: RunningVariant,
  answers: { readonly live: PredictSuccess; readonly other: PredictSuccess } | null,
): void {
  if (!endpoint) return;
  const outcome: ShadowOutcome = {
    projectId,
    endpointId: endpoint.id,
    variant: shadow.name,
    versionId: shadow.model.version.id,
    liveVariant: endpoint.variant.name,
    liveVersionId: model.version.id,
    difference:
      answers &&
      differenceOf(
        { signature: model.version.signature, outputs: answers.live.outputs },
        { signature: shadow.model.version.signature, outputs: answers.other.outputs },
      ),
  };
  shadowObserver.compare(outcome);
}

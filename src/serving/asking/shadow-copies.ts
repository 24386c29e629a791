import { bytesOf } from '../batching/batch-check';
import type { PredictRequest, PredictResult, PredictSuccess } from '../predictions/prediction';
import { questionFor } from '../predictions/question';
import { differenceOf } from '../routing/answer-difference';
import type { Attempt } from '../routing/attempt';
import type { RunningVariant } from '../routing/running-endpoint';
import type { ShadowOutcome } from '../seen/observation';
import { observed } from '../seen/observed';
import { ask } from './ask';
import type { PredictInput } from './predict-input';

/** Behind everybody who waits for an answer. */
const SHADOW = { priority: 'LOW', isCounted: false } as const;

/** What the caller was given, whose copy it is. */
type Live = Pick<Attempt, 'actor' | 'route'>;

/**
 * Gives each shadow its copy. The caller neither waits for a shadow nor hears of it: its measurements say how it would
 * have done, and what it answers is held against the caller's answer once both are there. A shadow that has its hands
 * full, or rests, gets no copy, and that is counted.
 */
export function askShadows(
  parts: PredictInput,
  live: Live,
  request: PredictRequest,
  answer: Promise<PredictResult>,
): void {
  for (const shadow of live.route.endpoint?.shadows ?? []) askShadow(parts, live, shadow, request, answer);
}

function askShadow(
  parts: PredictInput,
  live: Live,
  shadow: RunningVariant,
  request: PredictRequest,
  answer: Promise<PredictResult>,
): void {
  const startedAt = performance.now();
  const { health, room } = shadow.known;
  const question = questionFor(shadow.model, request);
  const bytes = question.ok ? bytesOf(question.inputs) : 0;
  if (!health.mayTry(startedAt) || !room.enter(bytes)) return compared(parts, live, shadow, null);
  const { endpoint, settings } = live.route;
  const era = health.begin(startedAt);
  const copy: Attempt = {
    actor: live.actor,
    route: { model: shadow.model, settings, endpoint: endpoint && { ...endpoint, variant: shadow, era } },
    startedAt,
    deadlineAt: startedAt + settings.timeoutMs,
  };
  const asked = question.ok ? ask(parts, copy, question, SHADOW) : Promise.resolve(question);
  const { door, rows, inputs } = request; // how long it took to be read is measured with the caller's own
  const settled = asked.then((result) =>
    observed(parts, copy, { door, rows, inputs }, question.ok ? question.modelRows : 0, result),
  );
  Promise.all([answer, settled])
    .then(([first, other]) => {
      if (first.ok && other.ok) compared(parts, live, shadow, { live: first, other });
    })
    .catch(() => undefined) // a fault of ours: the same one reaches the caller through the variant that answers
    .finally(() => room.leave(bytes));
}

function compared(
  { shadowObserver }: PredictInput,
  { actor: { projectId }, route: { endpoint, model } }: Live,
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

import type { Actor } from '../../kernel/actor';
import { invalidInput, shorten, type InvalidInput } from '../../kernel/errors';
import type { ProjectId } from '../../kernel/ids';
import { DEFAULT_SETTINGS } from '../endpoints/endpoint-settings';
import type { PredictRequest } from '../predictions/prediction';
import type { RoutingTable } from './routing-table';
import type { RunningEndpoint, RunningVariant } from './running-endpoint';
import { chooseInstead, choosePinned, chooseVariant, type Choice } from './variant-choice';
import type { Route } from './route';
import type { Sequence } from '../execution/sequence';

/**
 * Where a prediction goes: by endpoint, the version that is pinned, the one that its sequence has begun at, or its
 * rules and its strategy, at once; or straight to a version. Null: nowhere. Refused where its sequence cannot go on.
 */
export function routeOf(
  routing: RoutingTable,
  { projectId }: Actor,
  request: PredictRequest,
): Route | InvalidInput | null | Promise<Route | null> {
  const { endpoint, ref, pinned, sequence } = request;
  if (typeof endpoint !== 'string') return straightTo(routing, projectId, ref ?? '');
  const running = routing.endpoint(projectId, endpoint);
  if (!running) return null;
  const nowMs = performance.now();
  if (sequence && !pinned) return inSequence(routing, running, { ...request, sequence }, nowMs);
  if (!pinned)
    return routeTo(running, chooseVariant(running, request, nowMs, Math.random), nowMs, running.shadows);
  const choice = choosePinned(running, pinned.id, request, nowMs, Math.random);
  // Its variant leads elsewhere by now: the version answers by itself, as it would had it been asked a moment later.
  if (!choice) return straightTo(routing, projectId, pinned.ref);
  return routeTo(running, choice, nowMs, running.shadows);
}

/** Where it has begun, as long as a variant leads there. */
function inSequence(
  { sequences }: RoutingTable,
  running: RunningEndpoint,
  request: PredictRequest & { readonly sequence: Sequence },
  nowMs: number,
): Route | InvalidInput {
  const { sequence } = request;
  const begun = sequences.of(running.id, sequence);
  const choice = begun
    ? choosePinned(running, begun.versionId, request, nowMs, Math.random)
    : chooseVariant(running, request, nowMs, Math.random);
  if (!choice) return cutOff(running, sequence);
  const { byRule } = begun ?? choice;
  sequences.keep(running.id, sequence, { versionId: choice.variant.model.version.id, byRule });
  return routeTo(running, { ...choice, byRule }, nowMs, running.shadows);
}

const cutOff = ({ name }: RunningEndpoint, { id }: Sequence): InvalidInput =>
  invalidInput([
    {
      path: 'parameters.sequence_start',
      expected: `true, since the version that the sequence ${shorten(String(id))} has begun at answers behind the endpoint “${shorten(name)}” no more`,
      actual: 'a question that goes on with it',
    },
  ]);

async function straightTo(routing: RoutingTable, projectId: ProjectId, ref: string): Promise<Route | null> {
  const model = await routing.version(projectId, ref);
  return model && { model, settings: DEFAULT_SETTINGS, endpoint: null };
}

/**
 * To another variant, after the one of `route` has failed; null where there is none, and where the caller has asked for
 * that version and no other. Shadows have their copy already.
 */
export function detourOf(
  routing: RoutingTable,
  { projectId }: Actor,
  { endpoint }: Route,
  request: PredictRequest,
): Route | null {
  if (request.pinned) return null;
  const running = endpoint && routing.endpoint(projectId, request.endpoint ?? '');
  if (!running) return null;
  const nowMs = performance.now();
  const variant = chooseInstead(running, endpoint.variant, request, nowMs, Math.random);
  return variant && routeTo(running, { variant, byRule: false }, nowMs, NO_SHADOWS);
}

const NO_SHADOWS: readonly RunningVariant[] = [];

const routeTo = (
  { id, name, settings }: RunningEndpoint,
  { variant, byRule, isEarly }: Choice,
  nowMs: number,
  shadows: readonly RunningVariant[],
): Route => ({
  model: variant.model,
  settings,
  // Begun at once: whoever chooses in the same moment must see that the variant is being tried.
  endpoint: {
    id,
    name,
    variant,
    byRule,
    era: isEarly ? undefined : variant.known.health.begin(nowMs),
    shadows,
  },
});

import type { Actor } from '../../kernel/actor';
import type { ProjectId } from '../../kernel/ids';
import { DEFAULT_SETTINGS } from '../endpoint-settings';
import type { PredictRequest } from '../prediction';
import type { RoutingTable } from './routing-table';
import type { RunningEndpoint, RunningVariant } from './running-endpoint';
import { chooseInstead, choosePinned, chooseVariant, type Choice } from './variant-choice';
import type { Route } from './route';

/**
 * Where a prediction goes: by endpoint, the version that is pinned or its rules and its strategy, at once; or straight
 * to a version. Null: nowhere.
 */
export function routeOf(
  routing: RoutingTable,
  { projectId }: Actor,
  request: PredictRequest,
): Route | null | Promise<Route | null> {
  const { endpoint, ref, pinned } = request;
  if (typeof endpoint !== 'string') return straightTo(routing, projectId, ref ?? '');
  const running = routing.endpoint(projectId, endpoint);
  if (!running) return null;
  const nowMs = performance.now();
  if (!pinned)
    return routeTo(running, chooseVariant(running, request, nowMs, Math.random), nowMs, running.shadows);
  const choice = choosePinned(running, pinned.id, request, nowMs, Math.random);
  // Its variant leads elsewhere by now: the version answers by itself, as it would had it been asked a moment later.
  if (!choice) return straightTo(routing, projectId, pinned.ref);
  return routeTo(running, choice, nowMs, running.shadows);
}

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

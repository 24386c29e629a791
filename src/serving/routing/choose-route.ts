import type { Actor } from '../../kernel/actor';
import type { ProjectId } from '../../kernel/ids';
import { DEFAULT_SETTINGS } from '../endpoint-settings';
import type { PredictRequest } from '../prediction';
import type { RoutingTable } from './routing-table';
import type { RunningEndpoint, RunningVariant } from './running-endpoint';
import { chooseInstead, chooseVariant } from './variant-choice';
import type { Route } from './route';

/** Where a prediction goes: by endpoint, its rules and its strategy, at once; or straight to a version. Null: nowhere. */
export function routeOf(
  routing: RoutingTable,
  { projectId }: Actor,
  request: PredictRequest,
): Route | null | Promise<Route | null> {
  const { endpoint, ref } = request;
  if (typeof endpoint !== 'string') return straightTo(routing, projectId, ref ?? '');
  const running = routing.endpoint(projectId, endpoint);
  if (!running) return null;
  const nowMs = performance.now();
  const { variant, byRule } = chooseVariant(running, request, nowMs, Math.random);
  return routeTo(running, variant, nowMs, byRule, running.shadows);
}

async function straightTo(routing: RoutingTable, projectId: ProjectId, ref: string): Promise<Route | null> {
  const model = await routing.version(projectId, ref);
  return model && { model, settings: DEFAULT_SETTINGS, endpoint: null };
}

/** To another variant, after the one of `route` has failed; null where there is none. Shadows have their copy already. */
export function detourOf(
  routing: RoutingTable,
  { projectId }: Actor,
  { endpoint }: Route,
  request: PredictRequest,
): Route | null {
  const running = endpoint && routing.endpoint(projectId, request.endpoint ?? '');
  if (!running) return null;
  const nowMs = performance.now();
  const variant = chooseInstead(running, endpoint.variant, request, nowMs, Math.random);
  return variant && routeTo(running, variant, nowMs, false, NO_SHADOWS);
}

const NO_SHADOWS: readonly RunningVariant[] = [];

const routeTo = (
  { id, name, settings }: RunningEndpoint,
  variant: RunningVariant,
  nowMs: number,
  byRule: boolean,
  shadows: readonly RunningVariant[],
): Route => ({
  model: variant.model,
  settings,
  // Begun at once: whoever chooses in the same moment must see that the variant is being tried.
  endpoint: { id, name, variant, byRule, era: variant.known.health.begin(nowMs), shadows },
});

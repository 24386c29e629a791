import type { Actor } from '../kernel/actor';
import { notFound, type NotFound } from '../kernel/errors';
import type { EndpointId, Variant } from './endpoint';
import { DEFAULT_SETTINGS, type EndpointSettings } from './endpoint-settings';
import type { PredictRequest } from './prediction';
import type { RoutingTable, RunningVariant } from './routing-table';
import type { ServedModel } from './served-model';
import { pickVariant } from './traffic-split';

/** Which version answers, and on whose behalf. */
export interface Route {
  readonly model: ServedModel;
  /** The endpoint's; the defaults where a version was asked for by reference. */
  readonly settings: EndpointSettings;
  /** Null where a version was asked for by reference: such predictions are nobody's traffic. */
  readonly endpoint: {
    readonly id: EndpointId;
    readonly variant: Variant;
    readonly shadows: readonly RunningVariant[];
  } | null;
}

/** Where a prediction goes: by endpoint and weights, or straight to a version. */
export async function routeOf(
  routing: RoutingTable,
  { projectId }: Actor,
  { endpoint, ref, routingKey }: PredictRequest,
): Promise<Route | NotFound> {
  if (typeof endpoint === 'string') {
    const running = routing.endpoint(projectId, endpoint);
    if (!running) return notFound('endpoint that can answer', endpoint);
    const variant = pickVariant(running.variants, routingKey ?? null, Math.random());
    const { id, settings, shadows } = running;
    return { model: variant.model, settings, endpoint: { id, variant, shadows } };
  }
  const model = await routing.version(projectId, ref ?? '');
  return model ? { model, settings: DEFAULT_SETTINGS, endpoint: null } : notFound('model version', ref ?? '');
}

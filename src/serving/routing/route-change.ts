import type { Endpoint, Variant } from '../endpoints/endpoint';
import type { EndpointSettings } from '../endpoints/endpoint-settings';
import type { ServedModel } from '../predictions/served-model';
import type { InstanceLimits } from '../execution/backend';

/** An endpoint, and the version that each of its variants leads to, by name; one that leads nowhere is not there. */
export interface Routes {
  readonly endpoint: Endpoint;
  readonly models: ReadonlyMap<string, ServedModel>;
}

export const isSame = (one: Routes, other: Routes): boolean =>
  one.endpoint === other.endpoint &&
  one.models.size === other.models.size &&
  [...other.models].every(([name, model]) => one.models.get(name) === model);

/**
 * Where traffic goes while not all that was asked for is ready: a variant goes on with its former version; where a new
 * variant with traffic is not ready, the endpoint keeps its former variants and weights, each with its newest version
 * that is. An endpoint that is new begins with the variants that are ready, or with all where none is: their callers
 * wait for them, or hear why.
 *
 * @param before what took traffic until now
 */
export function routesInUse(
  asked: Routes,
  before: Routes | undefined,
  isReady: (model: ServedModel) => boolean,
): Routes {
  if (!canAnswer(asked) || [...asked.models.values()].every(isReady)) return asked;
  const models = new Map<string, ServedModel>();
  for (const [name, model] of asked.models) {
    const running = isReady(model) ? model : before?.models.get(name);
    if (running) models.set(name, running);
  }
  const inUse = { endpoint: asked.endpoint, models };
  const isComplete = withTraffic(asked).every(({ name }) => models.has(name));
  if (isComplete) return inUse;
  if (before && canAnswer(before)) return kept(before, inUse);
  return canAnswer(inUse) ? inUse : asked;
}

/** Settings are how an endpoint answers, not who: they need not wait. */
function kept(before: Routes, { endpoint: { settings }, models }: Routes): Routes {
  const newest = [...before.models].map(([name, model]) => [name, models.get(name) ?? model] as const);
  return { endpoint: { ...before.endpoint, settings }, models: new Map(newest) };
}

const canAnswer = (routes: Routes): boolean => withTraffic(routes).length > 0;

const withTraffic = ({ endpoint, models }: Routes) =>
  endpoint.variants.filter(({ name, shadow, weight }) => !shadow && weight > 0 && models.has(name));

/** A model that routes lead to, and the rows of the largest batch that it may be asked. */
export interface NeededModel {
  readonly model: ServedModel;
  readonly rows: number;
}

/** The models of those variants, each once. */
export function modelsOf(
  routes: Iterable<Routes>,
  isMeant: (variant: Variant) => boolean,
): readonly NeededModel[] {
  const needed = new Map<string, NeededModel>();
  for (const { endpoint, models } of routes) {
    for (const variant of endpoint.variants) {
      const model = isMeant(variant) ? models.get(variant.name) : undefined;
      if (!model) continue;
      const rows = Math.max(batchRows(model, endpoint.settings), needed.get(model.file.sha256)?.rows ?? 1);
      needed.set(model.file.sha256, { model, rows });
    }
  }
  return [...needed.values()];
}

/**
 * How many workers may hold each model, by its SHA-256, where all variants that lead to it say so: as many as the one
 * that wants most.
 */
export function instanceLimits(routes: Iterable<Routes>): InstanceLimits {
  const most = new Map<string, number>();
  for (const { endpoint, models } of routes)
    for (const { name, instances } of endpoint.variants) {
      const sha256 = models.get(name)?.file.sha256;
      if (sha256 !== undefined) most.set(sha256, Math.max(instances ?? Infinity, most.get(sha256) ?? 0));
    }
  return new Map([...most].filter(([, count]) => count !== Infinity));
}

/** 1 where rows of callers cannot share a run. */
export const batchRows = (
  { version }: ServedModel,
  { maxBatch }: Pick<EndpointSettings, 'maxBatch'>,
): number => (version.signature.batchable ? maxBatch : 1);

import { authorize } from '../../auth/auth';
import type { Actor } from '../../kernel/actor';
import type { InvalidInput, NotFound } from '../../kernel/errors';
import type { ModelVersion, Registry } from '../../registry/registry';
import type { AbsentModels } from './absent-models';
import { askableVersions } from './askable-versions';
import { isCalled, isVersionText, oneOf, type AskedVersion } from './asked-version';
import type { Backend } from '../execution/backend';
import { DEFAULT_SETTINGS, type EndpointSettings } from '../endpoints/endpoint-settings';
import type { RoutingTable } from '../routing/routing-table';
import { mainVariant, type RunningEndpoint } from '../routing/running-endpoint';
import { variantsWith } from '../routing/variant-choice';

/** Who answers under a name, as `predict` is asked, and the version whose signature callers see. */
export interface ModelTarget {
  /** Exactly one of `endpoint` and `ref`; the other is null. */
  readonly endpoint: string | null;
  readonly ref: string | null;
  /** The version that one of the endpoint's variants is to answer with; null: whichever variant is chosen. */
  readonly pinned: ModelVersion | null;
  readonly version: ModelVersion;
}

/** Null: nobody answers; a refusal where it is not clear who is meant. */
type Found = ModelTarget | InvalidInput | null;

/** What a protocol's “model”, and its version where one is given, mean here. */
export interface ModelAddress extends ModelTarget {
  /** As it was asked for. */
  readonly name: string;
  /** Of the same model, newest first; the newest `MAX_PAGE_SIZE`. */
  readonly versions: readonly ModelVersion[];
  /** The variant that a pinned version is asked of; null where none is pinned. */
  readonly variant: string | null;
  /** How it is batched and bounded: as the endpoint is; by the defaults where a version is asked by itself. */
  readonly settings: EndpointSettings;
  /** Workers that may hold it, at most; null: all. */
  readonly instances: number | null;
  /** Whether a question would be answered now. */
  readonly ready: boolean;
  /** Why not; null where it would be. */
  readonly notReady: string | null;
}

/**
 * Other protocols know models by one name: here it is an endpoint's, else a model reference (`fraud`, `fraud@2.1.0`).
 * A version is asked for by its number or its ordinal. Of an endpoint that is the version of one of its variants, and
 * the question is the endpoint's; what no variant leads to answers by itself, as if it had been asked by its reference.
 */
export class ModelAddresses {
  constructor(
    private readonly needs: {
      readonly routing: RoutingTable;
      readonly registry: Registry;
      readonly absent: AbsentModels;
      readonly backend: Backend;
    },
  ) {}

  async addressOf(
    actor: Actor,
    name: string,
    version: string | null,
  ): Promise<ModelAddress | NotFound | InvalidInput> {
    authorize(actor, 'platform:read');
    const target = await this.find(actor, name, version);
    if (!target) return this.needs.absent.explainName(actor, name, version);
    if (isRefusal(target)) return target;
    const versions = await askableVersions(this.needs.registry, actor, target.version.modelId);
    const notReady = this.needs.backend.whyNot(target.version.sha256);
    const endpoint = target.endpoint === null ? null : this.needs.routing.endpoint(actor.projectId, name);
    const answering = endpoint && mainVariant(variantsFor(endpoint, target.pinned));
    return {
      ...target,
      name,
      versions,
      variant: (target.pinned && answering?.name) ?? null,
      settings: endpoint?.settings ?? DEFAULT_SETTINGS,
      instances: answering?.instances ?? null,
      ready: notReady === null,
      notReady,
    };
  }

  /** As `addressOf`, for the predict path: what is in use is found in memory. */
  targetOf(
    actor: Actor,
    name: string,
    version: string | null,
  ): ModelTarget | NotFound | InvalidInput | Promise<ModelTarget | NotFound | InvalidInput> {
    authorize(actor, 'endpoint:predict');
    const found = this.find(actor, name, version);
    return found === null || found instanceof Promise ? this.orExplain(found, actor, name, version) : found;
  }

  private async orExplain(
    found: null | Promise<Found>,
    actor: Actor,
    name: string,
    version: string | null,
  ): Promise<ModelTarget | NotFound | InvalidInput> {
    return (await found) ?? this.needs.absent.explainName(actor, name, version);
  }

  /** At once where an endpoint's variants are all there is to look at: nearly every prediction. */
  private find(actor: Actor, name: string, version: string | null): Found | Promise<Found> {
    const endpoint = this.needs.routing.endpoint(actor.projectId, name);
    if (endpoint) return version === null ? whole(endpoint) : this.behindEndpoint(actor, endpoint, version);
    return version === null ? this.byReference(actor, name) : this.findVersion(actor, name, version);
  }

  private async findVersion(actor: Actor, name: string, version: string): Promise<ModelTarget | null> {
    if (!isVersionText(version)) return null;
    if (!name.includes('@')) return this.byReference(actor, `${name}@${version}`);
    const target = await this.byReference(actor, name);
    return target && isCalled(target.version, version) ? target : null;
  }

  /** What answers behind it, else that version of a model that answers behind it. Shadows answer nobody. */
  private behindEndpoint(actor: Actor, endpoint: RunningEndpoint, version: string): Found | Promise<Found> {
    const running = endpoint.variants.map(({ model }) => model.version);
    const modelNames = [...new Set(running.map(({ modelName }) => modelName))];
    if (modelNames.some((modelName) => version.startsWith(`${modelName}@`)))
      return this.referredTo(actor, endpoint, version);
    if (!isVersionText(version)) return null;
    const asked = { endpoint: endpoint.name, version };
    const called = running.filter((each) => isCalled(each, version));
    const one = oneOf(called, asked);
    if (one) return isRefusal(one) ? one : pinnedTo(endpoint, one);
    const refs = modelNames.map((modelName) => `${modelName}@${version}`);
    return this.byItself(actor, refs, asked);
  }

  /** A reference says which model is meant, too; the version that it leads to may be a variant's. */
  private async referredTo(
    actor: Actor,
    endpoint: RunningEndpoint,
    ref: string,
  ): Promise<ModelTarget | null> {
    const target = await this.byReference(actor, ref);
    const isServed = target && variantsWith(endpoint, target.version.id).length > 0;
    return isServed ? pinnedTo(endpoint, target.version) : target;
  }

  private async byItself(actor: Actor, refs: readonly string[], asked: AskedVersion): Promise<Found> {
    const targets = await Promise.all(refs.map((ref) => this.byReference(actor, ref)));
    const versions = targets.flatMap((target) => target?.version ?? []);
    const one = oneOf(versions, asked);
    return one && !isRefusal(one) ? { endpoint: null, ref: one.ref, pinned: null, version: one } : one;
  }

  private async byReference({ projectId }: Actor, ref: string): Promise<ModelTarget | null> {
    const model = await this.needs.routing.version(projectId, ref);
    return model && { endpoint: null, ref, pinned: null, version: model.version };
  }
}

const isRefusal = (found: ModelTarget | ModelVersion | InvalidInput): found is InvalidInput =>
  'kind' in found;

/** Those of the version that is pinned, of which there is one at least in the moment that it was; else all. */
function variantsFor(endpoint: RunningEndpoint, pinned: ModelVersion | null): RunningEndpoint['variants'] {
  const leading = pinned ? variantsWith(endpoint, pinned.id) : [];
  return leading.length > 0 ? leading : endpoint.variants;
}

const whole = ({ name, variants }: RunningEndpoint): ModelTarget => ({
  endpoint: name,
  ref: null,
  pinned: null,
  version: mainVariant(variants).model.version,
});

const pinnedTo = ({ name }: RunningEndpoint, version: ModelVersion): ModelTarget => ({
  endpoint: name,
  ref: null,
  pinned: version,
  version,
});

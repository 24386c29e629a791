import { authorize } from '../auth/auth';
import type { Actor } from '../kernel/actor';
import type { NotFound } from '../kernel/errors';
import type { ModelVersion, Registry } from '../registry/registry';
import type { AbsentModels } from './absent-models';
import { askableVersions } from './askable-versions';
import type { Backend } from './backends/backend';
import { DEFAULT_SETTINGS, type EndpointSettings } from './endpoint-settings';
import type { RoutingTable } from './routing/routing-table';
import { mainVariant, type RunningEndpoint } from './routing/running-endpoint';

/** `MAJOR.MINOR.PIPELINE`, or a place in the order of registration. */
const VERSION = /^(?:\d{1,9}\.\d{1,9}\.\d{1,9}|[1-9]\d{0,8})$/;

/** Who answers under a name, as `predict` is asked, and the version whose signature callers see. */
export interface ModelTarget {
  /** Exactly one of `endpoint` and `ref`; the other is null. */
  readonly endpoint: string | null;
  readonly ref: string | null;
  readonly version: ModelVersion;
}

/** What a protocol's “model”, and its version where one is given, mean here. */
export interface ModelAddress extends ModelTarget {
  /** As it was asked for. */
  readonly name: string;
  /** Of the same model, newest first; the newest `MAX_PAGE_SIZE`. */
  readonly versions: readonly ModelVersion[];
  /** How it is batched and bounded: as the endpoint is; by the defaults where a version is asked for. */
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
 * A version is asked for by its number or its ordinal.
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

  async addressOf(actor: Actor, name: string, version: string | null): Promise<ModelAddress | NotFound> {
    authorize(actor, 'platform:read');
    const target = await this.find(actor, name, version);
    if (!target) return this.needs.absent.explainName(actor, name, version);
    const versions = await askableVersions(this.needs.registry, actor, target.version.modelId);
    const notReady = this.needs.backend.whyNot(target.version.sha256);
    const endpoint = target.endpoint === null ? null : this.needs.routing.endpoint(actor.projectId, name);
    const settings = endpoint?.settings ?? DEFAULT_SETTINGS;
    const instances = (endpoint && mainVariant(endpoint.variants).instances) ?? null;
    return { ...target, name, versions, settings, instances, ready: notReady === null, notReady };
  }

  /** As `addressOf`, for the predict path: what is in use is found in memory. */
  targetOf(
    actor: Actor,
    name: string,
    version: string | null,
  ): ModelTarget | NotFound | Promise<ModelTarget | NotFound> {
    authorize(actor, 'endpoint:predict');
    const found = this.find(actor, name, version);
    return found === null || found instanceof Promise ? this.orExplain(found, actor, name, version) : found;
  }

  private async orExplain(
    found: null | Promise<ModelTarget | null>,
    actor: Actor,
    name: string,
    version: string | null,
  ): Promise<ModelTarget | NotFound> {
    return (await found) ?? this.needs.absent.explainName(actor, name, version);
  }

  /** At once where an endpoint's name is all there is: nearly every prediction. */
  private find(
    actor: Actor,
    name: string,
    version: string | null,
  ): ModelTarget | null | Promise<ModelTarget | null> {
    const endpoint = this.needs.routing.endpoint(actor.projectId, name);
    if (version !== null) return this.findVersion(actor, name, version, endpoint);
    return endpoint
      ? { endpoint: name, ref: null, version: mainVariant(endpoint.variants).model.version }
      : this.byReference(actor, name);
  }

  private async findVersion(
    actor: Actor,
    name: string,
    version: string,
    endpoint: RunningEndpoint | undefined,
  ): Promise<ModelTarget | null> {
    if (!VERSION.test(version)) return null;
    if (endpoint) return this.behindEndpoint(actor, endpoint, version);
    if (!name.includes('@')) return this.byReference(actor, `${name}@${version}`);
    const target = await this.byReference(actor, name);
    return target && isCalled(target.version, version) ? target : null;
  }

  /** What runs behind it, else that version of a model that runs behind it. */
  private async behindEndpoint(
    actor: Actor,
    { variants }: RunningEndpoint,
    version: string,
  ): Promise<ModelTarget | null> {
    const running = variants.find(({ model }) => isCalled(model.version, version))?.model.version;
    if (running) return { endpoint: null, ref: running.ref, version: running };
    for (const modelName of new Set(variants.map(({ model }) => model.version.modelName))) {
      const target = await this.byReference(actor, `${modelName}@${version}`);
      if (target) return target;
    }
    return null;
  }

  private async byReference({ projectId }: Actor, ref: string): Promise<ModelTarget | null> {
    const model = await this.needs.routing.version(projectId, ref);
    return model && { endpoint: null, ref, version: model.version };
  }
}

const isCalled = ({ number, ordinal }: ModelVersion, version: string): boolean =>
  number === version || String(ordinal) === version;

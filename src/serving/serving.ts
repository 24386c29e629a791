import { authorize } from '../auth/auth';
import type { Actor } from '../kernel/actor';
import type { Bus } from '../kernel/bus';
import type { Page, PageRequest } from '../kernel/cursor';
import type { Database } from '../kernel/database';
import {
  notFound,
  refuse,
  revisionConflict,
  type InvalidInput,
  type NotFound,
  type Refusal,
  type RevisionConflict,
} from '../kernel/errors';
import type { ProjectId } from '../kernel/ids';
import { InputCheck } from '../kernel/input-check';
import type { Outbox } from '../kernel/outbox';
import { refusableTransaction } from '../kernel/refusable-transaction';
import type { Transaction } from '../kernel/sql';
import { parseReference, type ModelVersion, type Registry } from '../registry/registry';
import { ROUTING_TOPIC } from '../registry/registry.events';
import type { Endpoint, EndpointId, Variant, VariantInput } from './endpoint';
import {
  checkSettings,
  completeSettings,
  type EndpointSettingsInput,
  type GivenSettings,
} from './endpoint-settings';
import { ModelAddresses, type ModelAddress, type ModelTarget } from './model-address';
import { predict, type PredictInput } from './predict';
import type { PredictRequest, PredictResult } from './prediction';
import type { RoutingTable } from './routing-table';
import { endpointDeployed, type VariantTarget } from './serving.events';
import { ServingQueries } from './serving.queries';
import { ServingStore } from './serving.store';
import { checkVariants } from './variants';

export type { Endpoint, EndpointId, Variant, VariantInput } from './endpoint';
export type { EndpointSettings, EndpointSettingsInput } from './endpoint-settings';
export type { Ask, ModelAddress, ModelTarget } from './model-address';
export { MAX_TIMEOUT_MS } from './question';
export type {
  Observation,
  PredictionObserver,
  PredictRefusal,
  PredictRequest,
  PredictResult,
  PredictSuccess,
} from './prediction';
export { valueToJson } from './tensor-json';

export interface DeployEndpoint {
  readonly name: string;
  readonly variants: readonly VariantInput[];
  /** Absent: as they are, and by default for a new endpoint. */
  readonly settings?: EndpointSettingsInput | null;
  /** Refuses where the endpoint is at another revision; one that does not exist is at 0. */
  readonly expectedRevision?: number | null;
}
type DeployRefusal = InvalidInput | NotFound | RevisionConflict;
interface Deployed {
  readonly ok: true;
  readonly endpoint: Endpoint;
  readonly created: boolean;
}
export type DeployResult = Deployed | Refusal<DeployRefusal>;

export interface ServingInput extends PredictInput {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly bus: Bus;
  readonly registry: Registry;
  readonly routing: RoutingTable;
}

/** Endpoints, and the predictions that go through them. */
export class Serving {
  private readonly store = new ServingStore();
  private readonly queries: ServingQueries;
  private readonly addresses: ModelAddresses;

  constructor(private readonly input: ServingInput) {
    this.queries = new ServingQueries(input.database);
    this.addresses = new ModelAddresses({ ...input, queries: this.queries });
  }

  /** Makes the endpoint, or replaces its variants. Resolves once this process routes by it. */
  deployEndpoint(actor: Actor, request: DeployEndpoint): Promise<DeployResult> {
    return this.deploy(actor, request, { mayCreate: true });
  }

  /** As `deployEndpoint`, for an endpoint that exists. */
  setTrafficSplit(actor: Actor, request: DeployEndpoint): Promise<DeployResult> {
    return this.deploy(actor, request, { mayCreate: false });
  }

  predict(actor: Actor, request: PredictRequest): Promise<PredictResult> {
    return predict(this.input, actor, request);
  }

  /**
   * What other protocols call a model: an endpoint's name, else a model reference; what is not found is refused with
   * the versions there are.
   *
   * @param version a version's number or ordinal; null: what the endpoint runs, or what the reference leads to
   */
  addressOf(actor: Actor, model: string, version: string | null): Promise<ModelAddress | NotFound> {
    return this.addresses.addressOf(actor, model, version);
  }

  /** As `addressOf`, with only what `predict` needs, from memory where the name is in use. */
  targetOf(actor: Actor, model: string, version: string | null): Promise<ModelTarget | NotFound> {
    return this.addresses.targetOf(actor, model, version);
  }

  async endpointByName(actor: Actor, name: string): Promise<Endpoint | null> {
    authorize(actor, 'platform:read');
    const isName = new InputCheck().endpointName('name', name).result() === null;
    return isName ? this.queries.endpointByName(actor.projectId, name) : null;
  }

  endpointsByIds(actor: Actor, ids: readonly EndpointId[]): Promise<(Endpoint | null)[]> {
    authorize(actor, 'platform:read');
    return this.queries.endpointsByIds(actor.projectId, ids);
  }

  endpoints(actor: Actor, filter: string | null, page: PageRequest): Promise<Page<Endpoint>> {
    authorize(actor, 'platform:read');
    return this.queries.endpoints(actor.projectId, filter, page);
  }

  /** What the references of variants lead to now; null where nothing is there any more. */
  versionsByRefs(actor: Actor, refs: readonly string[]): Promise<readonly (ModelVersion | null)[]> {
    authorize(actor, 'platform:read');
    return this.input.registry.versionsForRouting(actor.projectId, refs);
  }

  private async deploy(
    actor: Actor,
    request: DeployEndpoint,
    { mayCreate }: { mayCreate: boolean },
  ): Promise<DeployResult> {
    authorize(actor, 'endpoint:deploy');
    const check = new InputCheck().endpointName('name', request.name);
    const settings = request.settings ? checkSettings(check, request.settings) : null;
    const { variants, error } = checkVariants(check, request.variants);
    if (error) return refuse(error);
    const targets = await this.targetsOf(actor.projectId, variants);
    if (!targets.ok) return targets;
    if (!mayCreate && !(await this.endpointByName(actor, request.name)))
      return refuse(notFound('endpoint', request.name));
    const result = await this.write(actor.projectId, request, { variants, settings }, targets.targets);
    if (result.ok) await this.input.routing.catchUp();
    return result;
  }

  private async write(
    projectId: ProjectId,
    { name, expectedRevision }: DeployEndpoint,
    wanted: { readonly variants: readonly Variant[]; readonly settings: GivenSettings | null },
    targets: readonly VariantTarget[],
  ): Promise<DeployResult> {
    return refusableTransaction<Deployed, DeployRefusal>(this.input.database, async (tx) => {
      const { id, revision, ...current } = await this.store.lockEndpoint(tx, projectId, name);
      if (typeof expectedRevision === 'number' && expectedRevision !== revision) {
        return refuse(revisionConflict(`endpoint “${name}”`, expectedRevision, revision));
      }
      const { variants } = wanted;
      const settings = wanted.settings ?? current.settings;
      const newRevision = await this.store.replace(tx, { id, projectId }, variants, settings);
      const endpoint: Endpoint = {
        ...{ id, projectId, name, variants },
        revision: newRevision,
        settings: completeSettings(settings),
      };
      await this.tell(tx, endpoint, targets);
      return { ok: true, endpoint, created: revision === 0 };
    });
  }

  private async tell(tx: Transaction, endpoint: Endpoint, targets: readonly VariantTarget[]): Promise<void> {
    await this.input.outbox.append(tx, endpointDeployed(endpoint.projectId, endpoint, targets));
    await this.input.bus.wake(tx, ROUTING_TOPIC);
  }

  private async targetsOf(
    projectId: ProjectId,
    variants: readonly Variant[],
  ): Promise<{ readonly ok: true; readonly targets: readonly VariantTarget[] } | Refusal<NotFound>> {
    const versions = await this.input.registry.versionsForRouting(
      projectId,
      variants.map(({ ref }) => ref),
    );
    const targets: VariantTarget[] = [];
    for (const [index, { ref }] of variants.entries()) {
      const version = versions[index];
      const reference = parseReference(ref);
      if (!version || !reference) return refuse(notFound('model version', ref));
      const { target } = reference;
      targets.push(
        target.kind === 'alias'
          ? { kind: 'alias', modelId: version.modelId, alias: target.alias }
          : { kind: 'version', versionId: version.id },
      );
    }
    return { ok: true, targets };
  }
}

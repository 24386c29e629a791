import { authorize } from '../../auth/auth';
import type { Actor } from '../../kernel/actor';
import type { Bus } from '../../kernel/bus';
import type { Database } from '../../kernel/database/database';
import {
  notFound,
  refuse,
  revisionConflict,
  type InvalidInput,
  type NotFound,
  type Refusal,
  type RevisionConflict,
} from '../../kernel/errors';
import type { ProjectId } from '../../kernel/ids';
import { InputCheck } from '../../kernel/input-check';
import type { Outbox } from '../../kernel/outbox';
import { refusableTransaction } from '../../kernel/database/refusable-transaction';
import type { Transaction } from '../../kernel/database/sql';
import { parseReference, type ModelVersion, type Registry } from '../../registry/registry';
import { ROUTING_TOPIC } from '../../registry/registry.events';
import type { AbsentModels } from '../names/absent-models';
import type { Endpoint, Variant, VariantInput } from '../endpoints/endpoint';
import {
  checkRouting,
  completeRouting,
  type EndpointRoutingInput,
  type GivenRouting,
} from '../endpoints/endpoint-routing';
import {
  checkSettings,
  completeSettings,
  type EndpointSettingsInput,
  type GivenSettings,
} from '../endpoints/endpoint-settings';
import { notDeployable } from '../names/opaque-version';
import type { RoutingTable } from '../routing/routing-table';
import { checkRuleTargets } from '../endpoints/routing-rule';
import { endpointDeployed, type VariantTarget } from '../serving.events';
import type { ServingQueries } from '../endpoints/endpoint.queries';
import { ServingStore } from '../endpoints/endpoint.store';
import { unlikeVariants } from './unlike-variants';
import { checkVariants } from './variants';

export interface DeployEndpoint extends EndpointRoutingInput {
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

/** What an endpoint is to be, as far as the caller has said. */
interface Wanted {
  readonly variants: readonly Variant[];
  readonly settings: GivenSettings | null;
  readonly routing: GivenRouting;
}

/** Makes endpoints and changes them, each time as a whole: variants, settings, rules and strategy. */
export class Deployment {
  private readonly store = new ServingStore();

  constructor(
    private readonly needs: {
      readonly database: Database;
      readonly outbox: Outbox;
      readonly bus: Bus;
      readonly registry: Registry;
      readonly routing: RoutingTable;
      readonly queries: ServingQueries;
      readonly absent: Pick<AbsentModels, 'explainTarget'>;
    },
  ) {}

  /** Resolves once this process routes by it. */
  async deploy(
    actor: Actor,
    request: DeployEndpoint,
    { mayCreate }: { readonly mayCreate: boolean },
  ): Promise<DeployResult> {
    authorize(actor, 'endpoint:deploy');
    const check = new InputCheck().endpointName('name', request.name);
    const settings = request.settings ? checkSettings(check, request.settings) : null;
    const routing = checkRouting(check, request);
    const { variants, error } = checkVariants(check, request.variants);
    if (error) return refuse(error);
    const versions = await this.versionsOf(actor.projectId, variants);
    const absent = variants.find((_, index) => !versions[index]);
    if (absent) return refuse(await this.needs.absent.explainTarget(actor, { ref: absent.ref }));
    const early = targetsOf(variants, versions);
    if (!early.ok) return early;
    if (!mayCreate && !(await this.needs.queries.endpointByName(actor.projectId, request.name)))
      return refuse(notFound('endpoint', request.name));
    const result = await this.write(actor.projectId, request, { variants, settings, routing });
    if (result.ok) await this.needs.routing.catchUp();
    return result;
  }

  private async write(
    projectId: ProjectId,
    { name, expectedRevision }: DeployEndpoint,
    wanted: Wanted,
  ): Promise<DeployResult> {
    return refusableTransaction<Deployed, DeployRefusal>(this.needs.database, async (tx) => {
      const { id, revision, ...current } = await this.store.lockEndpoint(tx, projectId, name);
      if (typeof expectedRevision === 'number' && expectedRevision !== revision) {
        return refuse(revisionConflict(`endpoint “${name}”`, expectedRevision, revision));
      }
      const { variants } = wanted;
      // Again, now that what they name can neither go nor be called otherwise.
      const refs = variants.map(({ ref }) => ref);
      const targets = targetsOf(variants, await this.needs.registry.versionsForKeeping(tx, projectId, refs));
      if (!targets.ok) return targets;
      const settings = wanted.settings ?? current.settings;
      const routing = { ...current.routing, ...wanted.routing };
      const endpoint = { id, projectId, name, variants, ...completeRouting(routing) };
      const check = new InputCheck();
      checkRuleTargets(check, endpoint.rules, variants);
      const error = check.result();
      if (error) return refuse(error);
      const newRevision = await this.store.replace(tx, endpoint, settings, routing);
      const deployed = { ...endpoint, revision: newRevision, settings: completeSettings(settings) };
      await this.tell(tx, deployed, targets.targets);
      return { ok: true, endpoint: deployed, created: revision === 0 };
    });
  }

  private async tell(tx: Transaction, endpoint: Endpoint, targets: readonly VariantTarget[]): Promise<void> {
    await this.needs.outbox.append(tx, endpointDeployed(endpoint.projectId, endpoint, targets));
    await this.needs.bus.wake(tx, ROUTING_TOPIC);
  }

  private versionsOf(projectId: ProjectId, variants: readonly Variant[]) {
    return this.needs.registry.versionsForRouting(
      projectId,
      variants.map(({ ref }) => ref),
    );
  }
}

/**
 * What each variant leads to. Refused where our workers, or a server that we know, cannot run it, and where variants
 * cannot share their callers.
 */
function targetsOf(
  variants: readonly Variant[],
  versions: readonly (ModelVersion | null)[],
): { readonly ok: true; readonly targets: readonly VariantTarget[] } | Refusal<NotFound | InvalidInput> {
  const targets: VariantTarget[] = [];
  const found: ModelVersion[] = [];
  for (const [index, { ref }] of variants.entries()) {
    const version = versions[index];
    const reference = parseReference(ref);
    if (!version || !reference) return refuse(notFound('model version', ref));
    if (version.format === 'OPAQUE') return refuse(notDeployable(`variants[${index}].ref`, version));
    found.push(version);
    const { target } = reference;
    targets.push(
      target.kind === 'alias'
        ? { kind: 'alias', modelId: version.modelId, alias: target.alias }
        : { kind: 'version', versionId: version.id },
    );
  }
  const unlike = unlikeVariants(variants, found);
  return unlike ? refuse(unlike) : { ok: true, targets };
}

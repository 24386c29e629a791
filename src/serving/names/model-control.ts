import { authorize } from '../../auth/auth';
import type { Actor } from '../../kernel/actor';
import { decodeCursor, MAX_PAGE_SIZE } from '../../kernel/cursor';
import {
  refuse,
  shorten,
  type InvalidInput,
  type NotFound,
  type Refusal,
  type UserError,
} from '../../kernel/errors';
import {
  DEFAULT_ALIAS,
  type Model,
  type ModelVersion,
  type ModelVersionId,
  type Registry,
} from '../../registry/registry';
import type { AbsentModels } from './absent-models';
import type { Backend } from '../execution/backend';
import { DEFAULT_SETTINGS } from '../endpoints/endpoint-settings';
import type { ModelAddresses } from './model-address';
import { refusalOf } from '../asking/predict-refusal';
import type { PredictRefusal } from '../predictions/prediction';
import type { PredictionStatistics, VersionStatistics } from '../seen/prediction-statistics';
import { batchRows } from '../routing/route-change';
import type { RoutingTable } from '../routing/routing-table';
import type { RunningEndpoint } from '../routing/running-endpoint';
import type { ServedModel } from '../predictions/served-model';
import { hiddenByNumber, type Standing } from './version-numbers';

/** Models that the index tells of, the newest first. */
const MAX_INDEXED_MODELS = 500;
/** Versions of each, the newest first. */
const MAX_INDEXED_VERSIONS = 20;

export type InUse = UserError<'InUseError'>;
export type LoadResult = { readonly ok: true } | Refusal<NotFound | PredictRefusal>;
export type UnloadResult = { readonly ok: true } | Refusal<NotFound | InUse | PredictRefusal>;

/** A name that can be asked, and one of the versions that may answer. */
export interface IndexedModel {
  readonly name: string;
  readonly version: ModelVersion;
  /** Whether its number means another version under that name, or several, so that only its reference means it. */
  readonly hidden: boolean;
  /** Whether a worker holds it now. */
  readonly loaded: boolean;
  /** Why it cannot be asked at the moment; null where it can be. */
  readonly notReady: string | null;
  /** Whether the name alone leads to a version. */
  readonly answersByName: boolean;
}

export interface NamedStatistics extends VersionStatistics {
  readonly name: string;
  /** As `IndexedModel` says it. */
  readonly hidden: boolean;
  /** Main memory that it takes on all workers that hold it, in bytes; null where none does, or none tells. */
  readonly memoryBytes: number | null;
}

interface Registered {
  readonly version: ModelVersion;
  readonly inProduction: boolean;
}

interface Behind {
  readonly version: ModelVersion;
  readonly standing: Standing;
}

interface Needs {
  readonly absent: AbsentModels;
  readonly addresses: ModelAddresses;
  readonly routing: RoutingTable;
  readonly registry: Registry;
  readonly backend: Backend;
  readonly statistics: PredictionStatistics;
}

/** What there is to be asked, what of it is in memory, and how it has answered. */
export class ModelControl {
  constructor(private readonly needs: Needs) {}

  /** Brings what answers under the name into the workers' memory, so that no caller waits for it. */
  async load(actor: Actor, name: string): Promise<LoadResult> {
    authorize(actor, 'endpoint:deploy');
    const models = await this.modelsOf(actor, name);
    if ('kind' in models) return refuse(models);
    return done(async () => {
      for (const model of models)
        await this.needs.backend.load(model.file, batchRows(model, DEFAULT_SETTINGS));
    });
  }

  /** Frees the workers' memory. Who asks for it again finds it loaded again. */
  async unload(actor: Actor, name: string): Promise<UnloadResult> {
    authorize(actor, 'endpoint:deploy');
    const models = await this.modelsOf(actor, name);
    if ('kind' in models) return refuse(models);
    const { routing, backend } = this.needs;
    for (const { version } of models) {
      const endpoint = routing
        .endpointsOf(actor.projectId)
        .find(({ variants, shadows }) =>
          [...variants, ...shadows].some(({ model }) => model.version.id === version.id),
        );
      if (endpoint) return refuse(inUse(version, endpoint.name));
    }
    return done(async () => {
      // The same bytes may run for others, whom this caller knows nothing of.
      for (const { file } of models) if (!routing.runs(file.sha256)) await backend.unload(file);
    });
  }

  /**
   * The project's endpoints with their variants, then its models with their versions, newest first: each name and
   * version once, and none that an endpoint of the same name has in its place.
   */
  async index(actor: Actor): Promise<readonly IndexedModel[]> {
    authorize(actor, 'platform:read');
    const { backend, routing } = this.needs;
    const loaded = new Set(backend.status().flatMap(({ models }) => models));
    const running = new Map(
      routing.endpointsOf(actor.projectId).map((endpoint) => [endpoint.name, versionsBehind(endpoint)]),
    );
    const isReachable = ({ id, modelId, modelName }: ModelVersion) => {
      const behind = running.get(modelName);
      if (!behind) return true;
      return (
        !behind.some(({ version }) => version.id === id) &&
        behind.some(({ version }) => version.modelId === modelId)
      );
    };
    const entries = [
      ...[...running].flatMap(([name, behind]) =>
        behind.map((one) => ({ ...one, name, answersByName: true })),
      ),
      ...(await this.newestVersions(actor))
        .filter(({ version }) => isReachable(version))
        .map(({ version, inProduction }) => {
          const name = version.modelName;
          const answersByName = inProduction || running.has(name);
          return { name, version, standing: 'registered' as const, answersByName };
        }),
    ];
    const hidden = hiddenByNumber(entries);
    return entries.map((entry) => {
      const { name, version, answersByName } = entry;
      const [isLoaded, notReady] = [loaded.has(version.sha256), backend.whyNot(version.sha256)];
      return { name, version, hidden: hidden.has(entry), loaded: isLoaded, notReady, answersByName };
    });
  }

  /** Of one version, of all that answer or have answered under a name, or of all that the project has asked. */
  async statisticsOf(
    actor: Actor,
    name: string | null,
    version: string | null,
  ): Promise<readonly NamedStatistics[] | NotFound | InvalidInput> {
    authorize(actor, 'platform:read');
    const { addresses, registry, statistics, routing } = this.needs;
    const asked = statistics.versionIds();
    if (name === null) {
      const versions = await registry.versionsByIds(actor, asked);
      return versions.flatMap((known) => (known ? [this.named(known, known.modelName, false)] : []));
    }
    const address = await addresses.addressOf(actor, name, version);
    if ('kind' in address) return address;
    const endpoint = routing.endpoint(actor.projectId, name);
    if (endpoint && version === null) {
      const behind = versionsBehind(endpoint).map((one) => ({ ...one, name }));
      const hidden = hiddenByNumber(behind);
      return behind.map((one) => this.named(one.version, name, hidden.has(one)));
    }
    const older = address.versions.filter(({ id }) => version === null && asked.includes(id));
    return unique([address.version, ...older]).map((known) => this.named(known, name, false));
  }

  private named(version: ModelVersion, name: string, hidden: boolean): NamedStatistics {
    const { statistics, backend } = this.needs;
    const taken = backend.status().flatMap(({ modelBytes }) => modelBytes?.[version.sha256] ?? []);
    const memoryBytes = taken.length === 0 ? null : taken.reduce((sum, bytes) => sum + bytes, 0);
    return { ...statistics.of(version), name, hidden, memoryBytes };
  }

  private async modelsOf(actor: Actor, name: string): Promise<readonly ServedModel[] | NotFound> {
    const { routing, absent } = this.needs;
    const endpoint = routing.endpoint(actor.projectId, name);
    if (endpoint) return [...endpoint.variants, ...endpoint.shadows].map(({ model }) => model);
    const model = await routing.version(actor.projectId, name);
    return model ? [model] : absent.explainName(actor, name, null);
  }

  /** Each with whether its model has a version in production. */
  private async newestVersions(actor: Actor): Promise<readonly Registered[]> {
    const { registry } = this.needs;
    const versions: Registered[] = [];
    let after = null;
    for (let read = 0; read < MAX_INDEXED_MODELS; read += MAX_PAGE_SIZE) {
      const models = await registry.models(actor, null, { first: MAX_PAGE_SIZE, after });
      const keys = models.nodes.map(({ id }: Model) => ({
        modelId: id,
        page: { first: MAX_INDEXED_VERSIONS, after: null },
      }));
      const aliases = await registry.aliasesOfModels(
        actor,
        models.nodes.map(({ id }) => id),
      );
      for (const [place, page] of (await registry.versionPages(actor, keys)).entries()) {
        const inProduction = aliases[place]?.some(({ name }) => name === DEFAULT_ALIAS) ?? false;
        const served = page.nodes.filter(({ format }) => format !== 'OPAQUE');
        versions.push(...served.map((version) => ({ version, inProduction })));
      }
      if (!models.hasNextPage || models.endCursor === null) break;
      after = decodeCursor(models.endCursor, 1);
    }
    return versions;
  }
}

async function done(work: () => Promise<void>): Promise<{ readonly ok: true } | Refusal<PredictRefusal>> {
  try {
    await work();
    return { ok: true };
  } catch (error) {
    return refusalOf(error);
  }
}

const unique = (versions: readonly ModelVersion[]): readonly ModelVersion[] => [
  ...new Map<ModelVersionId, ModelVersion>(versions.map((version) => [version.id, version])).values(),
];

/** Shadows too, each once. */
function versionsBehind({ variants, shadows }: RunningEndpoint): readonly Behind[] {
  const versions = (of: typeof variants) => unique(of.map(({ model }) => model.version));
  const answering = versions(variants);
  const quiet = versions(shadows).filter(({ id }) => !answering.some((version) => version.id === id));
  return [
    ...answering.map((version) => ({ version, standing: 'variant' as const })),
    ...quiet.map((version) => ({ version, standing: 'shadow' as const })),
  ];
}

const inUse = ({ ref }: ModelVersion, endpoint: string): InUse => ({
  kind: 'InUseError',
  code: 'IN_USE',
  message: `${shorten(ref)} runs behind the endpoint “${endpoint}”. Give the endpoint other variants, then unload it.`,
});

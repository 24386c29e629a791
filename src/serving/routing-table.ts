import type { Artifacts } from '../kernel/artifacts';
import { wakeUps, type Bus } from '../kernel/bus';
import type { Database } from '../kernel/database';
import type { ProjectId } from '../kernel/ids';
import type { Logger } from '../kernel/logger';
import { ROUTING_TOPIC } from '../registry/registry.events';
import type { AliasFollower, ModelVersion, Registry } from '../registry/registry';
import type { Backend } from './backends/backend';
import type { Endpoint, EndpointId, Variant } from './endpoint';
import type { EndpointSettings } from './endpoint-settings';
import { ServedModels, type ServedModel } from './served-model';
import { ServingQueries } from './serving.queries';

export interface RunningVariant extends Variant {
  readonly model: ServedModel;
}

export interface RunningEndpoint {
  readonly id: EndpointId;
  readonly projectId: ProjectId;
  readonly name: string;
  readonly settings: EndpointSettings;
  /** Those that answer, at least one of them with a positive weight. */
  readonly variants: readonly RunningVariant[];
  readonly shadows: readonly RunningVariant[];
}

export interface RoutingInput {
  readonly database: Database;
  readonly registry: Registry;
  readonly artifacts: Artifacts;
  readonly backend: Backend;
  readonly bus: Bus;
  readonly logger: Logger;
}

/** References that were asked for without an endpoint, and are kept up to date with the routes. */
const MAX_REFERENCES = 1_000;
/** Longest wait for a new version to be loaded before traffic moves to it all the same. */
const WARM_UP_LIMIT_MS = 5_000;

/**
 * Where predictions go: endpoints and references with the versions they lead to, in memory. It follows the database by
 * the bus; while the database is away, what was deployed keeps running.
 */
export class RoutingTable implements AliasFollower {
  private endpoints = new Map<string, RunningEndpoint>();
  private references = new Map<string, { projectId: ProjectId; ref: string; model: ServedModel }>();
  /** Versions that were loaded for the routes that are in use. */
  private warm: ReadonlySet<string> = new Set();
  private refreshing: Promise<void> = Promise.resolve();
  private readonly stopped = new AbortController();
  private following: Promise<void> = Promise.resolve();

  private readonly queries: ServingQueries;
  private readonly models: ServedModels;

  constructor(private readonly input: RoutingInput) {
    this.queries = new ServingQueries(input.database);
    this.models = new ServedModels(input.artifacts);
  }

  async start(): Promise<void> {
    await this.refresh();
    this.following = this.follow();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.following;
  }

  endpoint(projectId: ProjectId, name: string): RunningEndpoint | undefined {
    return this.endpoints.get(keyOf(projectId, name));
  }

  /** Null where the reference leads to no version. */
  async version(projectId: ProjectId, ref: string): Promise<ServedModel | null> {
    const key = keyOf(projectId, ref);
    const known = this.references.get(key);
    if (known) return known.model;
    const [version] = await this.input.registry.versionsForRouting(projectId, [ref]);
    if (!version) return null;
    const model = await this.models.of(version);
    if (this.references.size >= MAX_REFERENCES) this.references.clear(); // rare: they are read again as they are asked for
    this.references.set(key, { projectId, ref, model });
    return model;
  }

  /** Whether a worker is there that could run the version. */
  canAnswer(_version: ModelVersion): boolean {
    return this.input.backend.status().some(({ state }) => state === 'idle' || state === 'busy');
  }

  /** Reads the routes again; resolves once predictions follow them. */
  refresh(): Promise<void> {
    const next = this.refreshing.then(() => this.read());
    this.refreshing = next.catch(() => undefined); // the caller hears of it; the next one starts afresh
    return next;
  }

  aliasMoved(): Promise<void> {
    return this.catchUp();
  }

  /** As `refresh`, after a change that is kept already: a failure leaves the last routes in use for a moment. */
  async catchUp(): Promise<void> {
    try {
      await this.refresh();
    } catch (error) {
      this.input.logger.warn({ err: error }, 'the routes could not be read; the last ones stay in use');
    }
  }

  private async follow(): Promise<void> {
    const looks = wakeUps(this.input.bus, ROUTING_TOPIC, this.stopped.signal);
    while (!(await looks.next()).done) await this.catchUp();
  }

  private async read(): Promise<void> {
    const endpoints = await this.queries.allEndpoints();
    const references = [...this.references.values()];
    const wanted = [
      ...endpoints.flatMap(({ projectId, variants }) => variants.map(({ ref }) => ({ projectId, ref }))),
      ...references,
    ];
    const models = await this.resolveAll(wanted);
    const deployed = new Set(
      endpoints.flatMap(({ projectId, variants }) => variants.map(({ ref }) => keyOf(projectId, ref))),
    );
    await this.warmUp([...models].filter(([key]) => deployed.has(key)).map(([, model]) => model));
    this.endpoints = new Map(
      endpoints.flatMap((endpoint) => {
        const running = runningEndpoint(endpoint, models);
        return running ? [[keyOf(endpoint.projectId, endpoint.name), running] as const] : [];
      }),
    );
    this.references = new Map(
      references.flatMap(({ projectId, ref }) => {
        const model = models.get(keyOf(projectId, ref));
        return model ? [[keyOf(projectId, ref), { projectId, ref, model }] as const] : [];
      }),
    );
    this.models.keepOnly(new Set([...models.values()].map(({ version }) => version.id)));
  }

  private async resolveAll(
    wanted: readonly { projectId: ProjectId; ref: string }[],
  ): Promise<Map<string, ServedModel>> {
    const models = new Map<string, ServedModel>();
    for (const projectId of new Set(wanted.map((route) => route.projectId))) {
      const refs = [
        ...new Set(wanted.filter((route) => route.projectId === projectId).map(({ ref }) => ref)),
      ];
      const versions = await this.input.registry.versionsForRouting(projectId, refs);
      for (const [index, ref] of refs.entries()) {
        const version = versions[index];
        const model = version && (await this.served(version));
        if (model) models.set(keyOf(projectId, ref), model);
      }
    }
    return models;
  }

  /** Null where the version's bytes cannot be read: its callers hear of it, and nobody else does. */
  private async served(version: ModelVersion): Promise<ServedModel | null> {
    try {
      return await this.models.of(version);
    } catch (error) {
      this.input.logger.error(
        { err: error, version: version.ref },
        'the bytes of a deployed version cannot be read',
      );
      return null;
    }
  }

  /** Loads what traffic is about to reach, so that no caller pays for it. A model that cannot load is its callers' to hear of. */
  private async warmUp(models: readonly ServedModel[]): Promise<void> {
    const fresh = models.filter(({ version }) => !this.warm.has(version.id));
    this.warm = new Set(models.map(({ version }) => version.id));
    const files = [...new Map(fresh.map(({ file }) => [file.sha256, file])).values()];
    if (files.length === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, WARM_UP_LIMIT_MS)));
    await Promise.race([Promise.allSettled(files.map((file) => this.input.backend.load(file))), limit]);
    clearTimeout(timer);
  }
}

/** Undefined where no variant that may answer leads to a version. */
function runningEndpoint(
  endpoint: Endpoint,
  models: ReadonlyMap<string, ServedModel>,
): RunningEndpoint | undefined {
  const { id, projectId, name, settings } = endpoint;
  const running = endpoint.variants.flatMap((variant) => {
    const model = models.get(keyOf(projectId, variant.ref));
    return model ? [{ ...variant, model }] : [];
  });
  const variants = running.filter(({ shadow }) => !shadow);
  const shadows = running.filter(({ shadow }) => shadow);
  return variants.some(({ weight }) => weight > 0)
    ? { id, projectId, name, settings, variants, shadows }
    : undefined;
}

const keyOf = (projectId: ProjectId, name: string) => `${projectId}/${name}`;

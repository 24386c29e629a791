import type { Artifacts } from '../../kernel/artifacts/artifacts';
import { BoundedMap } from '../../kernel/bounded-map';
import { wakeUps, type Bus } from '../../kernel/bus';
import type { Database } from '../../kernel/database/database';
import type { ProjectId } from '../../kernel/ids';
import type { Logger } from '../../kernel/logger';
import { ROUTING_TOPIC } from '../../registry/registry.events';
import type { AliasFollower, ModelVersion, Registry } from '../../registry/registry';
import type { Backend } from '../execution/backend';
import { BanditFeed } from './bandit-feed';
import type { Endpoint } from '../endpoints/endpoint';
import { DEFAULT_SETTINGS } from '../endpoints/endpoint-settings';
import { ModelLoads, type Wait, type WantedModel } from './model-loads';
import type { PredictionCache } from '../cache/prediction-cache';
import { PredictionKeys } from '../feedback/prediction-keys';
import {
  batchRows,
  instanceLimits,
  isSame,
  modelsOf,
  routesInUse,
  type NeededModel,
  type Routes,
} from './route-change';
import type { RunningEndpoint } from './running-endpoint';
import { RunningRoutes } from './running-routes';
import { SequencePlaces } from './sequence-places';
import { ServedModels, type ServedModel } from '../predictions/served-model';
import { ServingQueries } from '../endpoints/endpoint.queries';
import { learns } from '../endpoints/strategy';
import type { VariantKnowledge } from './variant-knowledge';

export interface RoutingInput {
  readonly database: Database;
  readonly registry: Registry;
  readonly artifacts: Artifacts;
  readonly backend: Backend;
  readonly cache: PredictionCache;
  readonly bus: Bus;
  readonly logger: Logger;
}

/** References that were asked for without an endpoint, and are kept up to date with the routes; those asked last. */
const MAX_REFERENCES = 1_000;

/** A reference that was asked for without an endpoint. */
interface Reference {
  readonly projectId: ProjectId;
  readonly ref: string;
  readonly model: ServedModel;
}

/** What the database said last, by project and name or reference. */
interface Asked {
  readonly routes: ReadonlyMap<string, Routes>;
  /** Undefined for one that leads nowhere. */
  readonly references: ReadonlyMap<string, ServedModel | undefined>;
}

/**
 * Where predictions go: endpoints and references with the versions they lead to, in memory. It follows the database by
 * the bus; while the database is away, what was deployed keeps running. Traffic moves to a version once the workers
 * have it, and until then stays where it was.
 */
export class RoutingTable implements AliasFollower {
  private endpoints = new Map<string, RunningEndpoint>();
  /** Endpoints that choose by what their variants have earned. */
  private learning: ReadonlySet<string> = new Set();
  private references = new BoundedMap<string, Reference>(MAX_REFERENCES);
  private asked: Asked = { routes: new Map(), references: new Map() };
  /** What takes traffic; it may be what was asked for before. */
  private inUse: ReadonlyMap<string, Routes> = new Map();
  private refreshing: Promise<void> = Promise.resolve();
  /** One that has not begun: whoever wants one meanwhile has it, too. */
  private nextRead: Promise<void> | undefined;
  /** As they were read last. */
  private deployed: readonly Endpoint[] = [];
  /** How often the routes were begun to be read. */
  private reads = 0;
  private isReading = false;
  /** They could not be read when they were looked for last. */
  private areStale = false;
  private readonly stopped = new AbortController();
  private following: Promise<void> = Promise.resolve();

  private readonly queries: ServingQueries;
  private readonly models: ServedModels;
  private readonly loads: ModelLoads;
  private readonly running: RunningRoutes;
  /** What ids of predictions are signed with. */
  readonly keys: PredictionKeys;
  readonly sequences = new SequencePlaces();
  private readonly bandits: BanditFeed;

  constructor(private readonly input: RoutingInput) {
    this.queries = new ServingQueries(input.database);
    this.models = new ServedModels(input.artifacts);
    this.loads = new ModelLoads({
      ...input,
      changed: () => void this.orStay(() => this.inTurn(() => this.apply())),
    });
    this.keys = new PredictionKeys(input.database);
    this.running = new RunningRoutes(this.keys);
    this.bandits = new BanditFeed({ ...input, arms: () => armsOf(this.endpoints.values()) });
  }

  async start(): Promise<void> {
    await this.refresh();
    this.following = this.follow();
    this.bandits.start();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    this.loads.stop();
    await this.bandits.stop();
    await this.following;
  }

  endpoint(projectId: ProjectId, name: string): RunningEndpoint | undefined {
    return this.endpoints.get(keyOf(projectId, name));
  }

  endpointsOf(projectId: ProjectId): readonly RunningEndpoint[] {
    return [...this.endpoints.values()].filter((endpoint) => endpoint.projectId === projectId);
  }

  /** Of all projects. */
  allEndpoints(): readonly RunningEndpoint[] {
    return [...this.endpoints.values()];
  }

  /** Whether a model runs behind any endpoint, of any project. */
  runs(sha256: string): boolean {
    return [...this.endpoints.values()].some(({ variants, shadows }) =>
      [...variants, ...shadows].some(({ model }) => model.file.sha256 === sha256),
    );
  }

  /** Whether it chooses by what its variants have earned. */
  learns(endpointId: string): boolean {
    return this.learning.has(endpointId);
  }

  /** Null where the reference leads to no version, or to one that nobody can run. */
  async version(projectId: ProjectId, ref: string): Promise<ServedModel | null> {
    const key = keyOf(projectId, ref);
    const known = this.references.get(key);
    if (known) {
      this.references.set(key, known); // the newest again
      return known.model;
    }
    const askedDuring = this.reads;
    const [version] = await this.input.registry.versionsForRouting(projectId, [ref]);
    if (!version || version.format === 'OPAQUE') return null;
    const model = await this.models.of(version);
    // A read that has begun since may know of a later version, and looks at nothing that comes meanwhile.
    if (this.isReading || askedDuring !== this.reads) return model;
    this.references.set(key, { projectId, ref, model });
    return model;
  }

  /** Why the version that a variant is to run takes no traffic yet; null where it does. */
  waitOf({ projectId, name }: Pick<Endpoint, 'projectId' | 'name'>, variant: string): Wait | null {
    const key = keyOf(projectId, name);
    const asked = this.asked.routes.get(key)?.models.get(variant);
    const running = this.inUse.get(key)?.models.get(variant);
    return !asked || asked.version.id === running?.version.id ? null : this.loads.waitOf(asked.file.sha256);
  }

  /** Why a version that takes traffic was not made ready, as where none ran before; null where a worker has it. */
  lackOf({ file: { sha256 } }: ServedModel): Wait | null {
    return this.input.backend.holds(sha256) ? null : this.loads.waitOf(sha256);
  }

  /** Reads the routes again; resolves once predictions follow them, or new versions take too long to wait for. */
  async refresh(): Promise<void> {
    await this.readInTurn();
    await this.loads.settled(this.wanted().map(({ model }) => model.file.sha256));
    await this.refreshing;
  }

  /**
   * Reads and changes follow each other; one that fails is told to who waits for it, and the next one starts afresh.
   */
  private inTurn(work: () => Promise<void>): Promise<void> {
    const next = this.refreshing.then(work);
    this.refreshing = next.catch(() => undefined);
    return next;
  }

  aliasMoved(): Promise<void> {
    return this.catchUp();
  }

  /** As `refresh`, after a change that is kept already: a failure leaves the last routes in use for a moment. */
  catchUp(): Promise<void> {
    return this.orStay(() => this.refresh());
  }

  private async orStay(work: () => Promise<void>): Promise<void> {
    const { logger } = this.input;
    try {
      await work();
      if (this.areStale) logger.info('the routes are read again');
      this.areStale = false;
    } catch (error) {
      // Once: while the database is away they are looked for every few seconds.
      if (!this.areStale)
        logger.warn({ err: error }, 'the routes could not be read; the last ones stay in use');
      this.areStale = true;
    }
  }

  private async follow(): Promise<void> {
    const looks = wakeUps(this.input.bus, ROUTING_TOPIC, this.stopped.signal);
    while (!(await looks.next()).done) await this.orStay(() => this.readInTurn());
  }

  private readInTurn(): Promise<void> {
    return (this.nextRead ??= this.inTurn(() => {
      this.nextRead = undefined;
      return this.read();
    }));
  }

  private async read(): Promise<void> {
    this.reads += 1;
    this.isReading = true;
    try {
      await this.readAll();
    } finally {
      this.isReading = false;
    }
  }

  private async readAll(): Promise<void> {
    const endpoints = (this.deployed = await this.queries.allEndpoints(this.deployed));
    const references = [...this.references.values()];
    const wanted = [
      ...endpoints.flatMap(({ projectId, variants }) => variants.map(({ ref }) => ({ projectId, ref }))),
      ...references,
    ];
    const models = await this.resolveAll(wanted);
    const routes = endpoints.map(
      (endpoint) => [keyOf(endpoint.projectId, endpoint.name), this.asRoutes(endpoint, models)] as const,
    );
    const followed = references.map(({ projectId, ref }) => keyOf(projectId, ref));
    this.asked = {
      routes: new Map(routes),
      references: new Map(followed.map((key) => [key, models.get(key) ?? undefined])),
    };
    this.lease();
    this.loads.want(this.wanted());
    await this.apply();
  }

  /** Moves traffic to what is ready; the rest stays where it is until then. */
  private async apply(): Promise<void> {
    const isReady = ({ file }: ServedModel) => this.loads.isReady(file.sha256);
    const routes = new Map(
      [...this.asked.routes].map(([key, asked]) => {
        const before = this.inUse.get(key);
        return [key, before === asked ? asked : routesInUse(asked, before, isReady)];
      }),
    );
    const running = await this.running.of(routes);
    await this.bandits.prepare(armsOf(running.values()));
    this.endpoints = running;
    this.inUse = routes;
    const learning = [...running.values()].filter(({ strategy }) => learns(strategy));
    this.learning = new Set(learning.map(({ id }) => id));
    this.input.cache.keepOnly(this.endpoints.values());
    this.references = this.followed();
    this.lease();
    this.models.keepOnly(new Set(this.allModels().map(({ version }) => version.id)));
  }

  /** Who asks by reference waits for no load that takes long, nor for one that has failed: the answer says why. */
  private followed(): BoundedMap<string, Reference> {
    const followed = new BoundedMap<string, Reference>(MAX_REFERENCES);
    for (const [key, reference] of this.references) {
      const isNew = !this.asked.references.has(key); // it has come since the routes were read
      const model = isNew ? reference.model : this.asked.references.get(key);
      const isToWait = model && changes(reference, model) && this.loads.isOnItsWay(model.file.sha256);
      if (model) followed.set(key, isToWait ? reference : { ...reference, model });
    }
    return followed;
  }

  /** What endpoints are to run, and what references that are in use have come to lead to. */
  private wanted(): readonly WantedModel[] {
    const inUse = new Set(this.allInUse().map(({ file }) => file.sha256));
    const moved = [...this.references].flatMap(([key, reference]): NeededModel[] => {
      const model = this.asked.references.get(key);
      const isWarm = this.input.backend.holds(reference.model.file.sha256);
      return model && isWarm && changes(reference, model)
        ? [{ model, rows: batchRows(model, DEFAULT_SETTINGS) }]
        : [];
    });
    const needed = [...moved, ...modelsOf(this.asked.routes.values(), () => true)];
    return needed.map((one) => ({ ...one, isInUse: inUse.has(one.model.file.sha256) }));
  }

  /** What traffic reaches, and is to reach. Shadows and references have what memory is left. */
  private lease(): void {
    const routes = new Set([...this.inUse.values(), ...this.asked.routes.values()]); // mostly the same
    const answering = modelsOf(routes, ({ shadow }) => !shadow);
    this.input.backend.limit(instanceLimits(routes));
    this.input.backend.lease(answering.map(({ model, rows }) => ({ file: model.file, rows })));
  }

  private allInUse(): readonly ServedModel[] {
    return [...this.inUse.values()].flatMap(({ models }) => [...models.values()]);
  }

  private allModels(): readonly ServedModel[] {
    const asked = [...this.asked.routes.values()].flatMap(({ models }) => [...models.values()]);
    const references = [...this.references.values()].map(({ model }) => model);
    return [...asked, ...references, ...this.allInUse()];
  }

  /** Where the bytes of a version cannot be read, what ran before goes on. The same routes are the same object. */
  private asRoutes(endpoint: Endpoint, models: ReadonlyMap<string, ServedModel | null>): Routes {
    const { projectId, name } = endpoint;
    const key = keyOf(projectId, name);
    const before = this.inUse.get(key)?.models;
    const named = endpoint.variants.flatMap((variant) => {
      const found = models.get(keyOf(projectId, variant.ref));
      const model = found === null ? before?.get(variant.name) : found;
      return model ? [[variant.name, model] as const] : [];
    });
    const routes = { endpoint, models: new Map(named) };
    const known = this.asked.routes.get(key);
    return known && isSame(known, routes) ? known : routes;
  }

  private async resolveAll(
    wanted: readonly { projectId: ProjectId; ref: string }[],
  ): Promise<Map<string, ServedModel | null>> {
    const models = new Map<string, ServedModel | null>();
    for (const projectId of new Set(wanted.map((route) => route.projectId))) {
      const refs = [
        ...new Set(wanted.filter((route) => route.projectId === projectId).map(({ ref }) => ref)),
      ];
      const versions = await this.input.registry.versionsForRouting(projectId, refs);
      for (const [index, ref] of refs.entries()) {
        const version = versions[index];
        if (version) models.set(keyOf(projectId, ref), await this.served(version));
      }
    }
    return models;
  }

  /** Null where the version's bytes cannot be read, or are not for reading. */
  private async served(version: ModelVersion): Promise<ServedModel | null> {
    if (version.format === 'OPAQUE') return null;
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
}

const changes = ({ model: before }: Reference, model: ServedModel): boolean =>
  before.version.id !== model.version.id;

/** The variants of all endpoints that learn. */
const armsOf = (endpoints: Iterable<RunningEndpoint>): readonly VariantKnowledge[] =>
  [...endpoints].flatMap(({ strategy, variants }) =>
    learns(strategy) ? variants.map(({ known }) => known) : [],
  );

const keyOf = (projectId: ProjectId, name: string) => `${projectId}/${name}`;

import { authorize } from '../auth/auth';
import type { Actor } from '../kernel/actor';
import type { Bus } from '../kernel/bus';
import type { Page, PageRequest } from '../kernel/cursor';
import type { Database } from '../kernel/database/database';
import type { InvalidInput, NotFound } from '../kernel/errors';
import { InputCheck } from '../kernel/input-check';
import type { MetricFamily, MetricScope } from '../kernel/metrics/metric-family';
import type { Outbox } from '../kernel/outbox';
import type { ModelVersion, Registry } from '../registry/registry';
import { AbsentModels } from './names/absent-models';
import { Deployment, type DeployEndpoint, type DeployResult } from './deployment/deployment';
import type { Endpoint, EndpointId } from './endpoints/endpoint';
import {
  EndpointRemoval,
  type DeleteEndpoint,
  type DeleteEndpointResult,
} from './deployment/endpoint-removal';
import type { CacheStatistics } from './cache/cache-endpoint';
import { CacheWarming, type WarmCache, type WarmResult, type WarmingInput } from './warming/cache-warming';
import {
  FeedbackRecording,
  type FeedbackInput,
  type FeedbackManyResult,
  type FeedbackResult,
} from './feedback/feedback';
import { ModelAddresses, type ModelAddress, type ModelTarget } from './names/model-address';
import {
  ModelControl,
  type IndexedModel,
  type LoadResult,
  type NamedStatistics,
  type UnloadResult,
} from './names/model-control';
import { misread } from './asking/misread';
import { predict } from './predict';
import type { Door } from './predictions/door';
import type { PredictRequest, PredictResult, PredictSuccess } from './predictions/prediction';
import type { RoutingTable } from './routing/routing-table';
import { RewardQueries, type RewardKey, type RewardSummary } from './routing/reward.queries';
import { batchMetrics, cacheMetrics, sharedCacheMetrics, workerMetrics } from './seen/serving-metrics';
import { ServingQueries } from './endpoints/endpoint.queries';
import { gpuMetrics } from './seen/gpu-metrics';
import { remoteMetrics } from './seen/remote-metrics';
import { tritonMetrics } from './seen/triton-metrics';
import { readWorkerLoad, seenGpus, seenWorkers, type LoadNeeds, type WorkerLoad } from './seen/worker-load';
import type { Health } from './routing/variant-health';

export { ON_WORKERS, type RanOn, type WorkerState, type WorkerStatus } from './execution/backend';
export type { RemoteStatus } from './backends/remote-model';
export type { UsedGpu } from './gpu/gpu-reading';
export type { WorkerLoad } from './seen/worker-load';
export type { CacheStatistics } from './cache/cache-endpoint';
export type { Door } from './predictions/door';
export { countFailure, type FailureCounts, type FailureReason } from './seen/failure-reason';
export type { DeployEndpoint, DeployResult } from './deployment/deployment';
export type { RewardSummary } from './routing/reward.queries';
export type { RoutingRule } from './endpoints/routing-rule';
export type { Strategy } from './endpoints/strategy';
export type { Health } from './routing/variant-health';
export type { Endpoint, EndpointId, Variant } from './endpoints/endpoint';
export { noneClosed, type CloseCounts } from './batching/batch-counts';
export { CLOSE_REASONS, type CloseReason } from './batching/batch-policy';
export type { Priority } from './batching/priority';
export type { EndpointSettings } from './endpoints/endpoint-settings';
export type { ModelAddress, ModelTarget } from './names/model-address';
export type { IndexedModel, LoadResult, NamedStatistics, UnloadResult } from './names/model-control';
export type { Duration } from './seen/prediction-statistics';
export { MAX_TIMEOUT_MS } from './execution/max-timeout';
export type {
  PredictionId,
  PredictRefusal,
  PredictRequest,
  PredictResult,
  PredictSuccess,
} from './predictions/prediction';
export type { Observation, PredictionObserver, ShadowObserver, ShadowOutcome } from './seen/observation';
export type { Sequence } from './execution/sequence';
export { jsonGap } from './values/json-gap';
export { jsonValues } from './values/json-values';
export { valueToJson } from './values/tensor-json';
export { InvalidInput } from './execution/invalid-input';
export { WorkerUnavailable, type UnavailableReason } from './execution/worker-unavailable';
export {
  COMPUTE_MS_KEY,
  INVALID_INPUT,
  MAX_CALL_BYTES,
  REASON_KEY,
  ROWS_PARAMETER,
  WAITED_MS_KEY,
  WORKER_METHODS,
  type ApiProcessId,
  type InstanceLimit,
  type LeasedName,
  type WorkerCalls,
  type WorkerMethod,
} from './fleet/worker-calls';
export { writeRetryAfter } from './fleet/retry-after';
export { readRunTerms } from './fleet/run-terms';
export { isSameToken } from './fleet/worker-token';
export type { WorkerNode } from './fleet/worker-node';

export interface ServingInput extends WarmingInput, LoadNeeds {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly bus: Bus;
  readonly registry: Registry;
  readonly routing: RoutingTable;
}

/** Endpoints, and the predictions that go through them. */
export class Serving {
  private readonly queries: ServingQueries;
  private readonly rewards: RewardQueries;
  private readonly deployment: Deployment;
  private readonly removal: EndpointRemoval;
  private readonly absent: AbsentModels;
  private readonly addresses: ModelAddresses;
  private readonly control: ModelControl;
  private readonly warming: CacheWarming;
  private readonly feedback: FeedbackRecording;

  constructor(private readonly input: ServingInput) {
    this.queries = new ServingQueries(input.database);
    this.rewards = new RewardQueries(input.database);
    this.absent = new AbsentModels({ ...input, queries: this.queries });
    this.deployment = new Deployment({ ...input, queries: this.queries, absent: this.absent });
    this.removal = new EndpointRemoval(input);
    this.addresses = new ModelAddresses({ ...input, absent: this.absent });
    this.control = new ModelControl({ ...input, absent: this.absent, addresses: this.addresses });
    this.warming = new CacheWarming({ ...input, absent: this.absent });
    const { database, bus, routing } = input;
    const learns = (endpointId: string) => routing.learns(endpointId);
    this.feedback = new FeedbackRecording({ database, bus, keys: routing.keys, learns });
  }

  /** Makes the endpoint, or replaces its variants. Resolves once this process routes by it. */
  deployEndpoint(actor: Actor, request: DeployEndpoint): Promise<DeployResult> {
    return this.deployment.deploy(actor, request, { mayCreate: true });
  }

  /** As `deployEndpoint`, for an endpoint that exists. */
  setTrafficSplit(actor: Actor, request: DeployEndpoint): Promise<DeployResult> {
    return this.deployment.deploy(actor, request, { mayCreate: false });
  }

  /** Resolves once this process answers nobody by it. */
  deleteEndpoint(actor: Actor, request: DeleteEndpoint): Promise<DeleteEndpointResult> {
    return this.removal.delete(actor, request);
  }

  predict(actor: Actor, request: PredictRequest): Promise<PredictResult> {
    return predict(this.input, actor, request, this.absent);
  }

  /** Told by a door of a question to that target that it could not read, with what it tells the caller. */
  misread(actor: Actor, target: ModelTarget, door: Door, message: string): Promise<void> {
    return misread(this.input, actor, target, door, message);
  }

  /** Told by a door when the answer was bytes: how long they took. */
  encoded(answer: PredictSuccess, door: Door, encodeMs: number): void {
    this.input.observer.encoded(answer, door, encodeMs);
  }

  /** What came of a prediction: the first word stands, unless a later one says that it replaces it. */
  recordFeedback(actor: Actor, input: FeedbackInput): Promise<FeedbackResult> {
    return this.feedback.record(actor, input);
  }

  /** As `recordFeedback`, for several predictions in one statement. */
  recordFeedbackMany(actor: Actor, inputs: readonly FeedbackInput[]): Promise<FeedbackManyResult> {
    return this.feedback.recordMany(actor, inputs);
  }

  /** What the variants have earned, since all of them have; for each, in their order. */
  rewardsOf(actor: Actor, keys: readonly RewardKey[]): Promise<readonly RewardSummary[]> {
    authorize(actor, 'platform:read');
    return this.rewards.comparableRewards(actor.projectId, keys);
  }

  /**
   * How a variant of an endpoint that the caller was given is doing in this process; null where it does not run here.
   */
  healthOf({ projectId, name }: Endpoint, variantName: string): Health | null {
    const wait = this.input.routing.waitOf({ projectId, name }, variantName);
    if (wait) return { state: 'WAITING', ...wait };
    const running = this.input.routing.endpoint(projectId, name);
    const variants = running ? [...running.variants, ...running.shadows] : [];
    const variant = variants.find(({ name }) => name === variantName);
    if (!variant) return null;
    const health = variant.known.health.status(performance.now());
    const lack = health.state === 'HEALTHY' ? this.input.routing.lackOf(variant.model) : null;
    if (lack) return { state: 'WAITING', ...lack };
    // What its last prediction was told may have been for the moment: “in 60 s”.
    const reason = health.reason && (this.input.backend.whyNot(variant.model.file.sha256) ?? health.reason);
    return { ...health, reason };
  }

  /**
   * What other protocols call a model: an endpoint's name, else a model reference; what is not found is refused with
   * the versions there are, and a number that versions of several models behind one endpoint have with all of them.
   *
   * @param version a version's number or ordinal, behind an endpoint also a reference;
   *   null: what the endpoint runs, or what the reference leads to
   */
  addressOf(
    actor: Actor,
    model: string,
    version: string | null,
  ): Promise<ModelAddress | NotFound | InvalidInput> {
    return this.addresses.addressOf(actor, model, version);
  }

  /** As `addressOf`, with only what `predict` needs, from memory where the name is in use. */
  targetOf(
    actor: Actor,
    model: string,
    version: string | null,
  ): ModelTarget | NotFound | InvalidInput | Promise<ModelTarget | NotFound | InvalidInput> {
    return this.addresses.targetOf(actor, model, version);
  }

  /** What this process remembers for an endpoint that the caller was given. */
  cacheOf({ id }: Endpoint): CacheStatistics {
    return this.input.cache.statisticsOf(id);
  }

  /** Asks questions before callers do: those of a file, or those that came again lately. */
  warmCache(actor: Actor, request: WarmCache): Promise<WarmResult> {
    return this.warming.warm(actor, request);
  }

  /** Why a version could not answer now; null where it could. */
  whyNot({ sha256 }: ModelVersion): string | null {
    return this.input.backend.whyNot(sha256);
  }

  /** Brings what answers under a name into the workers' memory. */
  load(actor: Actor, model: string): Promise<LoadResult> {
    return this.control.load(actor, model);
  }

  /** Frees the workers' memory of what no endpoint runs. Who asks for it again finds it loaded again. */
  unload(actor: Actor, model: string): Promise<UnloadResult> {
    return this.control.unload(actor, model);
  }

  /** What can be asked by which name: the endpoints, then the models; newest first, bounded. */
  modelIndex(actor: Actor): Promise<readonly IndexedModel[]> {
    return this.control.index(actor);
  }

  /**
   * What this process has answered since it began.
   *
   * @param model null: every version of the project that was asked
   * @param version null: every version that answers under the name, or has
   */
  statisticsOf(
    actor: Actor,
    model: string | null,
    version: string | null,
  ): Promise<readonly NamedStatistics[] | NotFound | InvalidInput> {
    return this.control.statisticsOf(actor, model, version);
  }

  /** What models, workers, batches and caches of this process do, for Prometheus. */
  async metrics(scope: MetricScope): Promise<readonly MetricFamily[]> {
    const { statistics, batcher, cache, routing, remote } = this.input;
    const gpus = scope === 'everything' ? gpuMetrics(await seenGpus(this.input)) : [];
    const waiting = batcher.waiting();
    const ofProcess =
      scope === 'everything'
        ? [
            ...workerMetrics(seenWorkers(this.input)),
            ...batchMetrics(batcher.stats()),
            ...remoteMetrics(remote.servers(), remote.remotes()),
            ...sharedCacheMetrics(cache.sharedState()),
          ]
        : [];
    return [
      ...tritonMetrics(statistics, ({ sha256 }) => waiting.get(sha256) ?? 0, scope),
      ...cacheMetrics(routing.allEndpoints(), ({ id }) => cache.statisticsOf(id), scope),
      ...ofProcess,
      ...gpus,
    ];
  }

  /** How busy this process is, with the work of all projects. */
  workerLoad(actor: Actor): Promise<WorkerLoad> {
    authorize(actor, 'server:observe');
    return readWorkerLoad(this.input);
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
}

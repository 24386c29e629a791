import { authorize } from '../auth/auth';
import type { Datasets, DatasetVersion } from '../datasets/datasets';
import type { Actor } from '../kernel/actor';
import type { Page, PageRequest } from '../kernel/cursor';
import { Failure, notFound, refuse, type InvalidInput, type NotFound, type Refusal } from '../kernel/errors';
import type { Feed } from '../kernel/feed';
import { claimKey, rememberResult } from '../kernel/idempotency';
import { idOf, newId } from '../kernel/ids';
import { refusableTransaction } from '../kernel/refusable-transaction';
import type { Transaction } from '../kernel/sql';
import { listsOf, MAX_HISTORY_POINTS, readHistory, type MetricSeries } from './metric-history';
import { MetricQueries } from './metric.queries';
import type { Experiment, ExperimentId, KeyValue, MetricSummary, Run, RunArtifact, RunId } from './run';
import {
  checkExperiment,
  checkRun,
  type CreateExperimentInput,
  type LogMetricsInput,
  type StartRunInput,
} from './run-input';
import { followRun, noSuchRun, type RunMetricsEvent } from './run-metrics';
import { newRunName } from './run-name';
import type { RunSearch } from './run-search';
import {
  RunLog,
  type FinishRunInput,
  type LogArtifactInput,
  type Logged,
  type LogParamsInput,
  type LogResult,
  type RunLogDependencies,
} from './run-log';
import { idempotentRequest, replayedRun } from './run-retry';
import { RunSearchQueries } from './run-search.queries';
import { runStarted } from './tracking.events';
import { TrackingQueries } from './tracking.queries';
import { TrackingStore } from './tracking.store';

export type * from './run';
export type { CreateExperimentInput, LogMetricsInput, StartRunInput } from './run-input';
export type { MetricSeries } from './metric-history';
export type { FinishRunInput, LogArtifactInput, LogParamsInput, LogResult } from './run-log';
export type { RunMetricsEvent } from './run-metrics';
export type { RunSearch } from './run-search';
export type { RunStatus } from './run-status';

export interface TrackingDependencies extends RunLogDependencies {
  readonly datasets: Datasets;
}

type StartResult = Logged | Refusal<NotFound | InvalidInput>;
type ExperimentResult = { readonly ok: true; readonly experiment: Experiment; readonly created: boolean };

/** What was tried: experiments, their runs, and what the runs say while they go on. */
export class Tracking {
  private readonly queries: TrackingQueries;
  private readonly metrics: MetricQueries;
  private readonly searches: RunSearchQueries;
  private readonly store = new TrackingStore();
  private readonly log: RunLog;

  constructor(private readonly dependencies: TrackingDependencies) {
    this.queries = new TrackingQueries(dependencies.database);
    this.metrics = new MetricQueries(dependencies.database);
    this.searches = new RunSearchQueries(dependencies.database);
    this.log = new RunLog(dependencies);
  }

  /** The experiment of that name: the one that is there, as it is, or a new one. */
  async createExperiment(
    actor: Actor,
    input: CreateExperimentInput,
  ): Promise<ExperimentResult | Refusal<InvalidInput>> {
    authorize(actor, 'tracking:write');
    const invalid = checkExperiment(input);
    if (invalid) return refuse(invalid);
    return this.dependencies.database.transaction((tx) => this.ensureExperiment(tx, actor, input));
  }

  /** Starts a run; makes the experiment on first use. */
  async startRun(actor: Actor, input: StartRunInput): Promise<StartResult> {
    authorize(actor, 'tracking:write');
    const invalid = checkRun(input);
    if (invalid) return refuse(invalid);
    const refs = [...new Set(input.datasets ?? [])];
    const versions = await this.dependencies.datasets.versionsByRefs(actor, refs);
    const unknown = refs.find((_, index) => versions[index] === null);
    if (unknown !== undefined) return refuse(notFound('dataset version', unknown));
    const parent = await this.findRun(actor, input.parentRunId ?? null);
    if (input.parentRunId && !parent) return refuse(notFound('run', input.parentRunId));
    return refusableTransaction(this.dependencies.database, (tx) =>
      this.addRun(tx, actor, input, { parent, versions: versions.filter((version) => version !== null) }),
    );
  }

  /** Keeps all points or none. Values keep their bits; steps may repeat and go backwards. */
  async logMetrics(actor: Actor, input: LogMetricsInput): Promise<LogResult> {
    authorize(actor, 'tracking:write');
    return this.log.metrics(actor, input);
  }

  /** Params never change: the same value again is fine, another value is refused. */
  async logParams(actor: Actor, input: LogParamsInput): Promise<LogResult> {
    authorize(actor, 'tracking:write');
    return this.log.params(actor, input);
  }

  /** Names uploaded bytes as a file of the run. Another file under the same path takes its place. */
  async logArtifact(actor: Actor, input: LogArtifactInput): Promise<LogResult> {
    authorize(actor, 'tracking:write');
    return this.log.artifact(actor, input);
  }

  /** Ends a run, or takes up a failed one again (`RUNNING`). */
  async finishRun(actor: Actor, input: FinishRunInput): Promise<LogResult> {
    authorize(actor, 'tracking:write');
    return this.log.finish(actor, input);
  }

  async experimentByName(actor: Actor, name: string): Promise<Experiment | null> {
    authorize(actor, 'platform:read');
    return isStorable(name) ? this.queries.experimentByName(actor.projectId, name) : null;
  }

  /** Newest first; filtered by `name` and `description`. Cursors have one key. */
  async experiments(actor: Actor, filter: string | null, page: PageRequest): Promise<Page<Experiment>> {
    authorize(actor, 'platform:read');
    return this.queries.experiments(actor.projectId, filter, page);
  }

  async experimentsByIds(actor: Actor, ids: readonly ExperimentId[]): Promise<(Experiment | null)[]> {
    authorize(actor, 'platform:read');
    return this.queries.experimentsByIds(actor.projectId, ids);
  }

  async tagsByExperimentIds(actor: Actor, ids: readonly ExperimentId[]): Promise<(readonly KeyValue[])[]> {
    authorize(actor, 'platform:read');
    return this.queries.experimentTags(actor.projectId, ids);
  }

  /** Runs of the experiments of these names, or of all; see `cursorLength` for the cursors. */
  async runs(
    actor: Actor,
    experiments: readonly string[] | null,
    search: RunSearch,
    page: PageRequest,
  ): Promise<Page<Run>> {
    authorize(actor, 'platform:read');
    if (experiments && experiments.length > MAX_EXPERIMENT_NAMES) {
      throw new Failure('BAD_USER_INPUT', `experiments: expected at most ${MAX_EXPERIMENT_NAMES} names.`);
    }
    return this.searches.page(actor.projectId, experiments?.filter(isStorable) ?? null, search, page);
  }

  async runsByExperimentIds(
    actor: Actor,
    ids: readonly ExperimentId[],
    search: RunSearch,
    page: PageRequest,
  ): Promise<Page<Run>[]> {
    authorize(actor, 'platform:read');
    return this.searches.pagesByExperiment(actor.projectId, ids, search, page);
  }

  async runsByIds(actor: Actor, ids: readonly RunId[]): Promise<(Run | null)[]> {
    authorize(actor, 'platform:read');
    return this.queries.runsByIds(actor.projectId, ids);
  }

  async paramsByRunIds(actor: Actor, ids: readonly RunId[], keys: readonly string[] | null = null) {
    authorize(actor, 'platform:read');
    return this.queries.params(actor.projectId, ids, keys?.filter(isStorable) ?? null);
  }

  async tagsByRunIds(actor: Actor, ids: readonly RunId[]): Promise<(readonly KeyValue[])[]> {
    authorize(actor, 'platform:read');
    return this.queries.tags(actor.projectId, ids);
  }

  async metricSummariesByRunIds(
    actor: Actor,
    ids: readonly RunId[],
    keys: readonly string[] | null = null,
  ): Promise<(readonly MetricSummary[])[]> {
    authorize(actor, 'platform:read');
    return this.metrics.summaries(actor.projectId, ids, keys?.filter(isStorable) ?? null);
  }

  async artifactsByRunIds(actor: Actor, ids: readonly RunId[]): Promise<(readonly RunArtifact[])[]> {
    authorize(actor, 'platform:read');
    return this.queries.artifacts(actor.projectId, ids);
  }

  async datasetsByRunIds(actor: Actor, ids: readonly RunId[]): Promise<(readonly DatasetVersion[])[]> {
    authorize(actor, 'platform:read');
    const lists = await this.queries.datasetVersionIds(actor.projectId, ids);
    const versionIds = [...new Set(lists.flat())];
    const versions = await this.dependencies.datasets.versionsByIds(actor, versionIds);
    const byId = new Map(versions.filter((version) => version !== null).map((found) => [found.id, found]));
    return lists.map((list) => list.flatMap((id) => byId.get(id) ?? []));
  }

  /** For each run its series, in the order of `keys`; without those that have no points. */
  async historyByRunIds(
    actor: Actor,
    ids: readonly RunId[],
    keys: readonly string[],
    maxPoints: number,
  ): Promise<(readonly MetricSeries[])[]> {
    authorize(actor, 'platform:read');
    if (keys.length > MAX_HISTORY_KEYS) {
      throw new Failure('BAD_USER_INPUT', `keys: expected at most ${MAX_HISTORY_KEYS}, got ${keys.length}.`);
    }
    if (maxPoints < 1 || maxPoints > MAX_HISTORY_POINTS) {
      throw new Failure(
        'BAD_USER_INPUT',
        `maxPoints: expected 1 to ${MAX_HISTORY_POINTS}, got ${maxPoints}.`,
      );
    }
    const wanted = [...new Set(keys.filter(isStorable))];
    const extents = await this.metrics.extents(actor.projectId, ids, wanted);
    const series = await readHistory(this.metrics, extents, maxPoints);
    return listsOf(series, ids, wanted);
  }

  /** What a run tells, for any number of readers: snapshots, what is new, the end. Throws where there is no run. */
  async runMetrics(
    actor: Actor,
    { runId, keys }: { readonly runId: string; readonly keys: readonly string[] | null },
  ): Promise<Feed<RunMetricsEvent>> {
    authorize(actor, 'platform:read');
    const id = idOf('run', runId);
    if (id === null) throw noSuchRun();
    const reads = { runs: this.queries, metrics: this.metrics, bus: this.dependencies.bus };
    const wanted = keys?.filter(isStorable) ?? null;
    return followRun(reads, { projectId: actor.projectId, runId: id, keys: wanted });
  }

  private async findRun(actor: Actor, nodeId: string | null): Promise<Run | null> {
    const id = nodeId === null ? null : idOf('run', nodeId);
    return id === null ? null : this.queries.run(actor.projectId, id);
  }

  private async ensureExperiment(
    tx: Transaction,
    { projectId }: Actor,
    input: CreateExperimentInput,
  ): Promise<ExperimentResult> {
    const queries = new TrackingQueries(tx);
    const found = await queries.experimentByName(projectId, input.name);
    const added = found ? null : await this.store.addExperiment(tx, projectId, input);
    if (added) {
      if (input.tags?.length) await this.store.addExperimentTags(tx, added, input.tags);
      return { ok: true, experiment: added, created: true };
    }
    const experiment = found ?? (await queries.experimentByName(projectId, input.name));
    if (!experiment) throw new Error('An experiment that was there is never deleted.');
    return { ok: true, experiment, created: false };
  }

  private async addRun(
    tx: Transaction,
    actor: Actor,
    input: StartRunInput,
    { parent, versions }: { readonly parent: Run | null; readonly versions: readonly DatasetVersion[] },
  ): Promise<StartResult> {
    const request = idempotentRequest(actor, 'startRun', input);
    const first = await claimKey(tx, request);
    if (first.kind === 'mismatch') return refuse(first.error);
    if (first.kind === 'replay') return replayedRun(tx, actor, first.reference);
    const { experiment } = await this.ensureExperiment(tx, actor, { name: input.experiment });
    const run: Run = {
      id: newId(),
      projectId: actor.projectId,
      experimentId: experiment.id,
      name: input.name ?? newRunName(),
      status: 'RUNNING',
      startedAt: this.dependencies.clock.now(),
      endedAt: null,
      parentRunId: parent?.id ?? null,
      source: input.source ?? null,
    };
    const versionIds = [...new Set(versions.map(({ id }) => id))];
    await this.store.addRun(tx, run);
    if (input.params?.length) await this.store.addParams(tx, run, input.params);
    if (input.tags?.length) await this.store.addTags(tx, run, input.tags);
    await this.store.addDatasets(tx, run, versionIds);
    await this.dependencies.outbox.append(tx, runStarted(run, versionIds));
    await rememberResult(tx, request, run.id);
    return { ok: true, run };
  }
}

/** Names in one list of runs: a screen's worth of check boxes. */
const MAX_EXPERIMENT_NAMES = 100;
/** Series in one chart. */
const MAX_HISTORY_KEYS = 100;

/** PostgreSQL has no text with U+0000: nothing has such a name, and asking would be an error. */
const isStorable = (text: string) => !text.includes('\0') && text.isWellFormed();

import { authorize } from '../auth/auth';
import type { Datasets, DatasetVersion } from '../datasets/datasets';
import type { Actor } from '../kernel/actor';
import type { Page, PageRequest } from '../kernel/cursor';
import { isStorable } from '../kernel/database/sql';
import { ExperimentChanges } from './experiment-changes';
import { ExperimentSearchQueries, type ExperimentSearch } from './search/experiment-search.queries';
import { LiveRuns } from './live/live-runs';
import { LoggedModelStore } from './logged-models/logged-model.store';
import { LoggedModels } from './logged-models/logged-models';
import type { MetricSeries } from './metrics/metric-history';
import { ChartQueries } from './metrics/chart.queries';
import { readCompared } from './comparison/compared-runs';
import { MetricChart } from './metrics/metric-chart';
import type { MetricCompactor } from './metrics/metric-compactor';
import type { MetricFolder } from './metrics/metric-folder';
import type { LogColumnsInput } from './metrics/metric-input';
import { MetricLog } from './metrics/metric-log';
import type { PointsPage, PointsPlace } from './metrics/metric-points';
import { MetricReads, type HistoryRequest } from './metrics/metric-reads';
import { MetricQueries } from './metrics/metric.queries';
import type { Experiment, ExperimentId, KeyValue, MetricSummary, Run, RunArtifact, RunId } from './run';
import { Notebooks } from './notebooks/notebooks';
import { RunChanges } from './run-changes';
import type {
  CreateExperimentInput,
  LogMetricsInput,
  StartRunInput,
  UpdateExperimentInput,
  UpdateRunInput,
} from './tracking-input';
import { compareRuns, type RunComparison } from './comparison/run-comparison';
import {
  RunLog,
  type FinishRunInput,
  type LogArtifactInput,
  type LogBatchInput,
  type LogParamsInput,
  type LogResult,
  type RunLogDependencies,
} from './run-log';
import { RunInputs } from './inputs/run-inputs';
import { experimentsNamed } from './search/run-scope';
import type { RunSearch } from './search/run-search';
import { RunDeletion } from './deletion/run-deletion';
import { RunSearchQueries } from './search/run-search.queries';
import { Reproductions } from './setup/reproductions';
import { RunStart, type StartResult } from './run-start';
import { RunSetups } from './setup/run-setups';
import type { FactRule } from './setup/source-by-tags';
import type { RunUsers } from './deletion/run-users';
import { TrackingQueries } from './tracking.queries';
import type { Takers } from './tracking.store';

export { artifactPathFault } from './artifact-path';
export type * from './run';
export type {
  CreateExperimentInput,
  LogMetricsInput,
  StartRunInput,
  UpdateExperimentInput,
  UpdateRunInput,
} from './tracking-input';
export type * from './logged-model';
export type { MeasuredPoint } from './metrics/measured-points';
export type { LoggedModels, OfRun } from './logged-models/logged-models';
export type { MetricSeries } from './metrics/metric-history';
export type { PointsPage, PointsPlace } from './metrics/metric-points';
export type { HistoryRequest } from './metrics/metric-reads';
export type { StepRange } from './metrics/step-range';
export { MetricCompactor } from './metrics/metric-compactor';
export { MetricFolder } from './metrics/metric-folder';
export { eachOnce, type KeyedColumns, type PointColumns } from './metrics/metric-columns';
export type { LogColumnsInput } from './metrics/metric-input';
export type { FinishRunInput, LogArtifactInput, LogBatchInput, LogParamsInput, LogResult } from './run-log';
export { tagsOfSource } from './setup/source-tags';
export { CONTEXT_TAG, type DescribedDataset } from './inputs/described-dataset';
export type { Takers } from './tracking.store';
export type { ExperimentRunsEvent } from './live/experiment-runs';
export type { RunChange, RunChangeKind } from './live/run-change';
export { PurgeWorker } from './deletion/purge-worker';
export { RetentionKeeper } from './deletion/retention-keeper';
export type { ObeyedRule, RetentionRule } from './deletion/retention-rule';
export type { RunUser, RunUsers } from './deletion/run-users';
export type { RunMetricsEvent } from './live/run-metrics';
export type { RunComparison } from './comparison/run-comparison';
export type { RunSearch } from './search/run-search';
export type { RunStatus } from './run-status';
export type { ExperimentSearch } from './search/experiment-search.queries';

export interface TrackingDependencies extends RunLogDependencies {
  readonly datasets: Datasets;
  readonly compactor: MetricCompactor;
  /** Who has what came from runs. */
  readonly runUsers: RunUsers;
  readonly folder: MetricFolder;
}

/** What was tried: experiments, their runs, and what the runs say while they go on. */
export class Tracking {
  private readonly queries: TrackingQueries;
  private readonly metrics: MetricQueries;
  private readonly chart: MetricChart;
  private readonly metricReads: MetricReads;
  private readonly searches: RunSearchQueries;
  private readonly experimentSearches: ExperimentSearchQueries;
  private readonly experimentChanges: ExperimentChanges;
  private readonly runStart: RunStart;
  private readonly runChanges: RunChanges;
  private readonly log: RunLog;
  /** What runs read, told by their clients: use cases of their own, which authorise their callers too. */
  readonly inputs: RunInputs;
  /** What runs were made with, and how they are repeated; likewise. */
  readonly setups: RunSetups;
  readonly reproductions: Reproductions;
  private readonly metricLog: MetricLog;
  /** Runs as they are followed: use cases of their own, which authorise their callers too. */
  readonly live: LiveRuns;
  /** How runs go for good: use cases of their own, which authorise their callers too. */
  readonly deletion: RunDeletion;
  /** Models as runs log them: use cases of their own, which authorise their callers too. */
  readonly loggedModels: LoggedModels;
  /** Files of runs that are notebooks; it authorises its callers too. */
  readonly notebooks: Notebooks;

  constructor(private readonly dependencies: TrackingDependencies) {
    this.queries = new TrackingQueries(dependencies.database);
    this.metrics = new MetricQueries(dependencies.database, dependencies.folder);
    this.chart = new MetricChart(new ChartQueries(dependencies.database));
    this.metricReads = new MetricReads({
      metrics: this.metrics,
      chart: this.chart,
      datasets: dependencies.datasets,
      nowMs: () => dependencies.clock.now().getTime(),
    });
    this.searches = new RunSearchQueries(dependencies.database, dependencies.folder);
    this.experimentSearches = new ExperimentSearchQueries(dependencies.database);
    this.experimentChanges = new ExperimentChanges(dependencies);
    this.setups = new RunSetups(dependencies);
    const { experimentChanges: experiments, setups } = this;
    this.reproductions = new Reproductions({ ...dependencies, setups });
    this.runStart = new RunStart({ ...dependencies, experiments, setups });
    this.runChanges = new RunChanges(dependencies);
    this.metricLog = new MetricLog({ ...dependencies, models: new LoggedModelStore() });
    this.log = new RunLog(dependencies, this.metricLog);
    this.inputs = new RunInputs(dependencies);
    this.deletion = new RunDeletion({ ...dependencies, users: dependencies.runUsers });
    this.live = new LiveRuns({ ...dependencies, metrics: this.metrics, chart: this.chart });
    this.loggedModels = new LoggedModels({ ...dependencies, reads: this.metricReads });
    this.notebooks = new Notebooks(dependencies);
  }

  /** The experiment of that name: the one that is there, as it is, or a new one. */
  async createExperiment(actor: Actor, input: CreateExperimentInput) {
    authorize(actor, 'tracking:write');
    return this.experimentChanges.create(actor, input);
  }

  /** Changes what is given: its name, its description, and tags, which are put or taken away one by one. */
  async updateExperiment(actor: Actor, input: UpdateExperimentInput) {
    authorize(actor, 'tracking:write');
    return this.experimentChanges.update(actor, input);
  }

  /** With its runs, which come back with it. Its name stays taken. */
  async deleteExperiment(actor: Actor, experimentId: string) {
    authorize(actor, 'tracking:write');
    return this.experimentChanges.delete(actor, experimentId);
  }

  /** With the runs that were deleted with it. */
  async restoreExperiment(actor: Actor, experimentId: string) {
    authorize(actor, 'tracking:write');
    return this.experimentChanges.restore(actor, experimentId);
  }

  /** Starts a run; makes the experiment on first use. `parent` is read for this caller; absent: `parentRunId`. */
  async startRun(actor: Actor, input: StartRunInput, parent?: Run | null): Promise<StartResult> {
    authorize(actor, 'tracking:write');
    return this.runStart.start(actor, input, parent);
  }

  /** Changes the name and the tags that are given, also after the run has ended; by a rule those that are facts. */
  async updateRun(actor: Actor, input: UpdateRunInput, rule: FactRule = 'ONCE') {
    authorize(actor, 'tracking:write');
    return this.runChanges.update(actor, input, rule);
  }

  /** All or none. Those that are deleted already stay so. */
  async deleteRuns(actor: Actor, runIds: readonly string[]) {
    authorize(actor, 'tracking:write');
    return this.runChanges.delete(actor, runIds);
  }

  /** All or none; not while their experiment is deleted. */
  async restoreRuns(actor: Actor, runIds: readonly string[]) {
    authorize(actor, 'tracking:write');
    return this.runChanges.restore(actor, runIds);
  }

  /**
   * Keeps all points or none. Values keep their bits; steps may repeat and go backwards. Columns are the quicker form
   * for who has read many points.
   */
  async logMetrics(
    actor: Actor,
    input: LogMetricsInput | LogColumnsInput,
    takers: Takers = 'RUNNING',
  ): Promise<LogResult> {
    authorize(actor, 'tracking:write');
    return this.metricLog.add(actor, input, takers);
  }

  /** Params never change: the same value again is fine, another value is refused. */
  async logParams(actor: Actor, input: LogParamsInput, takers: Takers = 'RUNNING'): Promise<LogResult> {
    authorize(actor, 'tracking:write');
    return this.log.params(actor, input, takers);
  }

  /** Points, params and tags in one: all of it is kept or none. */
  async logBatch(actor: Actor, input: LogBatchInput, takers: Takers = 'RUNNING'): Promise<LogResult> {
    authorize(actor, 'tracking:write');
    return this.log.batch(actor, input, takers);
  }

  /** Names uploaded bytes as a file of the run. Another file under the same path takes its place. */
  async logArtifact(actor: Actor, input: LogArtifactInput, takers: Takers = 'RUNNING'): Promise<LogResult> {
    authorize(actor, 'tracking:write');
    return this.log.artifact(actor, input, takers);
  }

  /** Takes away the files at that path and below it; that there are none is no fault. Their bytes stay in the store. */
  async removeArtifacts(
    actor: Actor,
    { runId, path }: { readonly runId: string; readonly path: string },
    takers: Takers = 'RUNNING',
  ): Promise<LogResult> {
    authorize(actor, 'tracking:write');
    return this.log.removeArtifacts(actor, runId, path, takers);
  }

  /**
   * Ends a run, or takes up a failed one again (`RUNNING`).
   *
   * @param order whose statuses follow on each other: ours, or any on any, as MLflow's clients expect it
   */
  async finishRun(actor: Actor, input: FinishRunInput, order: 'OURS' | 'ANY' = 'OURS'): Promise<LogResult> {
    authorize(actor, 'tracking:write');
    return this.log.finish(actor, input, order);
  }

  async experimentByName(actor: Actor, name: string): Promise<Experiment | null> {
    authorize(actor, 'platform:read');
    return isStorable(name) ? this.queries.experimentByName(actor.projectId, name) : null;
  }

  /** By the search's keys, else newest first; see `listCursorLength` for the cursors. */
  async experiments(actor: Actor, search: ExperimentSearch, page: PageRequest): Promise<Page<Experiment>> {
    authorize(actor, 'platform:read');
    return this.experimentSearches.page(actor.projectId, search, page);
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
    return this.searches.page(actor.projectId, experimentsNamed(experiments), search, page);
  }

  /** Runs of these experiments in one list; as many of them as a client wants to see together. */
  async runsOfExperiments(
    actor: Actor,
    ids: readonly ExperimentId[],
    search: RunSearch,
    page: PageRequest,
  ): Promise<Page<Run>> {
    authorize(actor, 'platform:read');
    return this.searches.page(actor.projectId, { ids }, search, page);
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

  /** A page of the runs that are parts of each of these, oldest first. Cursors have one key. */
  async childrenByRunIds(actor: Actor, ids: readonly RunId[], page: PageRequest): Promise<Page<Run>[]> {
    authorize(actor, 'platform:read');
    return this.queries.children(actor.projectId, ids, page);
  }

  /** The uppermost run above each of these: itself where it is part of none. */
  async rootsByRunIds(actor: Actor, ids: readonly RunId[]): Promise<(Run | null)[]> {
    authorize(actor, 'platform:read');
    return this.queries.roots(actor.projectId, ids);
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

  /** Runs side by side, and what their params tell of a metric. Null where one of them is not there. */
  async compareRuns(
    actor: Actor,
    nodeIds: readonly string[],
    metric: string | null,
  ): Promise<RunComparison | null> {
    authorize(actor, 'platform:read');
    const compared = await readCompared(this.queries, this.metrics, actor.projectId, nodeIds);
    return compared && compareRuns(compared, metric);
  }

  /**
   * For each run its series, in the order of `keys`; without those that have no points.
   *
   * @see MetricReads.history
   */
  async historyByRunIds(
    actor: Actor,
    ids: readonly RunId[],
    request: HistoryRequest,
  ): Promise<(readonly MetricSeries[])[]> {
    authorize(actor, 'platform:read');
    return this.metricReads.history(actor, ids, request);
  }

  /**
   * A page of all points of one series, in order of time, then step, then value; null where there are none.
   *
   * @param place where the page begins; null: at the beginning
   */
  async pointsOfRun(
    actor: Actor,
    runId: RunId,
    key: string,
    { first, place }: { readonly first: number; readonly place: PointsPlace | null },
  ): Promise<PointsPage | null> {
    authorize(actor, 'platform:read');
    return this.metricReads.points(actor, runId, key, { first, place });
  }

  /** @see LiveRuns.metricsOf */
  runMetrics(...args: Parameters<LiveRuns['metricsOf']>): ReturnType<LiveRuns['metricsOf']> {
    return this.live.metricsOf(...args);
  }
}

import { authorize } from '../../auth/auth';
import type { Actor } from '../../kernel/actor';
import { parseSha256, type Artifacts } from '../../kernel/artifacts/artifacts';
import type { Clock } from '../../kernel/clock';
import type { Page, PageRequest } from '../../kernel/cursor';
import type { Database } from '../../kernel/database/database';
import { Failure, invalidInput, notFound, refuse, shorten } from '../../kernel/errors';
import type { InvalidInput, NotFound, Refusal } from '../../kernel/errors';
import { idOf, newId } from '../../kernel/ids';
import { refusableTransaction } from '../../kernel/database/refusable-transaction';
import type { Transaction } from '../../kernel/database/sql';
import { artifactPathFault } from '../artifact-path';
import type { LoggedModel, LoggedModelId, LoggedModelMetric, RunModel } from '../logged-model';
import {
  checkLoggedModel,
  checkLoggedModelUpdate,
  type CreateLoggedModelInput,
  type UpdateLoggedModelInput,
} from './logged-model-input';
import { LoggedModelQueries } from './logged-model.queries';
import { LoggedModelSearchQueries, type LoggedModelSearch } from './logged-model-search.queries';
import { LoggedModelStore } from './logged-model.store';
import type { MetricSeries } from '../metrics/metric-history';
import type { HistoryRequest, MetricReads } from '../metrics/metric-reads';
import { paramConflict } from '../param-conflict';
import type { ExperimentId, KeyValue, MetricSummary, Run, RunArtifact, RunId } from '../run';
import { newRunName } from '../run-name';
import { RunStore } from '../run.store';
import { artifactNotFound, experimentDeleted, runDeleted } from '../tracking.errors';
import { TrackingQueries } from '../tracking.queries';

/** Runs whose measurements of a model are told at once. */
const MAX_MEASURING_RUNS = 50;

/** What one run has of a model. */
export type OfRun<Name extends string, Value> = { readonly runId: RunId } & Readonly<Record<Name, Value>>;

type Changed = { readonly ok: true; readonly model: LoggedModel };
type Result = Promise<Changed | Refusal<NotFound | InvalidInput>>;

/** Models as runs log them: their files come one by one, and what is measured of them comes with the runs' metrics. */
export class LoggedModels {
  private readonly queries: LoggedModelQueries;
  private readonly searches: LoggedModelSearchQueries;
  private readonly store = new LoggedModelStore();
  private readonly runStore = new RunStore();

  constructor(
    private readonly needs: {
      readonly database: Database;
      readonly artifacts: Artifacts;
      readonly clock: Clock;
      readonly reads: MetricReads;
    },
  ) {
    this.queries = new LoggedModelQueries(needs.database);
    this.searches = new LoggedModelSearchQueries(needs.database);
  }

  /** It is `PENDING` until somebody says that its files are there. */
  async create(actor: Actor, input: CreateLoggedModelInput): Result {
    authorize(actor, 'tracking:write');
    const invalid = checkLoggedModel(input);
    if (invalid) return refuse(invalid);
    const experimentId: ExperimentId | null = idOf('experiment', input.experimentId);
    const sourceRunId: RunId | null = input.sourceRunId === null ? null : idOf('run', input.sourceRunId);
    return refusableTransaction<Changed, NotFound | InvalidInput>(this.needs.database, async (tx) => {
      const reads = new TrackingQueries(tx);
      const [experiment] = experimentId ? await reads.experimentsByIds(actor.projectId, [experimentId]) : [];
      if (!experiment) return refuse(notFound('experiment', input.experimentId));
      if (experiment.deletedAt) return refuse(experimentDeleted('experimentId', experiment.name));
      const run = sourceRunId && (await reads.run(actor.projectId, sourceRunId));
      if (input.sourceRunId !== null && !run) return refuse(notFound('run', input.sourceRunId));
      const now = this.needs.clock.now();
      const model: LoggedModel = {
        id: newId(),
        projectId: actor.projectId,
        experimentId: experiment.id,
        name: input.name ?? newRunName(),
        modelType: input.modelType,
        status: 'PENDING',
        sourceRunId: run?.id ?? null,
        createdAt: now,
        updatedAt: now,
      };
      await this.store.add(tx, model);
      if (input.params.length > 0) await this.store.addParams(tx, model, input.params);
      if (input.tags.length > 0) await this.store.putTags(tx, model, input.tags);
      return { ok: true, model };
    });
  }

  /** Changes what is given: its status, params that are new, and tags, which are put or taken away one by one. */
  async update(actor: Actor, id: LoggedModelId, input: UpdateLoggedModelInput): Result {
    authorize(actor, 'tracking:write');
    const invalid = checkLoggedModelUpdate(input);
    if (invalid) return refuse(invalid);
    return this.changing(actor, id, async (tx, before) => {
      const { params = [], tags = [], removeTags = [], status = before.status } = input;
      if (params.length > 0) {
        const conflict = paramConflict(params, await this.store.addParams(tx, before, params));
        if (conflict) return refuse(conflict);
      }
      if (removeTags.length > 0) await this.store.removeTags(tx, before, removeTags);
      if (tags.length > 0) await this.store.putTags(tx, before, tags);
      return {
        ok: true,
        model: await this.store.update(tx, before, { status, now: this.needs.clock.now() }),
      };
    });
  }

  /** It is nobody's then; runs and versions that came of it stay. */
  async delete(actor: Actor, id: LoggedModelId): Result {
    authorize(actor, 'tracking:write');
    return this.changing(actor, id, async (tx, model) => {
      await this.store.delete(tx, model, this.needs.clock.now());
      return { ok: true, model };
    });
  }

  /** Names uploaded bytes as a file of the model. Another file under the same path takes its place. */
  async logArtifact(
    actor: Actor,
    id: LoggedModelId,
    file: { readonly path: string; readonly sha256: string },
  ): Result {
    authorize(actor, 'tracking:write');
    const invalid = pathIssue(file.path);
    if (invalid) return refuse(invalid);
    const sha256 = parseSha256(file.sha256);
    const artifact = sha256 && (await this.needs.artifacts.find(actor.projectId, sha256));
    if (!artifact) return refuse(artifactNotFound(file.sha256));
    return this.changing(actor, id, async (tx, model) => {
      await this.store.putArtifact(tx, model, file.path, artifact.sha256);
      return { ok: true, model };
    });
  }

  /** Takes away the files at that path and below it; that there are none is no fault. */
  async removeArtifacts(actor: Actor, id: LoggedModelId, path: string): Result {
    authorize(actor, 'tracking:write');
    const invalid = pathIssue(path);
    if (invalid) return refuse(invalid);
    return this.changing(actor, id, async (tx, model) => {
      await this.store.removeArtifacts(tx, model, path);
      return { ok: true, model };
    });
  }

  /** Says that a run has made or used these models. All or none. */
  async link(
    actor: Actor,
    runId: string,
    models: readonly RunModel[],
  ): Promise<{ readonly ok: true; readonly run: Run } | Refusal<NotFound>> {
    authorize(actor, 'tracking:write');
    const id: RunId | null = idOf('run', runId);
    return refusableTransaction<{ readonly ok: true; readonly run: Run }, NotFound>(
      this.needs.database,
      async (tx) => {
        const run = id && (await this.runStore.hold(tx, actor.projectId, id));
        if (!run) return refuse(notFound('run', runId));
        if (run.deletedAt) return refuse(runDeleted(run));
        const ids = models.map(({ modelId }) => modelId);
        const known = await this.store.known(tx, actor.projectId, ids);
        const unknown = ids.find((modelId) => !known.has(modelId));
        if (unknown !== undefined) return refuse(notFound('logged model', unknown));
        await this.store.link(tx, run, models);
        return { ok: true, run };
      },
    );
  }

  async byIds(actor: Actor, ids: readonly LoggedModelId[]): Promise<(LoggedModel | null)[]> {
    authorize(actor, 'platform:read');
    return this.queries.byIds(actor.projectId, ids);
  }

  async paramsByIds(actor: Actor, ids: readonly LoggedModelId[]): Promise<(readonly KeyValue[])[]> {
    authorize(actor, 'platform:read');
    return this.queries.params(actor.projectId, ids);
  }

  async tagsByIds(actor: Actor, ids: readonly LoggedModelId[]): Promise<(readonly KeyValue[])[]> {
    authorize(actor, 'platform:read');
    return this.queries.tags(actor.projectId, ids);
  }

  async artifactsByIds(actor: Actor, ids: readonly LoggedModelId[]): Promise<(readonly RunArtifact[])[]> {
    authorize(actor, 'platform:read');
    return this.queries.artifacts(actor.projectId, ids);
  }

  async metricsByIds(actor: Actor, ids: readonly LoggedModelId[]): Promise<(readonly LoggedModelMetric[])[]> {
    authorize(actor, 'platform:read');
    return this.queries.metrics(actor.projectId, ids);
  }

  /**
   * What runs have measured of each over time: runs newest first, of each its series in the order of `keys`.
   *
   * @param runs of how many runs, those that were made last
   */
  async historyByIds(
    actor: Actor,
    ids: readonly LoggedModelId[],
    { runs, ...request }: HistoryRequest & { readonly runs: number },
  ): Promise<(readonly OfRun<'series', MetricSeries>[])[]> {
    authorize(actor, 'platform:read');
    return this.ofMeasuringRuns(actor, ids, runs, async (id, runIds) => {
      const lists = await this.needs.reads.history(actor, runIds, request, id);
      return runIds.flatMap((runId, index) => (lists[index] ?? []).map((series) => ({ runId, series })));
    });
  }

  /** What is known of these series without their points, by key; of each key what was measured on data comes later. */
  async summariesByIds(
    actor: Actor,
    ids: readonly LoggedModelId[],
    { runs, keys }: { readonly runs: number; readonly keys: readonly string[] | null },
  ): Promise<(readonly OfRun<'summary', MetricSummary>[])[]> {
    authorize(actor, 'platform:read');
    return this.ofMeasuringRuns(actor, ids, runs, async (id, runIds) => {
      const lists = await this.needs.reads.modelSummaries(actor, runIds, keys, id);
      return runIds.flatMap((runId, index) => (lists[index] ?? []).map((summary) => ({ runId, summary })));
    });
  }

  private async ofMeasuringRuns<Item>(
    { projectId }: Actor,
    ids: readonly LoggedModelId[],
    runs: number,
    read: (id: LoggedModelId, runIds: readonly RunId[]) => Promise<readonly Item[]>,
  ): Promise<(readonly Item[])[]> {
    if (runs < 1 || runs > MAX_MEASURING_RUNS)
      throw new Failure('BAD_USER_INPUT', `runs: expected 1 to ${MAX_MEASURING_RUNS}, got ${runs}.`);
    const lists = await this.queries.measuringRuns(projectId, ids, runs);
    const all: (readonly Item[])[] = [];
    for (const [index, id] of ids.entries())
      all.push(
        await read(
          id,
          (lists[index] ?? []).map(({ runId }) => runId),
        ),
      );
    return all;
  }

  /** What each of these runs has made and used. */
  async ofRuns(actor: Actor, runIds: readonly RunId[]): Promise<(readonly RunModel[])[]> {
    authorize(actor, 'platform:read');
    return this.queries.ofRuns(actor.projectId, runIds);
  }

  /** Of these experiments, by the search's keys, else newest first. */
  async search(
    actor: Actor,
    experimentIds: readonly ExperimentId[],
    search: LoggedModelSearch,
    page: PageRequest,
  ): Promise<Page<LoggedModel>> {
    authorize(actor, 'platform:read');
    return this.searches.page(actor.projectId, experimentIds, search, page);
  }

  private async changing(
    { projectId }: Actor,
    id: LoggedModelId,
    work: (tx: Transaction, before: LoggedModel) => Promise<Changed | Refusal<InvalidInput>>,
  ): Result {
    return refusableTransaction<Changed, NotFound | InvalidInput>(this.needs.database, async (tx) => {
      const before = await this.store.hold(tx, projectId, id);
      return before ? work(tx, before) : refuse(notFound('logged model', id));
    });
  }
}

function pathIssue(path: string): InvalidInput | null {
  const fault = artifactPathFault(path);
  return fault === null
    ? null
    : invalidInput([{ path: 'path', expected: fault, actual: `“${shorten(path)}”` }]);
}

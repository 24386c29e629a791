import type { Datasets, DatasetVersionId } from '../../datasets/datasets';
import type { Actor } from '../../kernel/actor';
import { Failure } from '../../kernel/errors';
import { isStorable } from '../../kernel/database/sql';
import type { LoggedModelId } from '../logged-model';
import type { ChartRequest, MetricChart } from './metric-chart';
import { listsOf, MAX_HISTORY_POINTS, readHistory, type MetricSeries } from './metric-history';
import { MetricPoints, type PointsPage, type PointsPlace } from './metric-points';
import { datasetSubject, modelSubject, WHOLE_RUN } from './metric-subject';
import type { MetricQueries } from './metric.queries';
import type { MetricSummary, RunId } from '../run';

export interface HistoryRequest extends ChartRequest {
  readonly keys: readonly string[];
  /** A reference: only what was measured on it. Null: all points. */
  readonly dataset: string | null;
}

/** Series in one chart. */
const MAX_HISTORY_KEYS = 100;

/**
 * The points of metrics, for charts and for those who want them all. The front door has checked that the caller may.
 */
export class MetricReads {
  private readonly pages: MetricPoints;

  constructor(
    private readonly needs: {
      readonly metrics: MetricQueries;
      readonly chart: MetricChart;
      readonly datasets: Datasets;
      readonly nowMs: () => number;
    },
  ) {
    this.pages = new MetricPoints(needs.metrics, needs.nowMs);
  }

  /**
   * For each run its series, in the order of `keys`; without those that have no points.
   *
   * @param model only what was measured of it
   */
  async history(
    actor: Actor,
    ids: readonly RunId[],
    { keys, dataset, range, maxPoints }: HistoryRequest,
    model: LoggedModelId | null = null,
  ): Promise<(readonly MetricSeries[])[]> {
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
    const versionId = await this.versionOf(actor, dataset);
    if (versionId === undefined) return ids.map(() => []);
    const subject = subjectOf(model, versionId);
    const extents = await this.needs.metrics.extents(actor.projectId, ids, { keys: wanted, subject });
    return listsOf(await readHistory(this.needs, extents, { range, maxPoints }), ids, wanted);
  }

  /** A page of all points of one series; null where there are none. */
  async points(
    actor: Actor,
    runId: RunId,
    key: string,
    { first, place }: { readonly first: number; readonly place: PointsPlace | null },
  ): Promise<PointsPage | null> {
    const wanted = { keys: [key].filter(isStorable), subject: WHOLE_RUN };
    const [extent] = await this.needs.metrics.extents(actor.projectId, [runId], wanted);
    if (!extent) return null;
    const upTo = place && place.upTo < extent.upTo ? place.upTo : extent.upTo;
    return this.pages.page({ ...extent, upTo }, place?.after ?? null, first);
  }

  /** For each run what is known of the series that are about the model. */
  async modelSummaries(
    { projectId }: Actor,
    ids: readonly RunId[],
    keys: readonly string[] | null,
    model: LoggedModelId,
  ): Promise<(readonly MetricSummary[])[]> {
    const wanted = keys?.filter(isStorable) ?? null;
    return this.needs.metrics.summaries(projectId, ids, wanted, modelSubject(model));
  }

  /** Undefined where there is no such dataset version: then nothing was measured on it. */
  private async versionOf(
    actor: Actor,
    dataset: string | null,
  ): Promise<DatasetVersionId | null | undefined> {
    if (dataset === null) return null;
    const [version] = await this.needs.datasets.versionsByRefs(actor, [dataset]);
    return version?.id;
  }
}

function subjectOf(model: LoggedModelId | null, versionId: DatasetVersionId | null): string {
  if (model !== null) return modelSubject(model, versionId);
  return versionId === null ? WHOLE_RUN : datasetSubject(versionId);
}

import type { Datasets, DatasetVersion, DatasetVersionId } from '../../datasets/datasets';
import type { Actor } from '../../kernel/actor';
import type { Database } from '../../kernel/database/database';
import { notFound, refuse, type NotFound, type Refusal } from '../../kernel/errors';
import { idOf, type ProjectId } from '../../kernel/ids';
import type { Transaction } from '../../kernel/database/sql';
import { NamedVersions } from '../inputs/named-versions';
import type { LoggedModelId } from '../logged-model';
import {
  aboutData,
  aboutModel,
  isOfModel,
  latestOfEach,
  measuredSeries,
  type MeasuredMetric,
  type MeasuredPoint,
} from './measured-points';
import type { SeriesColumns } from './metric-columns';
import type { LogColumnsInput } from './metric-input';
import type { MetricPoint, Run, RunId } from '../run';
import type { LogMetricsInput } from '../tracking-input';

/** What points that say what was measured are kept as besides points of their run. */
export interface Measured {
  readonly ok: true;
  readonly series: readonly SeriesColumns[];
  /** What the models are told to have; of each series the latest. */
  readonly metrics: readonly MeasuredMetric[];
}
const NOTHING: Measured = { ok: true, series: [], metrics: [] };

/** Logged models, as far as points are about them: the models themselves are kept elsewhere. */
export interface MeasuredModels {
  /** The ids among these that are models of the project, and not deleted. */
  known(
    tx: Transaction,
    projectId: ProjectId,
    ids: readonly LoggedModelId[],
  ): Promise<ReadonlySet<LoggedModelId>>;
  /** Keeps the latest of each series. @param metrics in order of arrival; of one series at most one */
  putMetrics(tx: Transaction, run: Run, metrics: readonly MeasuredMetric[]): Promise<void>;
}

/** Keeps what was measured of logged models, and on data that clients call by their own names. */
export class MeasuredLog {
  private readonly data: NamedVersions;
  private readonly models: MeasuredModels;

  constructor(needs: {
    readonly database: Database;
    readonly datasets: Pick<Datasets, 'versionsByDigests'>;
    readonly models: MeasuredModels;
  }) {
    this.models = needs.models;
    this.data = new NamedVersions(needs);
  }

  /** @param versions of the references in points, which count for these already */
  async prepare(
    actor: Actor,
    runId: RunId,
    input: LogMetricsInput | LogColumnsInput,
    { versions, nowMs }: { readonly versions: ReadonlyMap<string, DatasetVersion>; readonly nowMs: number },
  ): Promise<Measured | Refusal<NotFound>> {
    if ('points' in input) return ofPoints(input.points, versions, nowMs);
    const measured = input.measured ?? [];
    if (measured.length === 0) return NOTHING;
    const versionIds = await this.versionIds(actor, runId, measured);
    const points = measured.map((point) => {
      const versionId = versionIds.get(nameOf(point)) ?? null;
      return { point, about: [...aboutData(versionId), ...aboutModel(point, versionId)] };
    });
    return {
      ok: true,
      series: measuredSeries(points),
      metrics: latestOfEach(measured.filter(isOfModel)),
    };
  }

  /** Null where all of the models are there. */
  async keep(
    tx: Transaction,
    run: Run,
    metrics: readonly MeasuredMetric[],
  ): Promise<Refusal<NotFound> | null> {
    if (metrics.length === 0) return null;
    const ids = metrics.map(({ modelId }) => modelId);
    const known = await this.models.known(tx, run.projectId, ids);
    const unknown = ids.find((id) => !known.has(id));
    if (unknown !== undefined) return refuse(notFound('logged model', unknown));
    await this.models.putMetrics(tx, run, metrics);
    return null;
  }

  /** Those that are known, by what the points say. */
  private async versionIds(
    actor: Actor,
    runId: RunId,
    points: readonly MeasuredPoint[],
  ): Promise<ReadonlyMap<string, DatasetVersionId | null>> {
    const named = new Map<string, { readonly name: string; readonly digest: string }>();
    for (const point of points) {
      const { datasetName: name, datasetDigest: digest } = point;
      if (name !== null && digest !== null) named.set(nameOf(point), { name, digest });
    }
    const ids = await this.data.versionIds(actor, runId, [...named.values()]);
    return new Map([...named.keys()].map((name, index) => [name, ids[index] ?? null]));
  }
}

const nameOf = ({ datasetName, datasetDigest }: MeasuredPoint) =>
  `${datasetDigest ?? ''}\0${datasetName ?? ''}`;

function ofPoints(
  all: readonly MetricPoint[],
  versions: ReadonlyMap<string, DatasetVersion>,
  nowMs: number,
): Measured | Refusal<NotFound> {
  const points = [];
  const metrics: MeasuredMetric[] = [];
  for (const { key, step, value, timestamp, dataset, loggedModel } of all) {
    if (loggedModel === null || loggedModel === undefined) continue;
    const modelId = idOf('logged_model', loggedModel);
    if (modelId === null) return refuse(notFound('logged model', loggedModel));
    const version = (dataset && versions.get(dataset)) || null;
    const point: MeasuredMetric = {
      ...{ key, value, modelId },
      step: BigInt(step),
      timestamp: timestamp ?? new Date(nowMs),
      datasetName: version && version.ref.slice(0, version.ref.lastIndexOf('@')),
      datasetDigest: version && digestOf(version),
    };
    metrics.push(point);
    points.push({ point, about: aboutModel(point, version?.id ?? null) });
  }
  if (points.length === 0) return NOTHING;
  return { ok: true, series: measuredSeries(points), metrics: latestOfEach(metrics) };
}

/** As much of the bytes' hash as MLflow's clients take, as in what runs read. */
const digestOf = ({ sha256 }: DatasetVersion): string | null => sha256?.slice(0, 36) ?? null;

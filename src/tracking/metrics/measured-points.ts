import type { DatasetVersionId } from '../../datasets/datasets';
import type { LoggedModelId, LoggedModelMetric } from '../logged-model';
import type { SeriesColumns } from './metric-columns';
import { datasetSubject, modelSubject } from './metric-subject';

/** A point of a run that says what was measured: a logged model, on which data, or both. In its client's words. */
export interface MeasuredPoint extends Omit<LoggedModelMetric, 'runId'> {
  /** Null: only the data is named. */
  readonly modelId: LoggedModelId | null;
}

/** A point of a logged model. */
export type MeasuredMetric = MeasuredPoint & { readonly modelId: LoggedModelId };

export const isOfModel = (point: MeasuredPoint): point is MeasuredMetric => point.modelId !== null;

/** A series of a run that is about something. */
type About = Pick<SeriesColumns, 'subject' | 'datasetVersionId'>;

/** What a point counts for besides its run: the data, where the platform knows it. */
export const aboutData = (datasetVersionId: DatasetVersionId | null): readonly About[] =>
  datasetVersionId === null ? [] : [{ subject: datasetSubject(datasetVersionId), datasetVersionId }];

/** The model, and the model on that data. */
export function aboutModel(
  { modelId }: MeasuredPoint,
  datasetVersionId: DatasetVersionId | null,
): readonly About[] {
  if (modelId === null) return [];
  const whole = { subject: modelSubject(modelId), datasetVersionId: null };
  if (datasetVersionId === null) return [whole];
  return [whole, { subject: modelSubject(modelId, datasetVersionId), datasetVersionId }];
}

/** The points as series of all that they count for, each in order of arrival. */
export function measuredSeries(
  points: readonly { readonly point: MeasuredPoint; readonly about: readonly About[] }[],
): readonly SeriesColumns[] {
  const groups = new Map<string, About & { readonly key: string; readonly points: MeasuredPoint[] }>();
  for (const { point, about } of points)
    for (const one of about) {
      const name = `${one.subject}\0${point.key}`;
      const group = groups.get(name);
      if (group) group.points.push(point);
      else groups.set(name, { ...one, key: point.key, points: [point] });
    }
  return [...groups.values()].map(({ points: ofSeries, ...of }) => ({
    ...of,
    steps: BigInt64Array.from(ofSeries, ({ step }) => step),
    values: Float64Array.from(ofSeries, ({ value }) => value),
    timestamps: BigInt64Array.from(ofSeries, ({ timestamp }) => BigInt(timestamp.getTime())),
  }));
}

/** Of each series the metric that comes last: by step, then by time, then by arrival. */
export function latestOfEach(metrics: readonly MeasuredMetric[]): readonly MeasuredMetric[] {
  const latest = new Map<string, MeasuredMetric>();
  for (const metric of metrics) {
    const series = JSON.stringify([metric.modelId, metric.key, metric.datasetName, metric.datasetDigest]);
    const before = latest.get(series);
    const isLater =
      before === undefined ||
      metric.step > before.step ||
      (metric.step === before.step && metric.timestamp.getTime() >= before.timestamp.getTime());
    if (isLater) latest.set(series, metric);
  }
  return [...latest.values()];
}

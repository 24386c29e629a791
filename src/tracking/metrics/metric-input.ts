import type { DatasetVersion } from '../../datasets/datasets';
import type { InvalidInput } from '../../kernel/errors';
import { InputCheck, MAX_KEY_LENGTH } from '../../kernel/input-check';
import { concatColumns, toColumns, type KeyedColumns, type SeriesColumns } from './metric-columns';
import type { MeasuredPoint } from './measured-points';
import { datasetSubject, WHOLE_RUN } from './metric-subject';
import {
  checkIdempotencyKey,
  checkPoints,
  MAX_POINTS_PER_CALL,
  MAX_SERIES_PER_CALL,
  type LogMetricsInput,
} from '../tracking-input';

/**
 * Points as columns, for doors that read many of them: no object for each. Several entries may have one key, as where
 * each has a dataset of its own. The arrays are the platform's after the call.
 */
export interface LogColumnsInput {
  readonly runId: string;
  readonly series: readonly KeyedColumns[];
  /** Those of the points that name a logged model or data in their client's words, in order of arrival. */
  readonly measured?: readonly MeasuredPoint[];
  readonly idempotencyKey?: string | null;
}

/** What is refused of points, whatever form they have. */
export const checkMetrics = (input: LogMetricsInput | LogColumnsInput): InvalidInput | null =>
  'points' in input ? checkPoints(input) : checkColumns(input);

/** The datasets that the points name, each once. */
export function datasetsIn(input: LogMetricsInput | LogColumnsInput): readonly string[] {
  const refs = new Set<string>();
  for (const { dataset } of 'points' in input ? input.points : input.series) if (dataset) refs.add(dataset);
  return [...refs];
}

/**
 * The series of a call: of each metric all points, and once more those of each dataset.
 *
 * @param versions of every dataset that the points name
 */
export function toSeries(
  input: LogMetricsInput | LogColumnsInput,
  versions: ReadonlyMap<string, Pick<DatasetVersion, 'id'>>,
  nowMs: number,
): readonly SeriesColumns[] {
  const columns = 'points' in input ? toColumns(input.points, nowMs) : withWhole(input.series);
  return columns.map(({ key, dataset, steps, values, timestamps }) => {
    const datasetVersionId = (dataset && versions.get(dataset)?.id) || null;
    const subject = datasetVersionId === null ? WHOLE_RUN : datasetSubject(datasetVersionId);
    return { key, subject, datasetVersionId, steps, values, timestamps };
  });
}

function withWhole(series: readonly KeyedColumns[]): readonly KeyedColumns[] {
  const isPlain = ({ dataset, values }: KeyedColumns) => !dataset && values.length > 0;
  if (series.every(isPlain) && new Set(series.map(({ key }) => key)).size === series.length) return series;
  const byKey = new Map<string, KeyedColumns[]>();
  const byDataset = new Map<string, KeyedColumns[]>();
  const add = (groups: Map<string, KeyedColumns[]>, name: string, one: KeyedColumns) => {
    const group = groups.get(name);
    if (group) group.push(one);
    else groups.set(name, [one]);
  };
  for (const one of series) {
    if (one.values.length === 0) continue;
    add(byKey, one.key, { ...one, dataset: null });
    if (one.dataset) add(byDataset, `${one.key}\0${one.dataset}`, one);
  }
  return [...byKey.values(), ...byDataset.values()].map((group) => ({
    ...(group[0] as KeyedColumns),
    ...concatColumns(group),
  }));
}

function checkColumns({ series, idempotencyKey }: LogColumnsInput): InvalidInput | null {
  const check = new InputCheck().count('series', series.length, MAX_SERIES_PER_CALL);
  check.count(
    'points',
    series.reduce((sum, { values }) => sum + values.length, 0),
    MAX_POINTS_PER_CALL,
  );
  series.slice(0, MAX_SERIES_PER_CALL).forEach(({ key, steps, values, timestamps }, index) => {
    check.text(`series[${index}].key`, key, MAX_KEY_LENGTH);
    if (steps.length !== values.length || timestamps.length !== values.length)
      check.add(
        `series[${index}]`,
        'columns of one length',
        `${steps.length}, ${values.length}, ${timestamps.length}`,
      );
  });
  checkIdempotencyKey(check, idempotencyKey);
  return check.result();
}

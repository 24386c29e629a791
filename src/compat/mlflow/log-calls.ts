import type { Actor } from '../../kernel/actor';
import { isStorable } from '../../kernel/database/sql';
import type { KeyedColumns, LogBatchInput, MeasuredPoint, Tracking } from '../../tracking/tracking';
import type { Json } from './answer-json';
import type { Calls } from './calls';
import type { Fields } from './fields';
import { keyOf, keyValues } from './key-values';
import { loggedModelIdOf } from './logged-model-key';
import { doesNotExist, invalidParameter, unlessRefused } from './mlflow-error';
import { changeOf, runKeyOf } from './run-calls';

/** What one `log-batch` may hold, as MLflow has it. */
const MAX_METRICS = 1_000;
const MAX_PARAMS = 100;
const MAX_TAGS = 100;
const MAX_ENTITIES = 1_000;

/** What MLflow keeps of a param's and a tag's value; the rest is cut off without a word, as there. */
const PARAM_LENGTH = 6_000;
const TAG_LENGTH = 8_000;

/** What MLflow's clients call data by, in characters. */
const MAX_DATASET_NAME_LENGTH = 500;
const MAX_DIGEST_LENGTH = 36;

/** What runs tell: points of metrics, params and tags, one by one or together. */
export function logCalls(tracking: Tracking): Calls {
  /**
   * Points alone share their writing with whoever logs at the same time; what comes with other things is one with them.
   */
  const log = async (actor: Actor, runId: string, batch: Omit<LogBatchInput, 'runId'>): Promise<Json> => {
    const { series, params, tags, measured, name } = batch;
    const isPointsOnly = params.length + tags.length === 0 && name === null;
    unlessRefused(
      await (isPointsOnly
        ? tracking.logMetrics(actor, { runId, series, measured }, 'ALL')
        : tracking.logBatch(actor, { ...batch, runId }, 'ALL')),
    );
    return {};
  };
  return {
    'POST runs/log-batch': async (fields, actor) => {
      const lists = {
        metrics: fields.list('metrics'),
        params: fields.list('params'),
        tags: fields.list('tags'),
      };
      checkSizes(lists);
      const points = lists.metrics.map(pointOf);
      const params = cut(keyValues(lists.params), PARAM_LENGTH);
      const batch = { series: seriesOf(points), measured: measuredIn(lists.metrics), params };
      return log(actor, runKeyOf(fields), { ...batch, ...changeOf(cut(keyValues(lists.tags), TAG_LENGTH)) });
    },
    'POST runs/log-metric': (fields, actor) => {
      const batch = { series: seriesOf([pointOf(fields)]), measured: measuredOf(fields) };
      return log(actor, runKeyOf(fields), { ...batch, params: [], tags: [], name: null });
    },
    'POST runs/log-parameter': async (fields, actor) => {
      const params = cut(keyValues([fields]), PARAM_LENGTH);
      unlessRefused(await tracking.logParams(actor, { runId: runKeyOf(fields), params }, 'ALL'));
      return {};
    },
  };
}

const pointOf = (fields: Fields) => ({
  key: keyOf(fields),
  value: fields.double('value'),
  timestamp: fields.time('timestamp'),
  step: fields.optionalInteger('step') ?? 0n,
});

/** Points as columns by key, in order of arrival: parts of one column each, since most calls have many keys. */
function seriesOf(points: readonly ReturnType<typeof pointOf>[]): readonly KeyedColumns[] {
  const counts = new Map<string, number>();
  for (const { key } of points) counts.set(key, (counts.get(key) ?? 0) + 1);
  const steps = new BigInt64Array(points.length);
  const values = new Float64Array(points.length);
  const timestamps = new BigInt64Array(points.length);
  const ends = new Map<string, number>();
  let length = 0;
  for (const [key, count] of counts) {
    ends.set(key, length);
    length += count;
  }
  for (const { key, step, value, timestamp } of points) {
    const row = ends.get(key) as number;
    steps[row] = step;
    values[row] = value;
    timestamps[row] = BigInt(timestamp.getTime());
    ends.set(key, row + 1);
  }
  return Array.from(counts, ([key, count]) => {
    const end = ends.get(key) as number;
    return {
      key,
      steps: steps.subarray(end - count, end),
      values: values.subarray(end - count, end),
      timestamps: timestamps.subarray(end - count, end),
    };
  });
}

/** Most points name neither a model nor data. */
const measuredIn = (list: readonly Fields[]): readonly MeasuredPoint[] =>
  list
    .filter(({ values }) => values.model_id !== undefined || values.dataset_name !== undefined)
    .flatMap(measuredOf);

/** What a point says of a logged model or of data, where it names one. */
function measuredOf(fields: Fields): readonly MeasuredPoint[] {
  const key = fields.optionalText('model_id');
  const datasetName = wordOf(fields, 'dataset_name', MAX_DATASET_NAME_LENGTH);
  const datasetDigest = wordOf(fields, 'dataset_digest', MAX_DIGEST_LENGTH);
  if (key === null && (datasetName === null || datasetDigest === null)) return [];
  const modelId = key === null ? null : loggedModelIdOf(key);
  if (key !== null && modelId === null) throw doesNotExist(`Logged model with ID '${key}' not found.`);
  return [{ ...pointOf(fields), modelId, datasetName, datasetDigest }];
}

function wordOf(fields: Fields, name: string, maxLength: number): string | null {
  const word = fields.optionalText(name);
  if (word === null || (word.length <= maxLength && isStorable(word))) return word;
  throw fields.wrong(name, `a text of at most ${maxLength} characters`);
}

interface Lists {
  readonly metrics: readonly Fields[];
  readonly params: readonly Fields[];
  readonly tags: readonly Fields[];
}

function checkSizes({ metrics, params, tags }: Lists): void {
  const sizes = [
    { what: 'metrics', size: metrics.length, max: MAX_METRICS },
    { what: 'params', size: params.length, max: MAX_PARAMS },
    { what: 'tags', size: tags.length, max: MAX_TAGS },
    { what: 'entities', size: metrics.length + params.length + tags.length, max: MAX_ENTITIES },
  ];
  const over = sizes.find(({ size, max }) => size > max);
  if (over)
    throw invalidParameter(
      `A batch logging request can contain at most ${over.max} ${over.what}. Got ${over.size} ${over.what}. Please split up ${over.what} across multiple requests and try again.`,
    );
}

const cut = (list: ReturnType<typeof keyValues>, length: number): ReturnType<typeof keyValues> =>
  list.map(({ key, value }) => ({ key, value: value.slice(0, length) }));

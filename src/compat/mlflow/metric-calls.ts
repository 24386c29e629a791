import { encodeNodeId } from '../../kernel/ids';
import { decodeCursor, encodeCursor } from '../../kernel/cursor';
import type { Actor } from '../../kernel/actor';
import { eachOnce, type PointsPlace, type Run, type StepRange, type Tracking } from '../../tracking/tracking';
import type { Json } from './answer-json';
import type { Calls } from './calls';
import type { Fields } from './fields';
import { invalidParameter } from './mlflow-error';
import { PointsText } from './points-text';
import { findRun } from './run-calls';

/** Points that a client may ask for at once, and those of one answer, 10 MB: the rest is behind its page token. */
const MAX_PAGE_POINTS = 2_000_000;
const MAX_ANSWER_POINTS = 100_000;
const USUAL_PAGE_POINTS = 25_000;
/** What a chart may ask for, as MLflow has it. */
const MAX_CHART_RUNS = 100;
const MAX_CHART_POINTS = 2_500;
const USUAL_CHART_POINTS = 320;

/** The points of a run's metrics: all of them page by page, or what a chart needs of them. */
export function metricCalls(tracking: Tracking): Calls {
  const history = async (fields: Fields, actor: Actor): Promise<Json> => {
    const run = await findRun(tracking, actor, fields.eitherText('run_id', 'run_uuid'));
    const key = fields.text('metric_key');
    const asked = fields.count('max_results', { max: MAX_PAGE_POINTS, absent: MAX_PAGE_POINTS });
    const first = Math.min(asked, MAX_ANSWER_POINTS);
    const place = readPlace(fields.optionalText('page_token'));
    const page = run && (await tracking.pointsOfRun(actor, run.id, key, { first, place }));
    if (!page) return {};
    const metrics = new PointsText();
    metrics.add(key, page.points);
    return {
      metrics: metrics.list() ?? [],
      next_page_token: page.next ? placeToken(page.next) : undefined,
    };
  };

  const runsOf = async (actor: Actor, keys: readonly string[]): Promise<readonly Run[]> => {
    if (keys.length === 0) throw invalidParameter("Missing value for required parameter 'run_ids'.");
    if (keys.length > MAX_CHART_RUNS)
      throw invalidParameter(`At most ${MAX_CHART_RUNS} runs may be asked for, got ${keys.length}.`);
    const runs = await Promise.all(keys.map((key) => findRun(tracking, actor, key)));
    return runs.filter((run) => run !== null);
  };

  const chart = async (fields: Fields, actor: Actor): Promise<Json> => {
    const runs = await runsOf(actor, fields.texts('run_ids'));
    const key = fields.text('metric_key');
    const maxPoints = fields.count('max_results', { max: MAX_CHART_POINTS, absent: USUAL_CHART_POINTS });
    const range: StepRange = {
      fromStep: fields.optionalInteger('start_step'),
      toStep: fields.optionalInteger('end_step'),
    };
    const asked = { keys: [key], dataset: null, range, maxPoints };
    const lists = await tracking.historyByRunIds(
      actor,
      runs.map(({ id }) => id),
      asked,
    );
    const metrics = new PointsText();
    for (const [index, run] of runs.entries())
      for (const series of lists[index] ?? []) metrics.add(key, eachOnce(series), runId(run));
    return { metrics: metrics.list() };
  };

  const bulk = async (fields: Fields, actor: Actor): Promise<Json> => {
    const runs = await runsOf(actor, fields.texts('run_id'));
    const key = fields.text('metric_key');
    const first = fields.count('max_results', { max: USUAL_PAGE_POINTS, absent: USUAL_PAGE_POINTS });
    const metrics = new PointsText();
    for (const run of runs) {
      const page = await tracking.pointsOfRun(actor, run.id, key, {
        first: first - metrics.count,
        place: null,
      });
      if (page) metrics.add(key, page.points, runId(run));
      if (metrics.count >= first) break;
    }
    return { metrics: metrics.list() };
  };

  return {
    'GET metrics/get-history': history,
    'GET metrics/get-history-bulk': bulk,
    'GET metrics/get-history-bulk-interval': chart,
  };
}

const runId = ({ id }: Run): string => encodeNodeId('run', id);

/** The numbers as text: JSON has none of 64 bits, and no NaN. */
function placeToken({ upTo, after: { timestamp, step, value } }: PointsPlace): string {
  return encodeCursor([...[upTo, timestamp, step].map(String), Object.is(value, -0) ? '-0' : String(value)]);
}

function readPlace(token: string | null): PointsPlace | null {
  if (token === null) return null;
  const [upTo, timestamp, step, value] = decodeCursor(token, 4) ?? [];
  if (!isCall(upTo) || !isWhole(timestamp) || !isWhole(step) || !isDouble(value))
    throw invalidParameter('Invalid page token: expected the next_page_token of a page of this list.');
  return {
    upTo: BigInt(upTo),
    after: { timestamp: BigInt(timestamp), step: BigInt(step), value: Number(value) },
  };
}

const isCall = (text: unknown): text is string => typeof text === 'string' && /^\d{1,18}$/.test(text);
const isWhole = (text: unknown): text is string => typeof text === 'string' && /^-?\d{1,19}$/.test(text);
const isDouble = (text: unknown): text is string =>
  typeof text === 'string' && (text === 'NaN' || (text.trim() !== '' && !Number.isNaN(Number(text))));

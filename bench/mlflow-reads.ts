import { withCaller, type TrackingTarget } from './mlflow-caller';
import { expectedNames, pointValue, SEARCH } from './mlflow-data';

/** What MLflow's own client asks for at a time. */
const PAGE = 25_000;
/** What MLflow's page asks for. */
const CHART_POINTS = 320;

export interface Point {
  readonly value: number;
  readonly step: number;
}
export interface Page {
  readonly metrics?: readonly Point[];
  readonly next_page_token?: string;
}
interface FoundRun {
  readonly info: { readonly run_name: string };
}

export interface Filled {
  readonly experimentId: string;
  readonly runs: number;
  /** Of the long series, whose key is `loss`. */
  readonly runId: string;
  readonly points: number;
}

/**
 * The points of the long series, page by page as MLflow's client reads them; after the limit no page is begun.
 *
 * @returns how many they were, and how long it took, in ms
 */
export function readAll(target: TrackingTarget, { runId, points }: Filled, limitMs: number) {
  return withCaller(target, async (caller) => {
    const startedAt = performance.now();
    let [read, token] = [0, ''];
    do {
      const page = await caller.get<Page>(historyPath(runId, 'loss', PAGE, token));
      expectPoints(page.metrics ?? [], Math.min(PAGE, points - read), read);
      read += page.metrics?.length ?? 0;
      token = page.next_page_token ?? '';
    } while (token !== '' && performance.now() - startedAt < limitMs);
    if (token === '' && read !== points) throw new Error(`${read} points came back of ${points}.`);
    return { readPoints: read, readMs: performance.now() - startedAt };
  });
}

/** The chart of the long series, each time in ms; the first of them cold, where nobody has asked for it before. */
export function chart(target: TrackingTarget, { runId, points }: Filled, times: number): Promise<number[]> {
  const path = `/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids=${runId}&metric_key=loss&max_results=${CHART_POINTS}`;
  return withCaller(target, (caller) =>
    eachMs(times, async () => {
      const { metrics = [] } = await caller.get<Page>(path);
      const ends = [metrics[0]?.step, metrics.at(-1)?.step];
      if (metrics.length < CHART_POINTS / 2 || ends[0] !== 0 || ends[1] !== points - 1)
        throw new Error(`The chart has ${metrics.length} points, from ${ends[0]} to ${ends[1]}.`);
    }),
  );
}

/** Two predicates, sorted, the first hundred; each time in ms. */
export function search(
  target: TrackingTarget,
  { experimentId, runs }: Filled,
  times: number,
): Promise<number[]> {
  const expected = expectedNames(runs);
  return withCaller(target, (caller) =>
    eachMs(times, async () => {
      const { runs: found = [] } = await caller.post<{ runs?: readonly FoundRun[] }>('runs/search', {
        experiment_ids: [experimentId],
        filter: SEARCH.filter,
        order_by: [SEARCH.orderBy],
        max_results: SEARCH.limit,
      });
      const names = found.map(({ info }) => info.run_name);
      if (names.join() !== expected.join()) throw new Error(`The search found ${names.join(', ')}.`);
    }),
  );
}

export function expectPoints(found: readonly Point[], count: number, first: number): void {
  const isWhole =
    found.length === count &&
    found.every(({ step, value }, at) => step === first + at && value === pointValue(step));
  if (!isWhole)
    throw new Error(`${found.length} points came back that are not the ${count} that were logged.`);
}

export function historyPath(runId: string, key: string, limit: number, token = ''): string {
  const page = token === '' ? '' : `&page_token=${encodeURIComponent(token)}`;
  return `/api/2.0/mlflow/metrics/get-history?run_id=${runId}&metric_key=${key}&max_results=${limit}${page}`;
}

/** How long each of the calls took, one after the other, in ms; after the limit none is begun. */
export async function eachMs(
  times: number,
  work: (number: number) => Promise<unknown>,
  limitMs: number = Infinity,
): Promise<number[]> {
  const elapsedMs: number[] = [];
  const until = performance.now() + limitMs;
  for (let number = 0; number < times && performance.now() < until; number += 1) {
    const startedAt = performance.now();
    await work(number);
    elapsedMs.push(performance.now() - startedAt);
  }
  return elapsedMs;
}

/**
 * What both servers are filled with, worked out alike here and in `python/mlflow_fill.py`: run number i has metrics m0
 * to m4 (each (i × a prime) mod 1,000,003 / 1,000,003), params p0 to p4 and three tags; point s of the long series is s
 * / 7.
 */
export const STARTED_AT_MS = 1_700_000_000_000;
const MULTIPLIERS = [7919, 104729, 1299709, 15485863, 32452843] as const;
const MODULUS = 1_000_003;
const TAGS = [0, 1, 2] as const;

interface KeyValue {
  readonly key: string;
  readonly value: string;
}

export const SEARCH = {
  filter: "metrics.m0 < 0.01 and params.p0 = '3'",
  orderBy: 'metrics.m1 ASC',
  limit: 100,
} as const;

export const pointValue = (step: number): number => step / 7;

const metricValue = (run: number, metric: number): number =>
  ((run * (MULTIPLIERS[metric] ?? NaN)) % MODULUS) / MODULUS;
const paramValue = (run: number, param: number): string => String((run >> param) % 10);

export const metricsOf = (run: number) =>
  MULTIPLIERS.map((_, metric) => ({
    key: `m${metric}`,
    value: metricValue(run, metric),
    timestamp: STARTED_AT_MS + run,
    step: 0,
  }));
export const paramsOf = (run: number): KeyValue[] =>
  MULTIPLIERS.map((_, param) => ({ key: `p${param}`, value: paramValue(run, param) }));
export const tagsOf = (run: number): KeyValue[] =>
  TAGS.map((tag) => ({ key: `t${tag}`, value: String(run % (tag + 2)) }));

/** Names of the runs that the search must find, in order. */
export function expectedNames(runs: number): string[] {
  const found = Array.from({ length: runs }, (_, run) => run).filter(
    (run) => metricValue(run, 0) < 0.01 && paramValue(run, 0) === '3',
  );
  found.sort((a, b) => metricValue(a, 1) - metricValue(b, 1));
  return found.slice(0, SEARCH.limit).map((run) => `run ${run}`);
}

/** Points of a batch: all of one key, one step each, or one step of as many keys. */
export function batchOf(points: number, keys: 1 | 1000, batch: number) {
  return Array.from({ length: points }, (_, at) => {
    const step = keys === 1 ? batch * points + at : batch;
    return {
      key: keys === 1 ? 'loss' : `k${at}`,
      value: pointValue(step),
      timestamp: STARTED_AT_MS + step,
      step,
    };
  });
}

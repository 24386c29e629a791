import { Failure } from '../../kernel/errors';
import { pearson, spearman } from './correlation';
import { importances } from './param-importance';
import type { Column } from './regression-tree';
import type { KeyValue, MetricSummary, Run } from '../run';

/** One alone has nothing to be compared with. */
export const MIN_COMPARED_RUNS = 2;
/** Columns that a screen can show; importances of so many runs take less than a tenth of a second. */
export const MAX_COMPARED_RUNS = 100;
/** Keys of one kind that are shown; those that differ come first. */
export const MAX_COMPARED_KEYS = 1_000;
/** Params whose importance is told, of those that differ: each is tried at every split of every tree. */
const MAX_WEIGHED_PARAMS = 50;

/** What is compared of one run. */
export interface ComparedRun {
  readonly run: Run;
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly metrics: readonly MetricSummary[];
}

/** One key side by side: a value for each run, in the order of the runs; null where a run has none. */
export interface ComparedKey<Value> {
  readonly key: string;
  readonly values: readonly (Value | null)[];
  /** Whether the runs do not all have the same: having none is another value. */
  readonly differs: boolean;
}

/** What a param tells of a metric. */
export interface ParamInfluence {
  readonly key: string;
  /** Runs that have both, as finite numbers. */
  readonly runCount: number;
  /** −1 to 1; null where the param is no number, or one of both does not vary. */
  readonly pearson: number | null;
  readonly spearman: number | null;
  /** Share of 0 to 1 among all params. */
  readonly importance: number;
}

export interface RunComparison {
  readonly runs: readonly Run[];
  readonly params: readonly ComparedKey<string>[];
  readonly tags: readonly ComparedKey<string>[];
  readonly metrics: readonly ComparedKey<number>[];
  /** `repository`, `commit`, `entryPoint` and `dirty`. */
  readonly source: readonly ComparedKey<string>[];
  /** Whether all keys are shown. */
  readonly isWhole: boolean;
  /** Most important first; empty where no metric was asked about. */
  readonly influences: readonly ParamInfluence[];
}

/** Throws BAD_USER_INPUT for too few, too many or one twice. */
export function checkComparedIds(ids: readonly string[]): void {
  const isInRange = ids.length >= MIN_COMPARED_RUNS && ids.length <= MAX_COMPARED_RUNS;
  if (isInRange && new Set(ids).size === ids.length) return;
  const expected = `${MIN_COMPARED_RUNS} to ${MAX_COMPARED_RUNS} ids, each once`;
  throw new Failure('BAD_USER_INPUT', `runIds: expected ${expected}, got ${ids.length}.`);
}

/** @param metric the key whose last values are explained; null for none */
export function compareRuns(compared: readonly ComparedRun[], metric: string | null): RunComparison {
  const params = sideBySide(compared.map((one) => one.params.map(({ key, value }) => [key, value])));
  const tags = sideBySide(compared.map((one) => one.tags.map(({ key, value }) => [key, value])));
  const metrics = sideBySide(compared.map((one) => ofWholeRun(one.metrics)));
  const source = sideBySide(compared.map(({ run }) => sourceFacts(run)));
  const kinds = [params, tags, metrics, source];
  const target = metrics.find(({ key }) => key === metric)?.values;
  return {
    runs: compared.map(({ run }) => run),
    params: shown(params),
    tags: shown(tags),
    metrics: shown(metrics),
    source: shown(source),
    isWhole: kinds.every((keys) => keys.length <= MAX_COMPARED_KEYS),
    influences: target ? influences(params, target) : [],
  };
}

/** By key. */
function sideBySide<Value extends string | number>(
  columns: readonly (readonly (readonly [string, Value])[])[],
): readonly ComparedKey<Value>[] {
  const known = columns.map((column) => new Map(column));
  const keys = [...new Set(known.flatMap((column) => [...column.keys()]))].sort();
  return keys.map((key) => {
    const values = known.map((column) => column.get(key) ?? null);
    return { key, values, differs: values.some((value) => !Object.is(value, values[0])) };
  });
}

function shown<Value>(keys: readonly ComparedKey<Value>[]): readonly ComparedKey<Value>[] {
  if (keys.length <= MAX_COMPARED_KEYS) return keys;
  const differing = keys.filter(({ differs }) => differs);
  return [...differing, ...keys.filter(({ differs }) => !differs)].slice(0, MAX_COMPARED_KEYS);
}

const ofWholeRun = (metrics: readonly MetricSummary[]) =>
  metrics.filter((one) => one.datasetVersionId === null).map(({ key, last }) => [key, last] as const);

const sourceFacts = ({ source }: Run) =>
  (['repository', 'commit', 'branch', 'entryPoint', 'dirty'] as const).flatMap((fact) => {
    const value = source?.[fact] ?? null;
    return value === null ? [] : [[fact, String(value)] as const];
  });

/** Of the params that differ among the runs that have the metric as a finite number. */
function influences(
  params: readonly ComparedKey<string>[],
  metric: readonly (number | null)[],
): readonly ParamInfluence[] {
  const rows = metric.flatMap((value, row) => (value !== null && Number.isFinite(value) ? [row] : []));
  const target = rows.map((row) => metric[row] ?? NaN);
  const varying = params
    .map(({ key, values }) => ({ key, column: columnOf(rows.map((row) => values[row] ?? null)) }))
    .filter(({ column }) => column.some((value) => value !== column[0]))
    .slice(0, MAX_WEIGHED_PARAMS);
  const weights = importances(
    varying.map(({ column }) => column),
    target,
  );
  return varying
    .map(({ key, column }, at) => ({ key, ...correlations(column, target), importance: weights[at] ?? 0 }))
    .sort((a, b) => b.importance - a.importance);
}

/** Numbers where all that there is are numbers; else the texts. */
function columnOf(values: readonly (string | null)[]): Column {
  const numbers = values.map((value) => (value === null ? null : toNumber(value)));
  const areNumbers = numbers.every((value, row) => value !== null || values[row] === null);
  return areNumbers ? numbers : values;
}

/** As Python and JavaScript write numbers. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const toNumber = (text: string) => {
  const value = NUMBER.test(text.trim()) ? Number(text) : NaN;
  return Number.isFinite(value) ? value : null;
};

function correlations(column: Column, target: readonly number[]) {
  const rows = column.flatMap((value, row) => (typeof value === 'number' ? [row] : []));
  const [xs, ys] = [rows.map((row) => Number(column[row])), rows.map((row) => target[row] ?? NaN)];
  return { runCount: rows.length, pearson: pearson(xs, ys), spearman: spearman(xs, ys) };
}

import type { Cursor } from '../../kernel/cursor';
import { badCursor, cursorId } from '../../kernel/cursor-keys';
import { bind, operatorOf } from '../../kernel/filter/filter-sql';
import type { FilterNode } from '../../kernel/filter/filter-tree';
import type { RunFact } from './run-fact-sql';
import { runPredicate, type RunPredicate } from './run-predicate';
import { singleExperimentSql, type RunScope } from './run-scope';
import type { ParsedSearch } from './run-search';

/** The next runs in the order of an index, from the cursor on. `$1` is the project. */
export interface RunWalk {
  /** SQL that gives the columns `id` and `value`: at most `rows`. */
  sql(rows: number, parameters: unknown[]): string;
  /** Whether the index has the whole order, ties included; else the last of equal values may be missing. */
  readonly isWhole: boolean;
  /** Whether it comes past every run that the filter can find: those without a value are in no index of values. */
  readonly isComplete: boolean;
}

/** What no run without the metric answers, nor one where it is NaN. */
const NUMBERS_ONLY = /^(=|<|<=|>|>=|IN|(NOT )?BETWEEN)$/;

/** The walk of a list, where an index has its first sort key: a metric, or the time at which runs were started. */
export function runWalk(
  { sorts, conjuncts }: ParsedSearch,
  after: Cursor | null,
  scope: RunScope,
): RunWalk | null {
  const [sort] = sorts;
  if (!sort) return null;
  const start = after === null ? undefined : after[0];
  if (start === null) return null; // behind the last run with a value
  if (start !== undefined && (typeof start !== 'string' || !sort.type.isValid(start))) throw badCursor();
  const isWhole = sorts.length === 1 && sort.direction === 'DESC'; // as ties go: the newest id first
  const fromCursor = (value: string, id: string, parameters: unknown[]) => {
    if (after === null || start === undefined) return '';
    const key = bind(parameters, start, sort.type.sql);
    if (isWhole) return `AND (${value}, ${id}) < (${key}, ${bind(parameters, cursorId(after, 1), 'uuid')})`;
    return `AND ${value} ${sort.direction === 'ASC' ? '>=' : '<='} ${key}`;
  };
  const { fact, direction } = sort;
  const asked = askedOf(fact, conjuncts);
  const narrowed = (value: string, parameters: unknown[]) =>
    asked.map(({ test }) => `AND ${test(value, parameters)}`).join(' ');
  if (fact.kind === 'metric') {
    return {
      sql: (rows, parameters) => `SELECT w.run_id AS id, w.last_value AS value FROM metric_series w
        WHERE w.project_id = $1 AND w.subject = '' AND w.key = ${bind(parameters, fact.key, 'text')}
          AND w.last_value <= 'Infinity' ${narrowed('w.last_value', parameters)}
          ${fromCursor('w.last_value', 'w.run_id', parameters)}
        ORDER BY w.last_value ${direction}, w.run_id ${direction} LIMIT ${rows}`,
      isWhole,
      isComplete: asked.some(({ predicate }) => NUMBERS_ONLY.test(operatorOf(predicate))),
    };
  }
  if (fact.kind !== 'attribute' || fact.column !== 'started_at') return null;
  return {
    sql: (rows, parameters) => {
      const experiment = singleExperimentSql(scope, parameters);
      return `SELECT w.id, w.started_at AS value FROM run w
        WHERE ${experiment === null ? 'w.project_id = $1' : `w.experiment_id = ${experiment}`}
          ${narrowed('w.started_at', parameters)} ${fromCursor('w.started_at', 'w.id', parameters)}
        ORDER BY w.started_at ${direction}, w.id ${direction} LIMIT ${rows}`;
    },
    isWhole,
    isComplete: true,
  };
}

/** What the filter asks of the very value that is walked along: where the walk begins or ends. */
function askedOf(walked: RunFact, conjuncts: readonly FilterNode[]): readonly RunPredicate[] {
  return conjuncts
    .flatMap((part) => ('children' in part || 'child' in part ? [] : [runPredicate(part)]))
    .filter(({ fact }) => JSON.stringify(fact) === JSON.stringify(walked));
}

import type { Cursor } from '../cursor';
import { Failure } from '../errors';
import { filterError, parseFilter, parseSortKey } from '../filter/filter';
import { bindValues, filterSql, operatorOf, predicateSql, valuesOf } from '../filter/filter-sql';
import type { FilterKey, FilterValue, Predicate } from '../filter/filter-tree';
import {
  afterSql,
  NUMBER_SORT,
  orderSql,
  sortTexts,
  TEXT_SORT,
  TIME_SORT,
  type KeysetSort,
  type SortType,
} from './keyset';

/** A value of a row that lists can be filtered and sorted by: SQL of ours, null for a row that has none. */
export interface SearchColumn {
  readonly sql: string;
  readonly type: 'text' | 'time' | 'number';
}

/** Finds the column of a key; null where there is none. A name of the client's goes to `parameters`. */
export type ColumnOf = (key: FilterKey, parameters: unknown[]) => SearchColumn | null;

export interface ColumnSearch {
  readonly filter: string | null;
  readonly orderBy: readonly string[];
  /** The sort key where the client gives none. */
  readonly usualOrder: string;
  /** What there is, for who asks for something else. */
  readonly known: string;
  readonly columnOf: ColumnOf;
}

/** The parts of `WITH found AS (SELECT <id> AS id, <columns> … WHERE <condition>) SELECT <texts> FROM found f …`. */
export interface ColumnSearchSql {
  readonly columns: string;
  readonly condition: string;
  readonly texts: string;
  readonly after: string;
  readonly order: string;
  readonly sortCount: number;
}

/** Most sort keys of one list. */
const MAX_SORT_KEYS = 20;

const SORT_TYPES = { text: TEXT_SORT, time: TIME_SORT, number: NUMBER_SORT } as const satisfies Record<
  SearchColumn['type'],
  SortType
>;
const OPERATORS = {
  text: { allowed: /^(=|!=|(NOT )?(LIKE|ILIKE|IN)|IS (NOT )?NULL)$/, said: 'one of = != LIKE ILIKE IN' },
  time: { allowed: /^(=|!=|<|<=|>|>=|(NOT )?(IN|BETWEEN)|IS (NOT )?NULL)$/, said: 'a comparison of times' },
  number: {
    allowed: /^(=|!=|<|<=|>|>=|(NOT )?(IN|BETWEEN)|IS (NOT )?NULL)$/,
    said: 'a comparison of numbers',
  },
} as const;
const SQL_TYPES = { text: 'text', time: 'timestamptz', number: 'float8' } as const;

/**
 * Length of the cursors of a list with so many sort keys, or with the one that is usual: its mark, those keys, the id.
 */
export const listCursorLength = (orderBy: readonly string[]): number => Math.max(1, orderBy.length) + 2;

/**
 * A list of a table's rows, filtered and sorted by its columns. Throws BAD_USER_INPUT, with the position, for what
 * cannot be asked.
 */
export function columnSearchSql(
  search: ColumnSearch,
  after: Cursor | null,
  parameters: unknown[],
): ColumnSearchSql {
  const { filter, orderBy, usualOrder } = search;
  if (orderBy.length > MAX_SORT_KEYS)
    throw new Failure('BAD_USER_INPUT', `orderBy: expected at most ${MAX_SORT_KEYS} keys.`);
  const keys = (orderBy.length === 0 ? [usualOrder] : orderBy).map(parseSortKey);
  const columns = keys.map((key) => column('orderBy', search, key, parameters));
  const sorts = keys.map(({ direction }, at): KeysetSort => {
    const type = SORT_TYPES[(columns[at] as SearchColumn).type];
    return { direction, type, isOfAll: false };
  });
  const tree = parseFilter(filter ?? '');
  return {
    columns: columns
      .map(({ sql, type }, at) => `${sql}${type === 'text' ? ' COLLATE "C"' : ''} AS sort_${at}`)
      .join(', '),
    condition:
      tree === null ? 'TRUE' : filterSql(tree, (predicate) => questionSql(search, predicate, parameters)),
    texts: sortTexts(sorts, 'f'),
    after: afterSql(sorts, after, 'f', parameters),
    order: orderSql(sorts, 'f'),
    sortCount: sorts.length,
  };
}

function column(
  argument: string,
  { columnOf, known }: ColumnSearch,
  key: FilterKey,
  parameters: unknown[],
): SearchColumn {
  const found = columnOf(key, parameters);
  if (found === null) throw filterError(argument, `one of: ${known}`, key.position, key.key);
  return found;
}

function questionSql(search: ColumnSearch, predicate: Predicate, parameters: unknown[]): string {
  const { sql, type } = column('filter', search, predicate, parameters);
  const { allowed, said } = OPERATORS[type];
  const operator = operatorOf(predicate);
  if (!allowed.test(operator)) throw filterError('filter', said, predicate.position, operator);
  const values = new Map(valuesOf(predicate).map((value) => [value, valueText(value, type, predicate)]));
  const textOf = (value: FilterValue) => values.get(value) ?? '';
  return predicateSql(sql, predicate, (asked) =>
    bindValues(parameters, typeof asked === 'object' ? asked.map(textOf) : textOf(asked), SQL_TYPES[type]),
  );
}

function valueText(value: FilterValue, type: SearchColumn['type'], { key, position }: Predicate): string {
  if (type === 'text' && typeof value !== 'string')
    throw filterError('filter', `a quoted text to compare “${key}” with`, position);
  if (type === 'number' && typeof value !== 'number')
    throw filterError('filter', `a number to compare “${key}” with`, position);
  return type === 'time' ? timeText(value, position) : String(value);
}

/** Milliseconds since 1970, as MLflow has it, or an ISO date. @throws BAD_USER_INPUT */
export function timeText(value: FilterValue, position: number): string {
  const time = new Date(value);
  const isKnownToBoth =
    !Number.isNaN(time.getTime()) && time.getUTCFullYear() > 0 && time.getUTCFullYear() < 10_000;
  if (isKnownToBoth) return time.toISOString();
  const expected = 'a time: milliseconds since 1970 or an ISO date such as 2026-11-22T10:00:00Z';
  throw filterError('filter', expected, position);
}

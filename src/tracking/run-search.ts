import type { Cursor } from '../kernel/cursor';
import { Failure } from '../kernel/errors';
import { badCursor, cursorId } from '../kernel/cursor-keys';
import { parseFilter, parseSortKey, type SortKey } from '../kernel/filter';
import { bind } from '../kernel/filter-sql';
import { conditionSql } from './run-filter';
import { sortExpression, type SortType } from './run-sort';

/** What a client asks of a list of runs. */
export interface RunSearch {
  readonly filter: string | null;
  readonly orderBy: readonly string[];
}

/** The parts of a statement over `run r`. Every value of the client's is in `parameters`. */
export interface RunSearchSql {
  readonly joins: string;
  readonly condition: string;
  readonly order: string;
  /** Columns `sort_0`, `sort_1`, … of type text: what a cursor keeps. */
  readonly sortColumns: string;
  readonly sortCount: number;
}

/** Most sort keys of one list: each is a join. */
const MAX_SORT_KEYS = 5;
const NEWEST_FIRST: SortKey = { entity: 'attributes', key: 'start_time', direction: 'DESC', position: 1 };

interface Sort {
  readonly sql: string;
  readonly type: SortType;
  readonly direction: 'ASC' | 'DESC';
}

/** Length of the cursors of a list: one key for each sort key, and the id. */
export const cursorLength = ({ orderBy }: RunSearch): number => Math.max(1, orderBy.length) + 1;

/**
 * Turns a search into SQL. Pages are cut by all sort keys and then the id, both newest first; runs without a value
 * come last whichever the direction. Throws BAD_USER_INPUT with the position of what cannot be used.
 */
export function runSearchSql(search: RunSearch, after: Cursor | null, parameters: unknown[]): RunSearchSql {
  if (search.orderBy.length > MAX_SORT_KEYS) {
    throw new Failure('BAD_USER_INPUT', `orderBy: expected at most ${MAX_SORT_KEYS} keys.`);
  }
  const keys = search.orderBy.length === 0 ? [NEWEST_FIRST] : search.orderBy.map(parseSortKey);
  const joins: string[] = [];
  const sorts = keys.map((key, index): Sort => {
    const { join, sql, type } = sortExpression(key, `s${index}`, parameters);
    if (join !== null) joins.push(join);
    return { sql, type, direction: key.direction };
  });
  const conditions = parseFilter(search.filter ?? '').map((comparison) =>
    conditionSql(comparison, parameters),
  );
  if (after !== null) conditions.push(afterSql(sorts, after, parameters));
  const order = sorts.map(({ sql, direction }) => `${sql} ${direction} NULLS LAST`);
  return {
    joins: joins.join(' '),
    condition: conditions.length === 0 ? 'TRUE' : conditions.join(' AND '),
    order: [...order, 'r.id DESC'].join(', '),
    sortColumns: sorts.map(({ sql }, index) => `(${sql})::text AS sort_${index}`).join(', '),
    sortCount: sorts.length,
  };
}

/** The rows behind the cursor: equal in the first keys, and behind it in the next one. */
function afterSql(sorts: readonly Sort[], after: Cursor, parameters: unknown[]): string {
  const alternatives: string[] = [];
  const equal: string[] = [];
  sorts.forEach(({ sql, type, direction }, index) => {
    const key = after[index] ?? null;
    if (key === null) {
      equal.push(`${sql} IS NULL`);
      return; // nulls are last: nothing is behind one but what the next keys tell apart
    }
    if (typeof key !== 'string' || !type.isValid(key)) throw badCursor();
    const value = bind(parameters, key, type.sql);
    const behind = `${sql} ${direction === 'ASC' ? '>' : '<'} ${value}`;
    alternatives.push([...equal, `(${behind} OR ${sql} IS NULL)`].join(' AND '));
    equal.push(`${sql} = ${value}`);
  });
  const id = bind(parameters, cursorId(after, sorts.length), 'uuid');
  alternatives.push([...equal, `r.id < ${id}`].join(' AND '));
  return `(${alternatives.map((alternative) => `(${alternative})`).join(' OR ')})`;
}

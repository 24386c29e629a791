import type { Cursor } from '../cursor';
import { badCursor, cursorId } from '../cursor-keys';
import { bind } from '../filter/filter-sql';

/** A type of sort values, as SQL names it, and which texts in a cursor can be one. */
export interface SortType {
  readonly sql: string;
  isValid(text: string): boolean;
}

export const TEXT_SORT: SortType = { sql: 'text COLLATE "C"', isValid: (text) => !text.includes('\0') };
export const TIME_SORT: SortType = {
  sql: 'timestamptz',
  isValid: (text) => /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d){0,2}$/.test(text),
};
export const NUMBER_SORT: SortType = {
  sql: 'float8',
  isValid: (text) => /^(-?\d+(\.\d+)?(e[+-]\d+)?|-?Infinity)$/.test(text) && text.length <= 30,
};

/** A key by which a list is sorted: the column `sort_0`, `sort_1`, … of a table. */
export interface KeysetSort {
  readonly direction: 'ASC' | 'DESC';
  readonly type: SortType;
  /** Whether every row has it: an index knows no order of nulls but its own. */
  readonly isOfAll: boolean;
}

/** The sort columns of `table` as the texts that a cursor keeps. */
export const sortTexts = (sorts: readonly KeysetSort[], table: string): string =>
  sorts.map((_, at) => `${table}.sort_${at}::text AS sort_${at}`).join(', ');

/** Rows without a value come last whichever the direction; ties go by id, newest first. */
export const orderSql = (sorts: readonly KeysetSort[], table: string): string =>
  [
    ...sorts.map(
      ({ direction, isOfAll }, at) => `${table}.sort_${at} ${direction} ${isOfAll ? '' : 'NULLS LAST'}`,
    ),
    `${table}.id DESC`,
  ].join(', ');

/** The rows of `table` behind the cursor: equal in the first keys, and behind it in the next one. */
export function afterSql(
  sorts: readonly KeysetSort[],
  after: Cursor | null,
  table: string,
  parameters: unknown[],
): string {
  if (after === null) return 'TRUE';
  const alternatives: string[] = [];
  const equal: string[] = [];
  sorts.forEach(({ type, direction }, at) => {
    const column = `${table}.sort_${at}`;
    const key = after[at] ?? null;
    if (key === null) {
      equal.push(`${column} IS NULL`);
      return; // nulls are last: nothing is behind one but what the next keys tell apart
    }
    if (typeof key !== 'string' || !type.isValid(key)) throw badCursor();
    const value = bind(parameters, key, type.sql);
    const behind = `${column} ${direction === 'ASC' ? '>' : '<'} ${value}`;
    alternatives.push([...equal, `(${behind} OR ${column} IS NULL)`].join(' AND '));
    equal.push(`${column} = ${value}`);
  });
  const id = bind(parameters, cursorId(after, sorts.length), 'uuid');
  alternatives.push([...equal, `${table}.id < ${id}`].join(' AND '));
  return `(${alternatives.map((alternative) => `(${alternative})`).join(' OR ')})`;
}

/** What a cursor keeps of a row with such columns. */
export const keysetCursor = (
  row: { readonly id: string } & Readonly<Record<`sort_${number}`, string | null>>,
  sortCount: number,
): Cursor => [...Array.from({ length: sortCount }, (_, at) => row[`sort_${at}`] ?? null), row.id];

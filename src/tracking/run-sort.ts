import { filterError, type SortKey } from '../kernel/filter';
import { bind } from '../kernel/filter-sql';

/** A type of sort values, as SQL names it, and which texts in a cursor can be one. */
export interface SortType {
  readonly sql: string;
  isValid(text: string): boolean;
}

export interface SortExpression {
  readonly join: string | null;
  readonly sql: string;
  readonly type: SortType;
}

const TEXT: SortType = { sql: 'text COLLATE "C"', isValid: (text) => !text.includes('\0') };
const TIME: SortType = {
  sql: 'timestamptz',
  isValid: (text) => /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d){0,2}$/.test(text),
};
const NUMBER: SortType = {
  sql: 'float8',
  isValid: (text) => /^(-?\d+(\.\d+)?(e[+-]\d+)?|-?Infinity)$/.test(text) && text.length <= 30,
};

const ATTRIBUTES: ReadonlyMap<string, { readonly sql: string; readonly type: SortType }> = new Map([
  ['name', { sql: 'r.name COLLATE "C"', type: TEXT }],
  ['run_name', { sql: 'r.name COLLATE "C"', type: TEXT }],
  ['status', { sql: 'r.status COLLATE "C"', type: TEXT }],
  ['start_time', { sql: 'r.started_at', type: TIME }],
  ['end_time', { sql: 'r.ended_at', type: TIME }],
  ['run_id', { sql: 'r.id::text COLLATE "C"', type: TEXT }],
]);

/** The value that runs are sorted by; null for a run that has none. A metric of NaN sorts as if there were none. */
export function sortExpression(key: SortKey, alias: string, parameters: unknown[]): SortExpression {
  if (key.entity === 'attributes') {
    const attribute = ATTRIBUTES.get(key.key);
    if (!attribute) {
      throw filterError('orderBy', `one of: ${[...ATTRIBUTES.keys()].join(', ')}`, key.position, key.key);
    }
    return { join: null, ...attribute };
  }
  const name = bind(parameters, key.key, 'text');
  const on = `${alias}.run_id = r.id AND ${alias}.key = ${name}`;
  switch (key.entity) {
    case 'metrics':
      return {
        join: `LEFT JOIN metric_series ${alias} ON ${on} AND ${alias}.subject = ''`,
        sql: `NULLIF(${alias}.last_value, 'NaN')`,
        type: NUMBER,
      };
    case 'params':
      return { join: `LEFT JOIN run_param ${alias} ON ${on}`, sql: `${alias}.value COLLATE "C"`, type: TEXT };
    case 'tags':
      return { join: `LEFT JOIN run_tag ${alias} ON ${on}`, sql: `${alias}.value COLLATE "C"`, type: TEXT };
  }
}

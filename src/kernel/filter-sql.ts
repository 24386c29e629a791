import { filterError, parseFilter, type Comparison } from './filter';

/** Patterns mean what they say: without an escape character a lone backslash is not an error. */
const OPERATOR_SQL = {
  LIKE: (l: string, r: string) => `${l} LIKE ${r} ESCAPE ''`,
  ILIKE: (l: string, r: string) => `${l} ILIKE ${r} ESCAPE ''`,
};

/** `left operator right`; both sides are SQL expressions of ours, never a client's text. */
export function comparisonSql(left: string, operator: Comparison['operator'], right: string): string {
  if (operator === 'LIKE' || operator === 'ILIKE') return OPERATOR_SQL[operator](left, right);
  return `${left} ${operator === '!=' ? '<>' : operator} ${right}`;
}

/** Appends a value to a statement's parameters and gives the SQL that stands for it. */
export function bind(parameters: unknown[], value: unknown, type: string): string {
  parameters.push(value);
  return `$${parameters.length}::${type}`;
}

/**
 * The condition for a list that can be filtered by text attributes only, such as `name LIKE 'a%'`. The values go to
 * `parameters`; `TRUE` where there is no filter.
 *
 * @param columns the SQL expression of each attribute
 */
export function attributeFilterSql(
  filter: string | null | undefined,
  columns: Readonly<Record<string, string>>,
  parameters: unknown[],
): string {
  const conditions = parseFilter(filter ?? '').map((comparison) => {
    const { entity, key, operator, value, position } = comparison;
    const column = entity === 'attributes' && Object.hasOwn(columns, key) ? columns[key] : undefined;
    if (column === undefined) {
      throw filterError('filter', `one of: ${Object.keys(columns).join(', ')}`, position, key);
    }
    if (typeof value !== 'string')
      throw filterError('filter', `a quoted text to compare “${key}” with`, position);
    return comparisonSql(column, operator, bind(parameters, value, 'text'));
  });
  return conditions.length === 0 ? 'TRUE' : conditions.join(' AND ');
}

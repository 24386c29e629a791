import { filterError, parseFilter } from './filter';
import type { FilterNode, FilterValue, Predicate } from './filter-tree';

/** Makes SQL of one value, or of a list of them, as a parameter of the statement. */
export type BindValues = (values: FilterValue | readonly FilterValue[]) => string;

/** Appends a value to a statement's parameters and gives the SQL that stands for it. */
export function bind(parameters: unknown[], value: unknown, type: string): string {
  parameters.push(value);
  return `$${parameters.length}::${type}`;
}

/** The same for a value that was compared with, or a list of them. */
export function bindValues(
  parameters: unknown[],
  values: FilterValue | readonly FilterValue[],
  type: string,
): string {
  return bind(parameters, values, typeof values === 'object' ? `${type}[]` : type);
}

/**
 * The SQL of a whole filter. A question about something that a row does not have is not true, and its NOT is: SQL's
 * null counts as false, so `IS NOT TRUE` is the opposite.
 *
 * @param predicateSql the SQL of one question: true, false or null
 */
export function filterSql(node: FilterNode, predicateSql: (predicate: Predicate) => string): string {
  switch (node.kind) {
    case 'and':
    case 'or': {
      const parts = node.children.map((child) => `(${filterSql(child, predicateSql)})`);
      return parts.join(node.kind === 'and' ? ' AND ' : ' OR ');
    }
    case 'not':
      return `(${filterSql(node.child, predicateSql)}) IS NOT TRUE`;
    default:
      return predicateSql(node);
  }
}

/**
 * One question about a column; null where the column is, except for IS NULL. Patterns mean what they say: without an
 * escape character a lone backslash is not an error. What stands on both sides is SQL of ours, never a client's text.
 */
export function predicateSql(column: string, predicate: Predicate, value: BindValues): string {
  const not = predicate.isNegated ? 'NOT ' : '';
  switch (predicate.kind) {
    case 'null':
      return `${column} IS ${not}NULL`;
    case 'in':
      return `${column} ${predicate.isNegated ? '<> ALL' : '= ANY'} (${value(predicate.values)})`;
    case 'between':
      return `${column} ${not}BETWEEN ${value(predicate.low)} AND ${value(predicate.high)}`;
    case 'matches':
      return `${not}(to_tsvector('simple', ${column}) @@ websearch_to_tsquery('simple', ${value(predicate.words)}))`;
    case 'comparison': {
      const { operator } = predicate;
      const right = value(predicate.value);
      if (operator === 'LIKE' || operator === 'ILIKE')
        return `${column} ${not}${operator} ${right} ESCAPE ''`;
      return `${column} ${operator === '!=' ? '<>' : operator} ${right}`;
    }
  }
}

/** The values that a predicate compares with. */
export function valuesOf(predicate: Predicate): readonly FilterValue[] {
  switch (predicate.kind) {
    case 'null':
      return [];
    case 'in':
      return predicate.values;
    case 'between':
      return [predicate.low, predicate.high];
    case 'matches':
      return [predicate.words];
    case 'comparison':
      return [predicate.value];
  }
}

/** What stands between key and value, as it is written. */
export function operatorOf(predicate: Predicate): string {
  const not = predicate.isNegated ? 'NOT ' : '';
  switch (predicate.kind) {
    case 'null':
      return `IS ${not}NULL`;
    case 'comparison':
      return `${not}${predicate.operator}`;
    default:
      return `${not}${predicate.kind.toUpperCase()}`;
  }
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
  const tree = parseFilter(filter ?? '');
  if (tree === null) return 'TRUE';
  const sql = filterSql(tree, (predicate) => {
    const { entity, key, position } = predicate;
    const column = entity === 'attributes' && Object.hasOwn(columns, key) ? columns[key] : undefined;
    if (column === undefined) {
      throw filterError('filter', `one of: ${Object.keys(columns).join(', ')}`, position, key);
    }
    if (predicate.kind === 'matches')
      throw filterError('filter', 'LIKE or ILIKE to search in a text', position, operatorOf(predicate));
    if (valuesOf(predicate).some((value) => typeof value !== 'string'))
      throw filterError('filter', `a quoted text to compare “${key}” with`, position);
    return predicateSql(column, predicate, (values) => bindValues(parameters, values, 'text'));
  });
  return `(${sql})`;
}

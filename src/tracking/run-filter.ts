import { filterError, type Comparison } from '../kernel/filter';
import { bind, comparisonSql } from '../kernel/filter-sql';
import { idOf } from '../kernel/ids';

const TEXT_ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['name', 'r.name'],
  ['run_name', 'r.name'],
  ['status', 'r.status'],
]);
const TIME_ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['start_time', 'r.started_at'],
  ['end_time', 'r.ended_at'],
]);
const ALL_ATTRIBUTES = [...TEXT_ATTRIBUTES.keys(), ...TIME_ATTRIBUTES.keys(), 'run_id'].join(', ');

const IS_TEXT_OPERATOR: ReadonlySet<string> = new Set(['=', '!=', 'LIKE', 'ILIKE']);
const IS_PATTERN: ReadonlySet<string> = new Set(['LIKE', 'ILIKE']);

/**
 * The SQL of one comparison over `run r`. A run without the metric, param or tag never matches, and a metric of NaN
 * is neither less nor more than any number.
 */
export function conditionSql(comparison: Comparison, parameters: unknown[]): string {
  switch (comparison.entity) {
    case 'attributes':
      return attributeSql(comparison, parameters);
    case 'metrics':
      return metricSql(comparison, parameters);
    case 'params':
      return textFactSql('run_param', comparison, parameters);
    case 'tags':
      return textFactSql('run_tag', comparison, parameters);
  }
}

function metricSql({ key, operator, value, position }: Comparison, parameters: unknown[]): string {
  if (typeof value !== 'number') throw filterError('filter', 'a number to compare a metric with', position);
  if (IS_PATTERN.has(operator)) throw filterError('filter', 'a comparison of numbers', position, operator);
  const name = bind(parameters, key, 'text');
  const compared = comparisonSql('m.last_value', operator, bind(parameters, value, 'float8'));
  // To PostgreSQL, NaN is more than every number.
  const isNumber = operator === '!=' ? '' : `AND m.last_value <> 'NaN'`;
  return `EXISTS (SELECT 1 FROM metric_series m
    WHERE m.run_id = r.id AND m.subject = '' AND m.key = ${name} AND ${compared} ${isNumber})`;
}

function textFactSql(table: 'run_param' | 'run_tag', comparison: Comparison, parameters: unknown[]): string {
  const { key, operator } = comparison;
  const value = textValue(comparison);
  const name = bind(parameters, key, 'text');
  const compared = comparisonSql('f.value', operator, bind(parameters, value, 'text'));
  return `EXISTS (SELECT 1 FROM ${table} f WHERE f.run_id = r.id AND f.key = ${name} AND ${compared})`;
}

function attributeSql(comparison: Comparison, parameters: unknown[]): string {
  const { key, operator, position } = comparison;
  const text = TEXT_ATTRIBUTES.get(key);
  if (text !== undefined) {
    return comparisonSql(text, operator, bind(parameters, textValue(comparison), 'text'));
  }
  const time = TIME_ATTRIBUTES.get(key);
  if (time !== undefined) {
    if (IS_PATTERN.has(operator)) throw filterError('filter', 'a comparison of times', position, operator);
    return comparisonSql(time, operator, bind(parameters, timeValue(comparison), 'timestamptz'));
  }
  if (key === 'run_id') {
    if (operator !== '=' && operator !== '!=') throw filterError('filter', '= or !=', position, operator);
    // An id of another kind is nobody's: nothing is equal to it.
    const id = idOf('run', textValue(comparison));
    if (id === null) return operator === '=' ? 'FALSE' : 'TRUE';
    return comparisonSql('r.id', operator, bind(parameters, id, 'uuid'));
  }
  throw filterError('filter', `one of: ${ALL_ATTRIBUTES}`, position, key);
}

function textValue({ key, operator, value, position }: Comparison): string {
  if (!IS_TEXT_OPERATOR.has(operator)) {
    throw filterError('filter', `one of = != LIKE ILIKE to compare the text “${key}”`, position, operator);
  }
  if (typeof value !== 'string')
    throw filterError('filter', `a quoted text to compare “${key}” with`, position);
  return value;
}

/** Milliseconds since 1970, as MLflow has it, or an ISO date. */
function timeValue({ value, position }: Comparison): string {
  const time = new Date(value);
  const isKnownToBoth =
    !Number.isNaN(time.getTime()) && time.getUTCFullYear() > 0 && time.getUTCFullYear() < 10_000;
  if (!isKnownToBoth) {
    throw filterError(
      'filter',
      'a time: milliseconds since 1970 or an ISO date such as 2026-11-22T10:00:00Z',
      position,
    );
  }
  return time.toISOString();
}

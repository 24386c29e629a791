import type { Cursor } from '../../kernel/cursor';
import { badCursor } from '../../kernel/cursor-keys';
import { Failure } from '../../kernel/errors';
import { filterError, parseFilter, parseSortKey } from '../../kernel/filter/filter';
import {
  bind,
  bindValues,
  filterSql,
  operatorOf,
  predicateSql,
  valuesOf,
} from '../../kernel/filter/filter-sql';
import type { FilterValue, Predicate } from '../../kernel/filter/filter-tree';
import { idOf } from '../../kernel/ids';

/** What a client asks of a list of models or of versions. */
export interface RegistrySearch {
  readonly filter: string | null;
  readonly orderBy: readonly string[];
}

/** Most sort keys of one list: there are no more things to sort by. */
const MAX_SORT_KEYS = 5;
/** A place in a list that nobody reads to: past it a filter finds things. */
const MAX_OFFSET = 1_000_000_000;

/** Prompts are models with this tag. Who filters by its absence means those that have no such tag, too. */
const PROMPT_TAG = 'mlflow.prompt.is_prompt';

/** The SQL of a filter over `model m`, and `TRUE` where there is none. */
export const modelFilterSql = (filter: string | null, parameters: unknown[]): string =>
  conditionSql(filter, (predicate) => {
    const { entity, key, position } = predicate;
    if (entity === 'tags') return tagSql('m.tags', predicate, parameters);
    if (entity === 'attributes' && key === 'name') return textSql('m.name', predicate, parameters);
    throw filterError('filter', 'name, or tags and a key', position, key);
  });

const VERSION_ATTRIBUTES = 'name, version_number, run_id, source_path';

/** The same over `model_version v` of `model m`. */
export const versionFilterSql = (filter: string | null, parameters: unknown[]): string =>
  conditionSql(filter, (predicate) => {
    const { entity, key, position } = predicate;
    if (entity === 'tags') return tagSql('v.tags', predicate, parameters);
    switch (entity === 'attributes' ? key : '') {
      case 'name':
        return textSql('m.name', predicate, parameters);
      case 'source_path':
        return textSql("(v.origin ->> 'uri')", predicate, parameters);
      case 'version_number':
        return ordinalSql(predicate, parameters);
      case 'run_id':
        return runSql(predicate, parameters);
      default:
        throw filterError('filter', `one of: ${VERSION_ATTRIBUTES}, or tags and a key`, position, key);
    }
  });

const MODEL_KEYS: ReadonlyMap<string, string> = new Map([
  ['name', 'm.name'],
  ['creation_timestamp', 'm.created_at'],
  ['last_updated_timestamp', 'm.updated_at'],
  ['timestamp', 'm.updated_at'],
]);
const VERSION_KEYS: ReadonlyMap<string, string> = new Map([
  ['name', 'm.name'],
  ['version_number', 'v.ordinal'],
  ['creation_timestamp', 'v.created_at'],
  ['last_updated_timestamp', 'v.updated_at'],
]);

/** By name, where nothing else is said. */
export const modelOrderSql = (orderBy: readonly string[]): string =>
  orderSql(orderBy, MODEL_KEYS, ['m.name ASC']);

/** What changed last comes first, where nothing else is said. */
export const versionOrderSql = (orderBy: readonly string[]): string =>
  orderSql(orderBy, VERSION_KEYS, ['v.updated_at DESC', 'm.name ASC', 'v.ordinal DESC']);

/** How many come before a page: these lists are read by their places, as other registries' lists are. */
export function offsetOf(after: Cursor | null): number {
  const [offset] = after ?? [0];
  if (typeof offset !== 'number' || !Number.isInteger(offset) || offset < 0 || offset > MAX_OFFSET)
    throw badCursor();
  return offset;
}

function conditionSql(filter: string | null, ofOne: (predicate: Predicate) => string): string {
  const tree = parseFilter(filter ?? '');
  return tree === null ? 'TRUE' : `(${filterSql(tree, ofOne)})`;
}

/** @param usual what sorts last, and first where nothing else does; names one thing at most once */
function orderSql(
  orderBy: readonly string[],
  keys: ReadonlyMap<string, string>,
  usual: readonly string[],
): string {
  if (orderBy.length > MAX_SORT_KEYS)
    throw new Failure('BAD_USER_INPUT', `orderBy: expected at most ${MAX_SORT_KEYS} keys.`);
  const asked = orderBy.map(parseSortKey).map(({ entity, key, direction, position }) => {
    const column = entity === 'attributes' ? keys.get(key) : undefined;
    if (column === undefined)
      throw filterError('orderBy', `one of: ${[...keys.keys()].join(', ')}`, position, key);
    return `${column} ${direction}`;
  });
  return [...asked, ...usual].join(', ');
}

function textSql(column: string, predicate: Predicate, parameters: unknown[]): string {
  checkText(predicate);
  return predicateSql(column, predicate, (values) => bindValues(parameters, values, 'text'));
}

/** What has no such tag never matches, but for IS NULL. */
function tagSql(column: string, predicate: Predicate, parameters: unknown[]): string {
  const tag = `(${column} ->> ${bind(parameters, predicate.key, 'text')})`;
  const sql = textSql(tag, predicate, parameters);
  const isNot = predicate.kind === 'comparison' && predicate.operator === '!=';
  return isNot && predicate.key === PROMPT_TAG ? `(${tag} IS NULL OR ${sql})` : sql;
}

function ordinalSql(predicate: Predicate, parameters: unknown[]): string {
  const { position } = predicate;
  const isText = predicate.kind === 'comparison' && predicate.operator.endsWith('LIKE');
  if (isText || predicate.kind === 'matches')
    throw filterError('filter', 'a comparison of numbers', position, operatorOf(predicate));
  if (valuesOf(predicate).some((value) => !isNumber(value)))
    throw filterError('filter', 'a number to compare version_number with', position);
  const numbers = (values: FilterValue | readonly FilterValue[]) =>
    typeof values === 'object' ? values.map(Number) : Number(values);
  return predicateSql('v.ordinal', predicate, (values) => bindValues(parameters, numbers(values), 'float8'));
}

/** Clients of MLflow write numbers of versions as texts too. */
const isNumber = (value: FilterValue): boolean => value !== '' && Number.isFinite(Number(value));

/** An id of another kind is nobody's: nothing is equal to it. */
function runSql(predicate: Predicate, parameters: unknown[]): string {
  checkText(predicate);
  const isEquality = predicate.kind === 'comparison' && /^!?=$/.test(predicate.operator);
  if (predicate.kind !== 'null' && predicate.kind !== 'in' && !isEquality)
    throw filterError('filter', '= != IN or IS NULL', predicate.position, operatorOf(predicate));
  const ids = (values: FilterValue | readonly FilterValue[]) =>
    typeof values === 'object'
      ? values.flatMap((value) => runIdOf(value) ?? [])
      : (runIdOf(values) ?? NOBODY);
  return predicateSql('v.run_id', predicate, (values) => bindValues(parameters, ids(values), 'uuid'));
}

const runIdOf = (value: FilterValue): string | null => idOf('run', String(value));
const NOBODY = '00000000-0000-0000-0000-000000000000';

const IS_TEXT_OPERATOR: ReadonlySet<string> = new Set(['=', '!=', 'LIKE', 'ILIKE']);

function checkText(predicate: Predicate): void {
  const { key, position } = predicate;
  const isOrder = predicate.kind === 'comparison' && !IS_TEXT_OPERATOR.has(predicate.operator);
  if (isOrder || predicate.kind === 'matches' || predicate.kind === 'between')
    throw filterError(
      'filter',
      `one of = != LIKE ILIKE IN to compare the text “${key}”`,
      position,
      operatorOf(predicate),
    );
  if (valuesOf(predicate).some((value) => typeof value !== 'string'))
    throw filterError('filter', `a quoted text to compare “${key}” with`, position);
}

import { filterError, FilterReader } from './filter-reader';
import type { Token } from './filter-tokens';
import {
  COMPARISON_OPERATORS,
  type ComparisonOperator,
  type FilterEntity,
  type FilterKey,
  type FilterNode,
  type FilterValue,
  type Predicate,
  type SortKey,
} from './filter-tree';

export { filterError };

/** Most comparisons in one filter: each may cost a look into an index for every row. */
export const MAX_COMPARISONS = 50;
/** Most values of one IN-list: as many ids as MLflow's clients send at once. */
export const MAX_IN_VALUES = 1_000;
/** Most parentheses and NOTs inside each other: people write three, and each is a call on the stack. */
export const MAX_NESTING = 20;

/** What MLflow's clients write, and what we call it. */
const ENTITY_WORDS: ReadonlyMap<string, FilterEntity> = new Map([
  ...['attribute', 'attributes', 'attr', 'run'].map((word) => [word, 'attributes'] as const),
  ...['metric', 'metrics'].map((word) => [word, 'metrics'] as const),
  ...['param', 'params', 'parameter', 'parameters'].map((word) => [word, 'params'] as const),
  ...['tag', 'tags'].map((word) => [word, 'tags'] as const),
  ...['dataset', 'datasets'].map((word) => [word, 'datasets'] as const),
]);

const OPERATOR_WORDS = `a comparison (${COMPARISON_OPERATORS.join(' ')} IN BETWEEN IS MATCHES)`;
const KEY_WORDS = 'a key such as name, metrics.accuracy or params.`learning rate`';
const VALUE_WORDS = 'a value: a number or a quoted text';

/**
 * Reads a filter such as ``metrics.rmse < 1 AND (params.`learning rate` = '0.1' OR NOT tags.team IS NULL)``: the
 * grammar of MLflow's search, so that its clients' filters work, with OR, NOT, parentheses, IN, BETWEEN, IS NULL and
 * MATCHES. NOT binds more tightly than AND, and AND more tightly than OR. Null for an empty text. Throws BAD_USER_INPUT
 * with the position of the fault.
 */
export function parseFilter(text: string): FilterNode | null {
  const reader = new FilterReader('filter', text);
  return reader.isAtEnd() ? null : new Parser(reader).filter();
}

/** Reads a sort key such as `metrics.accuracy DESC`; ascending where nothing is said. */
export function parseSortKey(text: string): SortKey {
  const reader = new FilterReader('orderBy', text);
  const key = filterKey(reader);
  if (reader.isAtEnd()) return { ...key, direction: 'ASC' };
  const direction = reader.take('ASC') ? 'ASC' : reader.take('DESC') ? 'DESC' : null;
  if (direction === null) throw reader.error('ASC or DESC', reader.next('ASC or DESC'));
  if (!reader.isAtEnd()) throw reader.error('the end', reader.next('the end'));
  return { ...key, direction };
}

class Parser {
  private comparisons = 0;
  private depth = 0;

  constructor(private readonly reader: FilterReader) {}

  filter(): FilterNode {
    const node = this.alternatives();
    if (this.reader.isAtEnd()) return node;
    throw this.reader.error('AND, OR or the end', this.reader.next('AND, OR or the end'));
  }

  private alternatives(): FilterNode {
    const first = this.conjunction();
    const children = [first];
    while (this.reader.take('OR')) children.push(this.conjunction());
    return children.length === 1 ? first : { kind: 'or', children };
  }

  private conjunction(): FilterNode {
    const first = this.term();
    const children = [first];
    while (this.reader.take('AND')) children.push(this.term());
    return children.length === 1 ? first : { kind: 'and', children };
  }

  private term(): FilterNode {
    const not = this.reader.take('NOT');
    if (not) return { kind: 'not', child: this.nested(not, () => this.term()) };
    const open = this.reader.take('(');
    if (!open) return this.predicate();
    const node = this.nested(open, () => this.alternatives());
    this.reader.require(')', 'AND, OR or a closing )');
    return node;
  }

  private nested(opening: Token, read: () => FilterNode): FilterNode {
    if (this.depth === MAX_NESTING)
      throw this.reader.error(`at most ${MAX_NESTING} parentheses and NOTs inside each other`, opening);
    this.depth += 1;
    const node = read();
    this.depth -= 1;
    return node;
  }

  private predicate(): Predicate {
    const start = this.reader.peek();
    if (start && this.comparisons === MAX_COMPARISONS)
      throw this.reader.error(`at most ${MAX_COMPARISONS} comparisons`, start);
    this.comparisons += 1;
    const key = filterKey(this.reader);
    if (this.reader.take('IS')) return { ...key, kind: 'null', ...this.absence() };
    const isNegated = this.reader.take('NOT') !== null;
    if (this.reader.take('IN')) return { ...key, kind: 'in', isNegated, values: this.values() };
    if (this.reader.take('BETWEEN')) return { ...key, kind: 'between', isNegated, ...this.bounds() };
    if (this.reader.take('MATCHES')) return { ...key, kind: 'matches', isNegated, words: this.words() };
    const operator = this.operator(isNegated);
    return { ...key, kind: 'comparison', operator, isNegated, value: value(this.reader) };
  }

  private absence() {
    const isNegated = this.reader.take('NOT') !== null;
    this.reader.require('NULL', isNegated ? 'NULL' : 'NULL or NOT NULL');
    return { isNegated };
  }

  private values(): readonly FilterValue[] {
    this.reader.require('(', '( before the values');
    const values = [value(this.reader)];
    while (!this.reader.take(')')) {
      const comma = this.reader.require(',', 'a comma or a closing )');
      if (values.length === MAX_IN_VALUES)
        throw this.reader.error(`at most ${MAX_IN_VALUES} values in one list`, comma);
      values.push(value(this.reader));
    }
    return values;
  }

  private bounds() {
    const low = value(this.reader);
    this.reader.require('AND', 'AND between the bounds');
    return { low, high: value(this.reader) };
  }

  private words(): string {
    const token = this.reader.next('quoted words');
    if (token.kind !== 'quoted' || token.quote === '`') throw this.reader.error('quoted words', token);
    return token.text;
  }

  private operator(isNegated: boolean): ComparisonOperator {
    const expected = isNegated ? 'IN, BETWEEN, LIKE, ILIKE or MATCHES after NOT' : OPERATOR_WORDS;
    const token = this.reader.next(expected);
    const text = token.kind === 'quoted' ? '' : token.text.toUpperCase();
    const operator = COMPARISON_OPERATORS.find((known) => known === text);
    if (operator === undefined || (isNegated && !operator.endsWith('LIKE')))
      throw this.reader.error(expected, token);
    return operator;
  }
}

function value(reader: FilterReader): FilterValue {
  const token = reader.next(VALUE_WORDS);
  if (token.kind === 'number') return Number(token.text);
  if (token.kind === 'quoted' && token.quote !== '`') return token.text;
  throw reader.error(VALUE_WORDS, token);
}

/** `entity.key`, or a key alone, which is an attribute. Keys with other characters than A-z 0-9 _ . / - are quoted. */
function filterKey(reader: FilterReader): FilterKey {
  const token = reader.next(KEY_WORDS);
  const { position } = token;
  if (token.kind === 'quoted' && token.quote !== "'")
    return { entity: 'attributes', key: token.text, position };
  if (token.kind !== 'word') throw reader.error(KEY_WORDS, token);
  const dot = token.text.indexOf('.');
  if (dot === -1) return { entity: 'attributes', key: token.text, position };
  const entity = ENTITY_WORDS.get(token.text.slice(0, dot).toLowerCase());
  if (entity === undefined)
    throw reader.error('attributes, metrics, params, tags or datasets before the dot', token);
  if (dot < token.text.length - 1) return { entity, key: token.text.slice(dot + 1), position };
  const quoted = reader.next('a key after the dot');
  const touches = quoted.position === position + token.text.length;
  if (quoted.kind !== 'quoted' || quoted.quote === "'" || !touches)
    throw reader.error('a key after the dot', quoted);
  return { entity, key: quoted.text, position };
}

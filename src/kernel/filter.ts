import { Failure, shorten } from './errors';
import { tokenize, type Token } from './filter-tokens';

export const FILTER_ENTITIES = ['attributes', 'metrics', 'params', 'tags'] as const;
export type FilterEntity = (typeof FILTER_ENTITIES)[number];

export const FILTER_OPERATORS = ['=', '!=', '<', '<=', '>', '>=', 'LIKE', 'ILIKE'] as const;
export type FilterOperator = (typeof FILTER_OPERATORS)[number];

/** What rows are compared or sorted by: an attribute of the row, or one of its metrics, params or tags. */
export interface FilterKey {
  readonly entity: FilterEntity;
  readonly key: string;
  /** Where it stands in the text: the first character is 1. */
  readonly position: number;
}

export interface Comparison extends FilterKey {
  readonly operator: FilterOperator;
  readonly value: string | number;
}

export interface SortKey extends FilterKey {
  readonly direction: 'ASC' | 'DESC';
}

/** Longest filter, in characters: a page of prose. */
const MAX_FILTER_LENGTH = 10_000;
/** Most comparisons in one filter: each may cost a look into an index for every row. */
const MAX_COMPARISONS = 50;

/** What MLflow's clients write, and what we call it. */
const ENTITY_WORDS: ReadonlyMap<string, FilterEntity> = new Map([
  ...['attribute', 'attributes', 'attr', 'run'].map((word) => [word, 'attributes'] as const),
  ...['metric', 'metrics'].map((word) => [word, 'metrics'] as const),
  ...['param', 'params', 'parameter', 'parameters'].map((word) => [word, 'params'] as const),
  ...['tag', 'tags'].map((word) => [word, 'tags'] as const),
]);

/**
 * Reads a filter: comparisons joined by AND, such as ``metrics.rmse < 1 AND params.`learning rate` = '0.1'``.
 * The grammar is that of MLflow's search, so that its clients' filters work. Throws BAD_USER_INPUT with the position.
 */
export function parseFilter(text: string): readonly Comparison[] {
  const reader = new Reader('filter', text);
  if (reader.isAtEnd()) return [];
  const comparisons = [comparison(reader)];
  while (!reader.isAtEnd()) {
    const word = reader.next('AND or the end');
    if (word.kind !== 'word' || word.text.toUpperCase() !== 'AND') throw reader.error('AND or the end', word);
    if (comparisons.length === MAX_COMPARISONS)
      throw reader.error(`at most ${MAX_COMPARISONS} comparisons`, word);
    comparisons.push(comparison(reader));
  }
  return comparisons;
}

/** Reads a sort key such as `metrics.accuracy DESC`; ascending where nothing is said. */
export function parseSortKey(text: string): SortKey {
  const reader = new Reader('orderBy', text);
  const key = filterKey(reader);
  if (reader.isAtEnd()) return { ...key, direction: 'ASC' };
  const word = reader.next('ASC or DESC');
  const direction = word.text.toUpperCase();
  if (word.kind !== 'word' || (direction !== 'ASC' && direction !== 'DESC'))
    throw reader.error('ASC or DESC', word);
  if (!reader.isAtEnd()) throw reader.error('the end', reader.next('the end'));
  return { ...key, direction };
}

/** The error for a part of a filter that is well formed but cannot be used here. */
export function filterError(argument: string, expected: string, position: number, got?: string): Failure {
  const actual = got === undefined ? '' : `, got “${shorten(got, 40)}”`;
  return new Failure(
    'BAD_USER_INPUT',
    `${argument}: expected ${expected} at character ${position}${actual}.`,
    {
      argument,
      expected,
      position,
    },
  );
}

function comparison(reader: Reader): Comparison {
  const key = filterKey(reader);
  const operator = filterOperator(reader);
  const value = reader.next('a value: a number or a quoted text');
  if (value.kind === 'number') return { ...key, operator, value: Number(value.text) };
  if (value.kind === 'quoted' && value.quote !== '`') return { ...key, operator, value: value.text };
  throw reader.error('a value: a number or a quoted text', value);
}

/** `entity.key`, or a key alone, which is an attribute. Keys with other characters than A-z 0-9 _ . / - are quoted. */
function filterKey(reader: Reader): FilterKey {
  const expected = 'a key such as name, metrics.accuracy or params.`learning rate`';
  const token = reader.next(expected);
  const { position } = token;
  if (token.kind === 'quoted' && token.quote !== "'")
    return { entity: 'attributes', key: token.text, position };
  if (token.kind !== 'word') throw reader.error(expected, token);
  const dot = token.text.indexOf('.');
  if (dot === -1) return { entity: 'attributes', key: token.text, position };
  const entity = ENTITY_WORDS.get(token.text.slice(0, dot).toLowerCase());
  if (entity === undefined) throw reader.error('attributes, metrics, params or tags before the dot', token);
  if (dot < token.text.length - 1) return { entity, key: token.text.slice(dot + 1), position };
  const quoted = reader.next('a key after the dot');
  const touches = quoted.position === position + token.text.length;
  if (quoted.kind !== 'quoted' || quoted.quote === "'" || !touches)
    throw reader.error('a key after the dot', quoted);
  return { entity, key: quoted.text, position };
}

function filterOperator(reader: Reader): FilterOperator {
  const expected = `a comparison (${FILTER_OPERATORS.join(' ')})`;
  const token = reader.next(expected);
  const text = token.kind === 'quoted' ? '' : token.text.toUpperCase();
  const operator = FILTER_OPERATORS.find((known) => known === text);
  if (operator === undefined) throw reader.error(expected, token);
  return operator;
}

class Reader {
  private readonly tokens: readonly Token[];
  private index = 0;

  constructor(
    private readonly argument: string,
    private readonly text: string,
  ) {
    if (text.length > MAX_FILTER_LENGTH) {
      throw filterError(argument, `at most ${MAX_FILTER_LENGTH} characters`, MAX_FILTER_LENGTH + 1);
    }
    this.tokens = tokenize(text, (expected, position, got) => filterError(argument, expected, position, got));
  }

  isAtEnd(): boolean {
    return this.index === this.tokens.length;
  }

  next(expected: string): Token {
    const token = this.tokens[this.index++];
    if (!token) throw filterError(this.argument, expected, this.text.length + 1, 'the end');
    return token;
  }

  error(expected: string, token: Token): Failure {
    return filterError(this.argument, expected, token.position, token.text);
  }
}

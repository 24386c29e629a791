import { timeText } from '../../kernel/database/column-search';
import { filterError } from '../../kernel/filter/filter';
import { bindValues, operatorOf, predicateSql, valuesOf } from '../../kernel/filter/filter-sql';
import type { FilterValue, Predicate } from '../../kernel/filter/filter-tree';
import { idOf } from '../../kernel/ids';
import { attributeOf, attributeOfTag, EXPECTED_NAMES, NOTE_TAG, type RunAttribute } from './run-attributes';
import type { RunFact } from './run-fact-sql';

/** A question about a run that can be asked: what it is about, and how it is asked in SQL. */
export interface RunPredicate {
  readonly fact: RunFact;
  readonly predicate: Predicate;
  /** The SQL of the question about the fact's value. The values that are compared with go to `parameters`. */
  readonly test: (value: string, parameters: unknown[]) => string;
}

const TEXT_OPERATORS = /^(=|!=|(NOT )?(LIKE|ILIKE|IN)|IS (NOT )?NULL)$/;
const ID_OPERATORS = /^(=|!=|(NOT )?IN|IS (NOT )?NULL)$/;
const ORDER_OPERATORS = /^(=|!=|<|<=|>|>=|(NOT )?(IN|BETWEEN)|IS (NOT )?NULL)$/;
const MATCH_OPERATORS = /^(NOT )?MATCHES$/;
/** To PostgreSQL, NaN is more than every number. */
const ABOVE_OPERATORS = /^(>|>=|NOT BETWEEN)$/;

const DATASET_COLUMNS: ReadonlyMap<string, string> = new Map([
  ['name', 'coalesce(x.name, d.name)'],
  ['digest', 'coalesce(x.digest, v.sha256)'],
  ['context', 'x.context'],
]);

/** An id that no run has: what a text that is no run's id stands for. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Throws BAD_USER_INPUT, with the position, for what cannot be asked of a run. */
export function runPredicate(predicate: Predicate): RunPredicate {
  switch (predicate.entity) {
    case 'metrics':
      return metricPredicate(predicate);
    case 'params':
      return textPredicate({ kind: 'param', key: predicate.key }, predicate);
    case 'tags': {
      const attribute = attributeOfTag(predicate.key);
      if (attribute) return attributePredicate(attribute, predicate);
      return textPredicate({ kind: 'tag', key: predicate.key }, predicate);
    }
    case 'datasets': {
      const column = DATASET_COLUMNS.get(predicate.key);
      if (column !== undefined) return textPredicate({ kind: 'dataset', column }, predicate);
      const expected = `one of: ${[...DATASET_COLUMNS.keys()].join(', ')}`;
      throw filterError('filter', expected, predicate.position, predicate.key);
    }
    case 'attributes': {
      const attribute = attributeOf(predicate.key);
      if (attribute) return attributePredicate(attribute, predicate);
      throw filterError('filter', EXPECTED_NAMES, predicate.position, predicate.key);
    }
  }
}

function attributePredicate(attribute: RunAttribute, predicate: Predicate): RunPredicate {
  switch (attribute.kind) {
    case 'tag': {
      const fact = { kind: 'tag', key: attribute.key } as const;
      const isNote = attribute.key === NOTE_TAG;
      return isNote && predicate.kind === 'matches' ? asked(fact, predicate) : textPredicate(fact, predicate);
    }
    case 'text':
      return textPredicate({ kind: 'attribute', column: attribute.column }, predicate);
    case 'time':
      requireOperator(predicate, ORDER_OPERATORS, 'a comparison of times');
      return asked({ kind: 'attribute', column: attribute.column }, predicate, 'timestamptz', (value) =>
        timeText(value, predicate.position),
      );
    case 'id':
      requireOperator(predicate, ID_OPERATORS, '=, !=, IN or IS NULL');
      return asked(
        { kind: 'attribute', column: attribute.column },
        predicate,
        'uuid',
        (value) => idOf('run', textOf(value, predicate)) ?? NOBODY,
      );
  }
}

function metricPredicate(predicate: Predicate): RunPredicate {
  requireOperator(predicate, ORDER_OPERATORS, 'a comparison of numbers');
  if (valuesOf(predicate).some((value) => typeof value !== 'number'))
    throw filterError('filter', 'a number to compare a metric with', predicate.position);
  const { fact, test } = asked({ kind: 'metric', key: predicate.key }, predicate, 'float8', String);
  if (!ABOVE_OPERATORS.test(operatorOf(predicate))) return { fact, predicate, test };
  const isNumber = (value: string) => `${value} <= 'Infinity'`;
  return {
    fact,
    predicate,
    test: (value, parameters) => `${test(value, parameters)} AND ${isNumber(value)}`,
  };
}

function textPredicate(fact: RunFact, predicate: Predicate): RunPredicate {
  const expected = `one of = != LIKE ILIKE IN to compare the text “${predicate.key}”`;
  requireOperator(predicate, TEXT_OPERATORS, expected);
  return asked(fact, predicate, 'text', (value) => textOf(value, predicate));
}

function asked(
  fact: RunFact,
  predicate: Predicate,
  type = 'text',
  toValue: (value: FilterValue) => string = String,
): RunPredicate {
  valuesOf(predicate).forEach(toValue); // what cannot be compared is refused before anything is asked
  const test = (value: string, parameters: unknown[]) =>
    predicateSql(value, predicate, (values) =>
      bindValues(parameters, typeof values === 'object' ? values.map(toValue) : toValue(values), type),
    );
  return { fact, predicate, test };
}

function requireOperator(predicate: Predicate, allowed: RegExp, expected: string): void {
  const operator = operatorOf(predicate);
  if (allowed.test(operator)) return;
  const isMisplacedMatch = MATCH_OPERATORS.test(operator);
  throw filterError(
    'filter',
    isMisplacedMatch ? 'MATCHES for note only' : expected,
    predicate.position,
    operator,
  );
}

function textOf(value: FilterValue, { key, position }: Predicate): string {
  if (typeof value === 'string') return value;
  throw filterError('filter', `a quoted text to compare “${key}” with`, position);
}

import { bind, operatorOf } from '../../kernel/filter/filter-sql';
import { conjunctsOf, type FilterNode, type Predicate } from '../../kernel/filter/filter-tree';
import { COMMIT_COLUMN, NOTE_TAG } from './run-attributes';
import { attributeSql } from './run-fact-sql';
import { runPredicate } from './run-predicate';

/** Runs that an index finds: all for which a part of a filter is true, and perhaps more. `$1` is the project. */
export interface RunSet {
  /** SQL that gives the column `run_id`. */
  sql(parameters: unknown[]): string;
  /** Whether the index goes straight to them: finding few is cheap, however many others there are. */
  readonly isDirect: boolean;
  /** Whether each run comes once. */
  readonly isUnique: boolean;
  /** Whether it holds no others, so that the part need not be asked again. */
  readonly isExact: boolean;
}

/** Characters of a param or tag that are in the index: a key and a value of the longest must fit into one entry. */
const INDEXED_CHARACTERS = 100;
const INDEXED_VALUE = `left(f.value, ${INDEXED_CHARACTERS}) COLLATE "C"`;

const DIRECT_NUMBERS = /^(=|<|<=|>|>=|IN|BETWEEN|IS NOT NULL)$/;
const DIRECT_TEXTS = /^(=|IN|IS NOT NULL)$/;
/** Attributes with an index. */
const INDEXED_ATTRIBUTES: ReadonlyMap<string, RegExp> = new Map([
  ['id', /^(=|IN)$/],
  ['parent_run_id', /^(=|IN)$/],
  ['started_at', /^(=|<|<=|>|>=|IN|BETWEEN)$/],
  [COMMIT_COLUMN, /^(=|IN)$/],
]);

/** Null where no index helps. */
export function runSet(node: FilterNode): RunSet | null {
  switch (node.kind) {
    case 'not':
      return null;
    case 'and':
      return commonRuns(conjunctsOf(node));
    case 'or':
      return unitedRuns(node.children);
    default:
      return predicateSet(node);
  }
}

/** The runs that are in every one of the sets, each once. Comparing lists costs a tenth of asking about each run. */
export function intersectionSql(sets: readonly RunSet[], parameters: unknown[]): string {
  const [first, ...others] = sets.map((set) => {
    const sql = set.sql(parameters);
    return set.isUnique ? `(${sql})` : `(SELECT DISTINCT s.run_id FROM (${sql}) s)`;
  });
  const joins = others.map((sql, at) => `JOIN ${sql} s${at} ON s${at}.run_id = s.run_id`);
  return `SELECT s.run_id FROM ${first} s ${joins.join(' ')}`;
}

function commonRuns(children: readonly FilterNode[]): RunSet | null {
  const sets = children.map(runSet);
  const found = sets.filter((set) => set !== null);
  if (found.length === 0) return null;
  return {
    sql: (parameters) => intersectionSql(found, parameters),
    isDirect: false,
    isUnique: true,
    isExact: sets.every((set) => set?.isExact === true),
  };
}

function unitedRuns(children: readonly FilterNode[]): RunSet | null {
  const sets = children.map(runSet).filter((set) => set !== null);
  if (sets.length < children.length) return null;
  return {
    sql: (parameters) => sets.map((set) => `(${set.sql(parameters)})`).join(' UNION ALL '),
    isDirect: sets.every(({ isDirect }) => isDirect),
    isUnique: false,
    isExact: sets.every(({ isExact }) => isExact),
  };
}

function predicateSet(predicate: Predicate): RunSet | null {
  const { fact, test } = runPredicate(predicate);
  const operator = operatorOf(predicate);
  if (operator === 'IS NULL') return null;
  switch (fact.kind) {
    case 'metric':
      return {
        sql: (parameters) => `SELECT f.run_id FROM metric_series f WHERE f.project_id = $1 AND f.subject = ''
          AND f.key = ${bind(parameters, fact.key, 'text')} AND ${test('f.last_value', parameters)}`,
        isDirect: DIRECT_NUMBERS.test(operator),
        isUnique: true,
        isExact: true,
      };
    case 'param':
    case 'tag': {
      const isNoteMatch = predicate.kind === 'matches' && !predicate.isNegated;
      return {
        sql: (parameters) => `SELECT f.run_id FROM run_${fact.kind} f WHERE f.project_id = $1
          AND f.key = ${isNoteMatch ? `'${NOTE_TAG}'` : bind(parameters, fact.key, 'text')}
          AND ${test('f.value', parameters)} ${indexedValueSql(predicate, parameters)}`,
        isDirect: isNoteMatch || DIRECT_TEXTS.test(operator),
        isUnique: true,
        isExact: true,
      };
    }
    case 'attribute':
      if (!INDEXED_ATTRIBUTES.get(fact.column)?.test(operator)) return null;
      return {
        sql: (parameters) =>
          `SELECT f.id AS run_id FROM run f WHERE f.project_id = $1 AND ${test(attributeSql('f', fact.column), parameters)}`,
        isDirect: true,
        isUnique: true,
        isExact: true,
      };
    case 'dataset':
      return null;
  }
}

/** What the index knows of the value; what it does not, `test` asks. */
function indexedValueSql(predicate: Predicate, parameters: unknown[]): string {
  const operator = operatorOf(predicate);
  const indexed = (value: unknown) => Array.from(String(value)).slice(0, INDEXED_CHARACTERS).join('');
  if (predicate.kind === 'comparison' && operator === '=')
    return `AND ${INDEXED_VALUE} = ${bind(parameters, indexed(predicate.value), 'text')}`;
  if (predicate.kind === 'in' && operator === 'IN')
    return `AND ${INDEXED_VALUE} = ANY (${bind(parameters, predicate.values.map(indexed), 'text[]')})`;
  return '';
}

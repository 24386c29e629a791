import { Failure } from '../../../../src/kernel/errors';
import {
  MAX_COMPARISONS,
  MAX_IN_VALUES,
  MAX_NESTING,
  parseFilter,
  parseSortKey,
} from '../../../../src/kernel/filter/filter';
import { MAX_FILTER_LENGTH } from '../../../../src/kernel/filter/filter-reader';
import { attributeFilterSql, valuesOf } from '../../../../src/kernel/filter/filter-sql';
import { conjunctsOf, type Predicate } from '../../../../src/kernel/filter/filter-tree';

const failureOf = (work: () => unknown): Failure => {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
};

/** The questions of a filter that are joined by AND. */
const predicatesOf = (text: string): readonly Predicate[] =>
  conjunctsOf(parseFilter(text)).map((node) => {
    if ('children' in node || 'child' in node) throw new Error(`${node.kind} is no question.`);
    return node;
  });

test('comparisons are joined by AND, in any case', () => {
  const comparison = { kind: 'comparison', isNegated: false } as const;
  expect(parseFilter("metrics.rmse < 1 AND params.model = 'cnn' and name LIKE 'a%'")).toEqual({
    kind: 'and',
    children: [
      { ...comparison, entity: 'metrics', key: 'rmse', operator: '<', value: 1, position: 1 },
      { ...comparison, entity: 'params', key: 'model', operator: '=', value: 'cnn', position: 22 },
      { ...comparison, entity: 'attributes', key: 'name', operator: 'LIKE', value: 'a%', position: 47 },
    ],
  });
});

test('NOT binds more tightly than AND, AND more tightly than OR, and parentheses come first', () => {
  const shape = (text: string): unknown =>
    JSON.parse(
      JSON.stringify(parseFilter(text), (name, value: unknown) =>
        typeof value === 'object' && value !== null && 'key' in value ? value.key : value,
      ),
    );
  expect(shape('a = 1 OR NOT b = 1 AND c = 1')).toEqual({
    kind: 'or',
    children: ['a', { kind: 'and', children: [{ kind: 'not', child: 'b' }, 'c'] }],
  });
  expect(shape('(a = 1 OR not (b = 1)) AND c = 1')).toEqual({
    kind: 'and',
    children: [{ kind: 'or', children: ['a', { kind: 'not', child: 'b' }] }, 'c'],
  });
});

test('lists, ranges, absence, words and their opposites are questions of their own', () => {
  const parsed = predicatesOf(
    "a IN ('x', 'y') AND b NOT IN (1) AND c BETWEEN 1 AND 2 AND d NOT BETWEEN 'x' AND 'y' AND e IS NULL " +
      "AND f IS NOT NULL AND g NOT LIKE 'x%' AND h not ilike 'x' AND note MATCHES 'two words' AND i == 1 AND j <> 2",
  );
  expect(parsed.map((one) => [one.key, one.kind, one.isNegated, ...valuesOf(one)])).toEqual([
    ['a', 'in', false, 'x', 'y'],
    ['b', 'in', true, 1],
    ['c', 'between', false, 1, 2],
    ['d', 'between', true, 'x', 'y'],
    ['e', 'null', false],
    ['f', 'null', true],
    ['g', 'comparison', true, 'x%'],
    ['h', 'comparison', true, 'x'],
    ['note', 'matches', false, 'two words'],
    ['i', 'comparison', false, 1],
    ['j', 'comparison', false, 2],
  ]);
});

test('keys with other characters are quoted, and a quote inside is written twice', () => {
  const parsed = predicatesOf(
    'params.`learning ``rate` = \'it\'\'s\' AND tags."a b" != "x" AND metrics.val/loss >= -1.5e-3',
  );
  expect(parsed.map((one) => [one.entity, one.key, ...valuesOf(one)])).toEqual([
    ['params', 'learning `rate', "it's"],
    ['tags', 'a b', 'x'],
    ['metrics', 'val/loss', -0.0015],
  ]);
});

test('MLflow’s other words for the entities are understood', () => {
  const entities = predicatesOf(
    "metric.a = 1 AND parameter.b = '1' AND tag.c = '' AND attr.d = 'x' AND run.e = 'x' AND dataset.name = 'x'",
  );
  expect(entities.map(({ entity }) => entity)).toEqual([
    'metrics',
    'params',
    'tags',
    'attributes',
    'attributes',
    'datasets',
  ]);
});

test('an empty filter asks nothing', () => {
  expect(parseFilter('  ')).toBeNull();
});

test.each([
  ['metrics.a', 10, 'a comparison'],
  ['metrics.a <', 12, 'a value'],
  ['metrics.a < x', 13, 'a value'],
  ['metrics.a < 1 XOR metrics.b > 2', 15, 'AND, OR'],
  ['metrics.a < 1 OR', 17, 'a key'],
  ['(metrics.a < 1', 15, 'a closing )'],
  ['metrics.a < 1)', 14, 'AND, OR'],
  ['()', 2, 'a key'],
  ['NOT', 4, 'a key'],
  ['a IN ()', 7, 'a value'],
  ['a IN (1', 8, 'a closing )'],
  ['a IN (1,)', 9, 'a value'],
  ['a IN 1', 6, '( before'],
  ['a BETWEEN 1', 12, 'AND between'],
  ['a BETWEEN 1 OR 2', 13, 'AND between'],
  ['a IS 1', 6, 'NULL or NOT NULL'],
  ['a IS NOT 1', 10, 'NULL'],
  ['a NOT = 1', 7, 'after NOT'],
  ['note MATCHES 1', 14, 'quoted words'],
  ["name = 'x", 8, 'a closing'],
  ['speed.a = 1', 1, 'attributes, metrics, params, tags or datasets'],
  ['metrics. = 1', 10, 'a key after the dot'],
  ['name ~ 1', 6, 'a key, a comparison'],
  ['name SOUNDS 1', 6, 'a comparison'],
  ["name = 'a'; DROP TABLE run", 11, 'a key'],
  ["name = 'a' AND", 15, 'a key'],
])('%s is refused at character %i', (text, position, expected) => {
  const failure = failureOf(() => parseFilter(text));
  expect(failure.code).toBe('BAD_USER_INPUT');
  expect(failure.facts.position).toBe(position);
  expect(failure.message).toContain(expected);
  expect(failure.message).toContain(`at character ${position}`);
});

test('a filter has a longest length, most comparisons, a deepest nesting and a longest list', () => {
  const refused = (text: string) => failureOf(() => parseFilter(text));
  expect(refused(`name = '${'x'.repeat(MAX_FILTER_LENGTH)}'`).message).toContain('at most 50000 characters');
  const some = (count: number) => Array.from({ length: count }, () => 'a < 1').join(' AND ');
  expect(conjunctsOf(parseFilter(some(MAX_COMPARISONS)))).toHaveLength(MAX_COMPARISONS);
  const tooMany = refused(some(MAX_COMPARISONS + 1));
  expect(tooMany.message).toContain('at most 50 comparisons');
  expect(tooMany.facts.position).toBe(50 * 'a < 1 AND '.length + 1);
  const deep = (depth: number) => `${'('.repeat(depth)}a < 1${')'.repeat(depth)}`;
  expect(predicatesOf(deep(MAX_NESTING))).toHaveLength(1);
  expect(refused(deep(MAX_NESTING + 1)).facts.position).toBe(MAX_NESTING + 1);
  expect(refused(`${'NOT '.repeat(40_000 / 4)}a < 1`).facts.position).toBe(4 * MAX_NESTING + 1);
  const list = (length: number) => `a IN (${Array.from({ length }, () => '1').join(',')})`;
  expect(predicatesOf(list(MAX_IN_VALUES)).flatMap(valuesOf)).toHaveLength(MAX_IN_VALUES);
  expect(refused(list(MAX_IN_VALUES + 1)).message).toContain('at most 1000 values');
});

test('a sort key is ascending unless it says otherwise', () => {
  expect(parseSortKey('metrics.accuracy DESC')).toEqual({
    entity: 'metrics',
    key: 'accuracy',
    direction: 'DESC',
    position: 1,
  });
  expect(parseSortKey('start_time').direction).toBe('ASC');
  expect(failureOf(() => parseSortKey('start_time DOWN')).facts.position).toBe(12);
  expect(failureOf(() => parseSortKey('start_time DESC, name')).facts.position).toBe(16);
});

test('values become parameters, never text of the statement', () => {
  const parameters: unknown[] = ['project'];
  const sql = attributeFilterSql(
    "name = 'x'' OR TRUE' AND NOT (name LIKE 'a%' OR name IN ('b', 'c'))",
    { name: 'd.name' },
    parameters,
  );
  expect(sql).toBe(
    "((d.name = $2::text) AND (((d.name LIKE $3::text ESCAPE '') OR (d.name = ANY ($4::text[]))) IS NOT TRUE))",
  );
  expect(parameters).toEqual(['project', "x' OR TRUE", 'a%', ['b', 'c']]);
});

test('an attribute that the list does not have is refused with those it has', () => {
  const failure = failureOf(() => attributeFilterSql("constructor = 'x'", { name: 'd.name' }, []));
  expect(failure.message).toContain('one of: name at character 1, got “constructor”');
});

import { Failure } from '../../../src/kernel/errors';
import { parseFilter, parseSortKey } from '../../../src/kernel/filter';
import { attributeFilterSql } from '../../../src/kernel/filter-sql';

const failureOf = (work: () => unknown): Failure => {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
};

test('comparisons are joined by AND, in any case', () => {
  expect(parseFilter("metrics.rmse < 1 AND params.model = 'cnn' and name LIKE 'a%'")).toEqual([
    { entity: 'metrics', key: 'rmse', operator: '<', value: 1, position: 1 },
    { entity: 'params', key: 'model', operator: '=', value: 'cnn', position: 22 },
    { entity: 'attributes', key: 'name', operator: 'LIKE', value: 'a%', position: 47 },
  ]);
});

test('keys with other characters are quoted, and a quote inside is written twice', () => {
  const parsed = parseFilter(
    'params.`learning ``rate` = \'it\'\'s\' AND tags."a b" != "x" AND metrics.val/loss >= -1.5e-3',
  );
  expect(parsed.map(({ entity, key, operator, value }) => [entity, key, operator, value])).toEqual([
    ['params', 'learning `rate', '=', "it's"],
    ['tags', 'a b', '!=', 'x'],
    ['metrics', 'val/loss', '>=', -0.0015],
  ]);
});

test('MLflow’s other words for the entities are understood', () => {
  const entities = parseFilter(
    "metric.a = 1 AND parameter.b = '1' AND tag.c = '' AND attr.d = 'x' AND run.e = 'x'",
  );
  expect(entities.map(({ entity }) => entity)).toEqual([
    'metrics',
    'params',
    'tags',
    'attributes',
    'attributes',
  ]);
});

test('an empty filter compares nothing', () => {
  expect(parseFilter('  ')).toEqual([]);
});

test.each([
  ['metrics.a', 10, 'a comparison'],
  ['metrics.a <', 12, 'a value'],
  ['metrics.a < x', 13, 'a value'],
  ['metrics.a < 1 OR metrics.b > 2', 15, 'AND'],
  ["name = 'x", 8, 'a closing'],
  ['speed.a = 1', 1, 'attributes, metrics, params or tags'],
  ['metrics. = 1', 10, 'a key after the dot'],
  ['name ~ 1', 6, 'a key, a comparison'],
  ['name BETWEEN 1', 6, 'a comparison'],
  ["name = 'a'; DROP TABLE run", 11, 'a key'],
  ["name = 'a' AND", 15, 'a key'],
])('%s is refused at character %i', (text, position, expected) => {
  const failure = failureOf(() => parseFilter(text));
  expect(failure.code).toBe('BAD_USER_INPUT');
  expect(failure.facts.position).toBe(position);
  expect(failure.message).toContain(expected);
  expect(failure.message).toContain(`at character ${position}`);
});

test('a filter has a longest length and a most comparisons', () => {
  expect(failureOf(() => parseFilter(`name = '${'x'.repeat(10_000)}'`)).message).toContain(
    '10000 characters',
  );
  const many = Array.from({ length: 51 }, () => 'metrics.a < 1').join(' AND ');
  expect(failureOf(() => parseFilter(many)).message).toContain('at most 50 comparisons');
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
  const sql = attributeFilterSql("name = 'x'' OR TRUE' AND name LIKE 'a%'", { name: 'd.name' }, parameters);
  expect(sql).toBe("d.name = $2::text AND d.name LIKE $3::text ESCAPE ''");
  expect(parameters).toEqual(['project', "x' OR TRUE", 'a%']);
});

test('an attribute that the list does not have is refused with those it has', () => {
  const failure = failureOf(() => attributeFilterSql("constructor = 'x'", { name: 'd.name' }, []));
  expect(failure.message).toContain('one of: name at character 1, got “constructor”');
});

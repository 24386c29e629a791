import { buildSchema, getIntrospectionQuery, parse, specifiedRules, validate } from 'graphql';
import { limitShape } from '../../../src/graphql/document-limits';

const schema = buildSchema('type Query { node: Query, name: String }');
const codesOf = (query: string) =>
  validate(schema, parse(query), [...specifiedRules, limitShape]).map(({ extensions }) => extensions.code);
const nested = (depth: number) => `${'{ node '.repeat(depth - 1)}{ name ${'}'.repeat(depth)}`;

test('12 levels are allowed, 13 are not', () => {
  expect(codesOf(nested(12))).toEqual([]);
  expect(codesOf(nested(13))).toContain('QUERY_TOO_COMPLEX');
});

test('fragments count like what they stand for', () => {
  const deep = `query { ...f } fragment f on Query ${nested(13)}`;
  expect(codesOf(deep)).toContain('QUERY_TOO_COMPLEX');
});

test('20 root fields are allowed, 21 are not', () => {
  const rootFields = (count: number) =>
    `{ ${Array.from({ length: count }, (_, i) => `a${i}: ${i % 2 ? 'name' : 'node { name }'}`).join(' ')} }`;
  expect(codesOf(rootFields(20))).toEqual([]);
  expect(codesOf(rootFields(21))).toContain('QUERY_TOO_COMPLEX');
});

test('one field may have 15 aliases side by side, not 16', () => {
  const aliases = (count: number) =>
    `{ node { ${Array.from({ length: count }, (_, i) => `a${i}: name`).join(' ')} } }`;
  expect(codesOf(aliases(15))).toEqual([]);
  expect(codesOf(aliases(16))).toContain('QUERY_TOO_COMPLEX');
});

test('a fragment inside itself is refused, and the check ends', () => {
  expect(codesOf('query { ...f } fragment f on Query { node { ...f } }').length).toBeGreaterThan(0);
});

test('fragments that double at each step do not make the check costly', () => {
  const fragments = Array.from(
    { length: 40 },
    (_, i) => `fragment f${i} on Query { node { ...f${i + 1} } a: node { ...f${i + 1} } }`,
  );
  const started = performance.now();
  codesOf(`query { ...f0 } ${fragments.join(' ')} fragment f40 on Query { name }`);
  expect(performance.now() - started).toBeLessThan(30_000); // some milliseconds; else it would never end
});

test('fragments that only spread others do not make the check costly', () => {
  const fragments = Array.from(
    { length: 100 },
    (_, i) => `fragment g${i} on Query { ...g${i + 1} ...g${i + 1} }`,
  );
  const started = performance.now();
  codesOf(`query { ...g0 } ${fragments.join(' ')} fragment g100 on Query { name }`);
  expect(performance.now() - started).toBeLessThan(30_000); // some milliseconds; else it would never end
});

test('the introspection query of every tool passes', () => {
  expect(codesOf(getIntrospectionQuery({ descriptions: true }))).toEqual([]);
});

import { buildSchema, parse } from 'graphql';
import type { OperationContext } from '../../../src/graphql/context';
import { subscriptionStart } from '../../../src/graphql/subscription-start';
import type { Actor } from '../../../src/kernel/actor';
import type { ProjectId } from '../../../src/kernel/ids';

const schema = buildSchema(`
  type Query { none: Int }
  type Thing { list(after: String): Int }
  type Subscription { watch(of: String!, width: Int = 1, after: String): Thing }
`);
const VIEWER: Actor = { keyId: '1', keyName: 'one', role: 'viewer', projectId: 'p' as ProjectId };
const DOCUMENT = 'subscription ($of: String!, $after: String) { watch(of: $of, after: $after) { list } }';

function start(variableValues: Record<string, unknown>, query = DOCUMENT, actor: Partial<Actor> = {}) {
  const contextValue = { actor: { ...VIEWER, ...actor } } as OperationContext;
  return subscriptionStart({ schema, document: parse(query), variableValues, contextValue });
}
const key = (...args: Parameters<typeof start>) => start(...args).key;

test('equal operations, values and rights have one key, whoever has the key, however it was parsed', () => {
  expect(key({ of: 'a' })).toBe(key({ of: 'a' }));
  expect(key({ of: 'a' }, DOCUMENT, { keyId: '2', keyName: 'two' })).toBe(key({ of: 'a' }));
  expect(key({ unknown: [1], of: 'a' })).toBe(key({ of: 'a' })); // what the document does not declare it cannot use
});

test.each<[string, string]>([
  ['another value', key({ of: 'b' })],
  ['another document', key({ of: 'a' }, DOCUMENT.replace('list', '__typename'))],
  ['another role', key({ of: 'a' }, DOCUMENT, { role: 'admin' })],
  ['another project', key({ of: 'a' }, DOCUMENT, { projectId: 'q' as ProjectId })],
])('%s is another key', (_what, other) => {
  expect(other).not.toBe(key({ of: 'a' }));
});

test('where somebody begins is no part of the key', () => {
  expect(start({ of: 'a', after: 'x' })).toEqual({ key: key({ of: 'a' }), after: 'x' });
  expect(start({ of: 'a', after: null })).toEqual({ key: key({ of: 'a' }), after: null });
});

test('a cursor in the text, or in a variable with another use, is found and stays part of the key', () => {
  const literal = (after: string) => start({}, `subscription { watch(of: "a", after: "${after}") { list } }`);
  expect(literal('x').after).toBe('x');
  expect(literal('x').key).not.toBe(literal('y').key);
  const twice = (after: string) =>
    start(
      { after },
      `subscription ($after: String) { watch(of: "a", after: $after) { list(after: $after) } }`,
    );
  expect(twice('x').after).toBe('x');
  expect(twice('x').key).not.toBe(twice('y').key);
});

test('absent is not null, where a default makes the difference', () => {
  const query = 'subscription ($width: Int = 5) { watch(of: "a", width: $width) { list } }';
  expect(key({}, query)).not.toBe(key({ width: null }, query));
});

test('the root field may be in a fragment', () => {
  const query = `subscription ($after: String) { ... on Subscription { ...Root } }
    fragment Root on Subscription { watch(of: "a", after: $after) { list } }`;
  expect(start({ after: 'x' }, query).after).toBe('x');
  expect(key({ after: 'x' }, query)).toBe(key({ after: 'y' }, query));
});

test('variables of the wrong type are told', () => {
  expect(() => start({ of: 1 })).toThrow(/\$of/);
});

import fc from 'fast-check';
import {
  COMPARISON_OPERATORS,
  FILTER_ENTITIES,
  type FilterNode,
  type FilterValue,
  type Predicate,
} from '../../src/kernel/filter/filter-tree';

/** A filter without the places at which its parts stand. */
export type Unplaced = Record<string, unknown>;

const quoted = (text: string, quote: string) => `${quote}${text.replaceAll(quote, quote + quote)}${quote}`;
const valueText = (value: FilterValue) => (typeof value === 'number' ? String(value) : quoted(value, "'"));

/** A text that means this tree. */
export function filterText(node: FilterNode): string {
  switch (node.kind) {
    case 'and':
    case 'or':
      return node.children.map((child) => `(${filterText(child)})`).join(` ${node.kind.toUpperCase()} `);
    case 'not':
      return `NOT (${filterText(node.child)})`;
    default:
      return predicateText(node);
  }
}

function predicateText(predicate: Predicate): string {
  const key = `${predicate.entity}.${quoted(predicate.key, '`')}`;
  const not = predicate.isNegated ? 'NOT ' : '';
  switch (predicate.kind) {
    case 'comparison':
      return `${key} ${not}${predicate.operator} ${valueText(predicate.value)}`;
    case 'in':
      return `${key} ${not}IN (${predicate.values.map(valueText).join(', ')})`;
    case 'between':
      return `${key} ${not}BETWEEN ${valueText(predicate.low)} AND ${valueText(predicate.high)}`;
    case 'null':
      return `${key} IS ${not}NULL`;
    case 'matches':
      return `${key} ${not}MATCHES ${quoted(predicate.words, "'")}`;
  }
}

export const withoutPlaces = (node: FilterNode | null): Unplaced =>
  JSON.parse(
    JSON.stringify(node, (name, value: unknown) => (name === 'position' ? undefined : value)),
  ) as Unplaced;

/** Any tree, of at most 50 questions; the questions are those of `predicate`. */
export const anyFilter = (predicate: fc.Arbitrary<Predicate>): fc.Arbitrary<FilterNode> =>
  fc.letrec<{ node: FilterNode }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      predicate,
      fc.record({
        kind: fc.constantFrom('and' as const, 'or' as const),
        children: fc.array(tie('node'), { minLength: 2, maxLength: 3 }),
      }),
      fc.record({ kind: fc.constant('not' as const), child: tie('node') }),
    ),
  })).node;

const storable = fc.string({ unit: 'grapheme', maxLength: 12 });
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0 || 0);
const value: fc.Arbitrary<FilterValue> = fc.oneof(storable, number);

/** Any question that can be written down. */
export const anyPredicate: fc.Arbitrary<Predicate> = fc
  .tuple(
    fc.record({ entity: fc.constantFrom(...FILTER_ENTITIES), key: storable, position: fc.constant(1) }),
    fc.oneof(
      fc
        .record({ operator: fc.constantFrom(...COMPARISON_OPERATORS), value, isNegated: fc.boolean() })
        .map((one) => ({
          ...one,
          kind: 'comparison' as const,
          isNegated: one.isNegated && one.operator.endsWith('LIKE'),
        })),
      fc.record({
        kind: fc.constant('in' as const),
        isNegated: fc.boolean(),
        values: fc.array(value, { minLength: 1, maxLength: 4 }),
      }),
      fc.record({ kind: fc.constant('between' as const), isNegated: fc.boolean(), low: value, high: value }),
      fc.record({ kind: fc.constant('null' as const), isNegated: fc.boolean() }),
      fc.record({ kind: fc.constant('matches' as const), isNegated: fc.boolean(), words: storable }),
    ),
  )
  .map(([key, question]) => ({ ...key, ...question }));

import fc from 'fast-check';
import { Failure } from '../../../../src/kernel/errors';
import { parseFilter, parseSortKey } from '../../../../src/kernel/filter/filter';
import { anyFilter, anyPredicate, filterText, withoutPlaces } from '../../../support/filter-text';

test('any tree that is written down and read again is the same tree', () => {
  fc.assert(
    fc.property(anyFilter(anyPredicate), (tree) => {
      expect(withoutPlaces(parseFilter(filterText(tree)))).toEqual(withoutPlaces(tree));
    }),
  );
});

const pieces = fc.constantFrom(
  ...[
    'a',
    'metrics.m',
    'params.',
    '`x y`',
    "'text'",
    '"',
    "'",
    '(',
    ')',
    ',',
    'AND',
    'or',
    'NOT',
    'IN',
    'IS',
    'NULL',
  ],
  ...['BETWEEN', 'LIKE', 'MATCHES', '=', '<>', '1', '-1e9', '1e', '.', '%', '\0', '\ud800', 'ß', '🙂'],
);
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(pieces, { maxLength: 30 }).map((words) => words.join(' ')),
  fc.array(pieces, { maxLength: 30 }).map((words) => words.join('')),
);

test.each([
  ['filter', parseFilter],
  ['sort key', parseSortKey],
])('any text is a %s or is refused at a place in it', (_, parse) => {
  fc.assert(
    fc.property(anyText, (text) => {
      try {
        parse(text);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        expect(error.code).toBe('BAD_USER_INPUT');
        const { position } = error.facts as { position: number };
        expect(position).toBeGreaterThanOrEqual(1);
        expect(position).toBeLessThanOrEqual(text.length + 1);
      }
    }),
    { numRuns: 1_000 },
  );
});

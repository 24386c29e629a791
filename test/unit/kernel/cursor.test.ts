import { decodeCursor, encodeCursor, toPage } from '../../../src/kernel/cursor';

test('a cursor gives back every key', () => {
  expect(decodeCursor(encodeCursor(['a"b', 1.5, null]), 3)).toEqual(['a"b', 1.5, null]);
});

test.each([['nonsense'], [encodeCursor(['one'])], [Buffer.from('{"a":1}').toString('base64url')], ['']])(
  '“%s” is no cursor of two keys',
  (text) => {
    expect(decodeCursor(text, 2)).toBeNull();
  },
);

test('one row more than asked for says that there is a next page', () => {
  const keysOf = (row: string) => [row];
  expect(toPage(['a', 'b', 'c'], { first: 2, after: null }, keysOf)).toEqual({
    nodes: ['a', 'b'],
    hasNextPage: true,
    endCursor: encodeCursor(['b']),
  });
  expect(toPage([], { first: 2, after: null }, keysOf)).toEqual({
    nodes: [],
    hasNextPage: false,
    endCursor: null,
  });
});

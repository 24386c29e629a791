import fc from 'fast-check';
import { packColumn, unpackColumn } from '../../../../src/tracking/metrics/packed-column';

const roundTrip = (column: BigInt64Array) => [...unpackColumn(packColumn(column), column.length)];

test('any 64-bit numbers come back as they were', () => {
  const near = fc.integer({ min: 0, max: 70_000 }).map(BigInt);
  const number = fc.oneof(
    fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    near,
    fc.constantFrom(2n ** 51n - 1n, 2n ** 51n, -(2n ** 51n), 2n ** 53n + 1n, -1n, 2n ** 32n, 2n ** 63n - 1n),
  );
  const moved = fc
    .tuple(fc.bigInt(-(2n ** 52n), 2n ** 52n), fc.array(near))
    .map(([base, all]) => all.map((one) => base + one));
  fc.assert(
    fc.property(fc.oneof(fc.array(number), moved), (numbers) => {
      const column = BigInt64Array.from(numbers);
      expect(roundTrip(column)).toEqual([...column]);
    }),
    { numRuns: 500 },
  );
});

test('a part of a larger array is packed as that part', () => {
  expect(roundTrip(BigInt64Array.of(9n, 1n, 2n, 3n, 9n).subarray(1, 4))).toEqual([1n, 2n, 3n]);
});

test.each([
  ['steps that count', (row: number) => BigInt(row), 17],
  ['steps that count down from far', (row: number) => 2n ** 50n - 7n * BigInt(row), 17],
  ['one and the same time', () => 1_700_000_000_000n, 17],
  [
    'times within a quarter of a second',
    (row: number) => 1_700_000_000_000n + BigInt((row * 7) % 251),
    1_010,
  ],
  ['times within a minute', (row: number) => 1_700_000_000_000n + BigInt((row * 7) % 60_000), 2_010],
  ['numbers beyond doubles', (row: number) => 2n ** 60n + BigInt(row), 8_001],
])('%s take no more room than they need', (_, numberAt, size) => {
  const column = BigInt64Array.from({ length: 1_000 }, (_, row) =>
    row === 500 ? numberAt(499 + 1) : numberAt(row),
  );
  expect(packColumn(column).length).toBeLessThanOrEqual(size);
  expect(roundTrip(column)).toEqual([...column]);
});

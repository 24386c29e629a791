import fc from 'fast-check';
import { halvesOf } from '../../../../src/kernel/halves';
import { AsciiWriter } from '../../../../src/kernel/json/ascii-writer';

const written = (values: readonly bigint[]): string => {
  const writer = new AsciiWriter(21 * values.length);
  const halves = halvesOf(BigInt64Array.from(values));
  values.forEach((_, row) => {
    writer.integer(halves, row);
    writer.text(' ');
  });
  return writer.toString();
};
const expected = (values: readonly bigint[]): string => values.map((value) => `${value} `).join('');

test('integers of 64 bits are written as they are', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), (values) => {
      expect(written(values)).toBe(expected(values));
    }),
  );
});

test('at every length, and around what a double holds exactly', () => {
  const powers = Array.from({ length: 19 }, (_, power) => 10n ** BigInt(power));
  const edges = [
    0n,
    2n ** 31n,
    2n ** 32n,
    2n ** 52n,
    2n ** 53n,
    9_007_199_254_000_000n,
    2n ** 63n - 2n,
    ...powers,
  ];
  const values = edges.flatMap((edge) => [edge - 1n, edge, edge + 1n]).flatMap((value) => [value, -value]);
  expect(written(values)).toBe(expected(values));
});

import { isWorthPacking } from '../../../../src/compat/open-inference/packed-answer';

const KIB = 1_024;
const MIB = 1_024 * KIB;

test.each([
  [16 * KIB - 1, false],
  [16 * KIB, true],
  [16 * MIB, true],
  [16 * MIB + 1, false],
])('whether an answer of %i bytes is packed: %s', (sizeBytes, isPacked) => {
  const half = Math.floor(sizeBytes / 2);
  expect(isWorthPacking([new Uint8Array(half), new Uint8Array(sizeBytes - half)])).toBe(isPacked);
});

import { ranked } from '../../../../src/compat/open-inference/classification';
import type { Tensor } from '../../../../src/kernel/tensors/tensor';
import type { PredictSuccess } from '../../../../src/serving/serving';

/** An answer of one output, of a version that takes rows. */
const answer = (output: Omit<Tensor, 'name'>, labels: readonly string[] | null = null, batchable = true) =>
  ({
    ok: true,
    version: { signature: { labels, batchable } },
    outputs: [{ ...output, name: 'y' }],
  }) as unknown as PredictSuccess;
function rankedOf(result: PredictSuccess, count: number) {
  const all = ranked(result, new Map([['y', count]]));
  if (!all.ok) throw new Error(all.error.message);
  return all.outputs[0];
}
const FLOATS = { datatype: 'FP32', shape: [2, 3], data: Float32Array.of(0.25, 0.5, 0.25, 7, -1, 9) } as const;

test('each row names its largest values, with their places and their labels', () => {
  expect(rankedOf(answer(FLOATS, ['cat', 'dog', 'emu']), 2)).toEqual({
    ...{ name: 'y', datatype: 'BYTES', shape: [2, 2] },
    data: ['0.500000:1:dog', '0.250000:0:cat', '9.000000:2:emu', '7.000000:0:cat'],
  });
});

test('where labels are for something else, or there are none, classes are their places', () => {
  expect(rankedOf(answer(FLOATS, ['cat', 'dog']), 1)?.data).toEqual(['0.500000:1', '9.000000:2']);
  expect(rankedOf(answer(FLOATS), 1)?.data).toEqual(['0.500000:1', '9.000000:2']);
});

test('more classes than there are, are all of them', () => {
  expect(rankedOf(answer(FLOATS), 100)).toMatchObject({ shape: [2, 3] });
});

test('without rows, all of the tensor is ranked', () => {
  expect(rankedOf(answer(FLOATS, null, false), 2)).toMatchObject({
    shape: [2],
    data: ['9.000000:5', '7.000000:3'],
  });
});

test.each<[string, Omit<Tensor, 'name'>, readonly string[]]>([
  [
    'NaN comes last',
    { datatype: 'FP64', shape: [1, 4], data: Float64Array.of(NaN, -Infinity, Infinity, 1) },
    ['inf:2', '1.000000:3', '-inf:1', 'nan:0'],
  ],
  [
    'integers are whole, and exact',
    { datatype: 'INT64', shape: [1, 2], data: BigInt64Array.of(2n ** 53n, 2n ** 53n + 1n) },
    ['9007199254740993:1', '9007199254740992:0'],
  ],
  [
    'half precision is not ranked by its bits',
    { datatype: 'FP16', shape: [1, 3], data: Uint16Array.of(0x3c00, 0xbc00, 0x4000) },
    ['2.000000:2', '1.000000:0', '-1.000000:1'],
  ],
  ['no rows have no classes', { datatype: 'FP32', shape: [0, 3], data: new Float32Array(0) }, []],
  [
    'one value a row is a class by itself',
    { datatype: 'UINT8', shape: [2], data: Uint8Array.of(3, 4) },
    ['3:0', '4:0'],
  ],
])('%s', (_what, output, expected) => {
  expect(rankedOf(answer(output), 9)?.data).toEqual(expected);
});

test('what cannot be ranked is refused', () => {
  const words = answer({ datatype: 'BYTES', shape: [1, 1], data: ['a'] });
  expect(() => rankedOf(words, 1)).toThrow(/outputs\[y\].*expected an output of numbers, got BYTES/);
  const large = answer({ datatype: 'UINT8', shape: [1, 262_145], data: new Uint8Array(262_145) });
  expect(() => rankedOf(large, 1)).toThrow(/at most 262144 values, got 262145/);
});

test('the other outputs are left as they are', () => {
  const result = answer(FLOATS);
  expect(ranked(result, new Map())).toBe(result);
  expect(ranked(result, new Map([['z', 1]]))).toEqual(result);
});

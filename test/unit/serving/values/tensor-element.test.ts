import { tensorBytes } from '../../../../src/kernel/tensors/tensor-bytes';
import { ARRAY_OF, type Datatype, type TensorData } from '../../../../src/kernel/tensors/tensor';
import { elementText } from '../../../../src/serving/values/tensor-element';
import { toBrainBits, toHalfBits } from '../../../../src/serving/values/value-parser';

const dataOf = (datatype: Datatype, values: readonly unknown[]): TensorData =>
  datatype === 'BYTES'
    ? (values as string[])
    : (ARRAY_OF[datatype] as Float64ArrayConstructor).from(values as number[]);
/** The second element of the tensor, as its bytes have it and as base64 of them has it. */
const secondOf = (datatype: Datatype, values: readonly unknown[]) => {
  const bytes = tensorBytes(dataOf(datatype, values));
  const unaligned = Buffer.concat([Buffer.alloc(1), bytes]).subarray(1);
  const tensor = { name: 'x', datatype, shape: [values.length] };
  const base64 = Buffer.from(bytes).toString('base64');
  return [elementText({ ...tensor, bytes: unaligned }, 1), elementText({ ...tensor, base64 }, 1)];
};

test('bytes that are no text equal no text, however they came', () => {
  const element = Uint8Array.of(0xef, 0xbf);
  const tensor = { name: 'x', datatype: 'BYTES', shape: [2] };
  expect(secondOf('BYTES', ['a', element])).toEqual([undefined, undefined]);
  expect(elementText({ ...tensor, data: ['a', element] }, 1)).toBeUndefined();
});

test.each<[Datatype, unknown, string]>([
  ['BOOL', 1, 'true'],
  ['BOOL', 0, 'false'],
  ['UINT8', 255, '255'],
  ['UINT16', 65_535, '65535'],
  ['UINT32', 4_294_967_295, '4294967295'],
  ['UINT64', 2n ** 64n - 1n, '18446744073709551615'],
  ['INT8', -128, '-128'],
  ['INT16', -32_768, '-32768'],
  ['INT32', -2_147_483_648, '-2147483648'],
  ['INT64', -9_007_199_254_740_993n, '-9007199254740993'],
  ['FP16', toHalfBits(0.1), '0.1'],
  ['BF16', toBrainBits(-1.5), '-1.5'],
  ['FP32', 0.1, '0.1'],
  ['FP32', 16_777_217, '16777216'],
  ['FP32', -0, '0'],
  ['FP32', NaN, 'NaN'],
  ['FP64', 0.1, '0.1'],
  ['FP64', -Infinity, '-Infinity'],
  ['FP64', 1e21, '1e+21'],
  ['BYTES', 'größe 🐧', 'größe 🐧'],
  ['BYTES', '', ''],
])('%s: bytes of %p are “%s”', (datatype, value, text) => {
  const first = datatype === 'BYTES' ? 'other' : datatype.endsWith('INT64') ? 3n : 3;
  expect(secondOf(datatype, [first, value, first])).toEqual([text, text]);
});

test.each<[unknown, string | undefined]>([
  [7, '7'],
  [0.1, '0.1'],
  [true, 'true'],
  ['DE', 'DE'],
  ['9007199254740993', '9007199254740993'],
  [null, undefined],
  [{}, undefined],
])('in JSON, %p is “%s”, flat or nested', (value, text) => {
  const tensor = { name: 'x', datatype: 'FP32', shape: [2, 2] };
  expect(elementText({ ...tensor, data: [1, value, 3, 4] }, 1)).toBe(text);
  expect(elementText({ ...tensor, data: [[1, value], [3, 4]] }, 1)).toBe(text); // prettier-ignore
});

test('what is not there is nothing, whatever the bytes say', () => {
  const tensor = { name: 'x', shape: [9] };
  expect(elementText({ ...tensor, datatype: 'FP32', bytes: Buffer.alloc(7) }, 1)).toBeUndefined();
  expect(elementText({ ...tensor, datatype: 'FP33', bytes: Buffer.alloc(8) }, 1)).toBeUndefined();
  expect(elementText({ ...tensor, datatype: 'FP32', data: [1] }, 1)).toBeUndefined();
  for (const bytes of [
    [],
    [1, 0, 0],
    [1, 0, 0, 0],
    [255, 255, 255, 255, 65],
    [1, 0, 0, 0, 65, 2, 0, 0, 0, 66],
  ])
    expect(elementText({ ...tensor, datatype: 'BYTES', bytes: Buffer.from(bytes) }, 1)).toBeUndefined();
});

test('of a large text nothing is decoded', () => {
  const bytes = tensorBytes(['a'.repeat(100_000), 'b', 'c'.repeat(100_000)]);
  const tensor = { name: 'x', datatype: 'BYTES', shape: [3], bytes };
  expect([0, 1, 2].map((index) => elementText(tensor, index))).toEqual([undefined, 'b', undefined]);
});

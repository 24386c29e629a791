import fc from 'fast-check';
import type { Tensor } from '../../../../src/kernel/tensors/tensor';
import { questionKey } from '../../../../src/serving/cache/cache-key';

const floats = (values: readonly number[], more: Partial<Tensor> = {}): Tensor => ({
  ...{ name: 'x', datatype: 'FP32', shape: [1, values.length] },
  data: Float32Array.from(values),
  ...more,
});
const texts = (...data: string[]): Tensor => ({ name: 't', datatype: 'BYTES', shape: [data.length], data });
const key = (inputs: readonly Tensor[], outputs?: readonly string[], version = 'v1') =>
  questionKey(version, inputs, outputs);

test('the same question has the same key, and one that a store can hold', () => {
  expect(key([floats([1, 2])])).toBe(key([floats([1, 2])]));
  expect(key([floats([1, 2])])).toMatch(/^[\w-]{43}$/);
});

test('the values count, not the memory that they lie in', () => {
  const memory = Float32Array.of(9, 1, 2, 9);
  expect(key([floats([], { shape: [1, 2], data: memory.subarray(1, 3) })])).toBe(key([floats([1, 2])]));
});

test('whatever can change an answer changes the key', () => {
  const different = [
    key([floats([1, 2])]),
    key([floats([1, 2])], undefined, 'v2'),
    key([floats([1, 2])], ['y']),
    key([floats([1, 2])], []),
    key([floats([1, 2])], ['y', 'z']),
    key([floats([1, 2])], ['z', 'y']),
    key([floats([1, 2])], ['yz']),
    key([floats([2, 1])]),
    key([floats([1, 2], { name: 'z' })]),
    key([floats([1, 2], { shape: [2, 1] })]),
    key([floats([1, 2], { shape: [2] })]),
    key([floats([1, 2], { datatype: 'INT32', data: Int32Array.of(1, 2) })]),
    key([floats([1, 2]), floats([1, 2], { name: 'z' })]),
    key([floats([0])]),
    key([floats([-0])]),
    key([texts('ab', 'c')]),
    key([texts('a', 'bc')]),
    key([texts('abc')]),
    key([texts('abc', '')]),
    key([texts('', 'abc')]),
  ];
  expect(new Set(different).size).toBe(different.length);
});

test('neither does the way matter in which it is hashed: a large question differs by its last byte', () => {
  const image = (last: number) => floats([...new Array<number>(150_000).fill(0.5), last]);
  expect(key([image(1)])).toBe(key([image(1)]));
  expect(key([image(1)])).not.toBe(key([image(2)]));
  const longName = 'n'.repeat(20_000);
  expect(key([floats([1], { name: longName })])).not.toBe(key([floats([1], { name: `${longName}n` })]));
});

test('two questions have one key only where they are equal', () => {
  const tensor = fc.record({
    name: fc.string({ maxLength: 3 }),
    data: fc.array(fc.string({ maxLength: 3 })),
  });
  const question = fc.record({
    inputs: fc.array(tensor, { maxLength: 3 }),
    outputs: fc.option(fc.array(fc.string({ maxLength: 3 }), { maxLength: 3 }), { nil: undefined }),
  });
  const keyOf = ({ inputs, outputs }: { inputs: { name: string; data: string[] }[]; outputs?: string[] }) =>
    key(
      inputs.map((input) => ({ ...input, datatype: 'BYTES', shape: [input.data.length] })),
      outputs,
    );
  fc.assert(
    fc.property(question, question, (one, other) => {
      expect(keyOf(one) === keyOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
  );
});

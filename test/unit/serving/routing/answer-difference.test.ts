import type { Datatype, Tensor, TensorData } from '../../../../src/kernel/tensors/tensor';
import { differenceOf } from '../../../../src/serving/routing/answer-difference';
import { toHalfBits } from '../../../../src/serving/values/value-parser';

const tensor = (name: string, datatype: Datatype, shape: number[], data: TensorData): Tensor => ({
  name,
  datatype,
  shape,
  data,
});
const floats = (shape: number[], ...values: number[]) =>
  tensor('y', 'FP32', shape, Float32Array.from(values));
const answer = (outputs: Tensor[], labels: string[] | null = null) => ({ signature: { labels }, outputs });

test('equal answers agree, in every row', () => {
  const one = answer([floats([3, 2], 1, 2, 3, 4, 5, 6)]);
  expect(differenceOf(one, one)).toEqual({ compared: 3, disagreed: 0, values: 6, absDifference: 0 });
});

test('numbers disagree beyond a thousandth of the larger one, row by row', () => {
  const one = answer([floats([3, 1], 1000, 1000, 0)]);
  const other = answer([floats([3, 1], 1000.5, 1002, 0.25)]);
  expect(differenceOf(one, other)).toEqual({ compared: 3, disagreed: 2, values: 3, absDifference: 2.75 });
});

test.each<[string, number[], number[], number]>([
  ['what rounding makes of a number near zero among large ones is none', [1000, 1e-4], [1000, 2e-4], 0],
  ['nor what it makes of its sign', [1000, 1e-4], [1000, -1e-4], 0],
  ['more than that is', [1000, 0.1], [1000, 0.2], 1],
  ['and so is as much where there is nothing larger', [1e-4, 1e-4], [1e-4, 2e-4], 1],
  ['an infinity beside them makes none of them larger', [Infinity, 1e-4], [Infinity, 2e-4], 1],
])('%s', (_what, one, other, disagreed) => {
  expect(differenceOf(answer([floats([1, 2], ...one)]), answer([floats([1, 2], ...other)]))).toMatchObject({
    compared: 1,
    disagreed,
  });
});

test('what is not a number is equal to itself, and has no distance', () => {
  const one = answer([floats([4, 1], NaN, Infinity, NaN, 1)]);
  const other = answer([floats([4, 1], NaN, Infinity, 1, -Infinity)]);
  expect(differenceOf(one, other)).toEqual({ compared: 4, disagreed: 2, values: 0, absDifference: 0 });
});

describe('classes decide, and probabilities only say how far', () => {
  const scores = (...values: number[]) => tensor('p', 'FP32', [2, 2], Float32Array.from(values));
  test.each<[string, Datatype, TensorData, TensorData]>([
    ['texts', 'BYTES', ['cat', 'dog'], ['cat', 'cat']],
    ['numbers', 'INT64', BigInt64Array.of(0n, 1n), BigInt64Array.of(0n, 0n)],
    [
      'other bytes',
      'BYTES',
      [Uint8Array.of(0xff), Uint8Array.of(1)],
      [Uint8Array.of(0xff), Uint8Array.of(2)],
    ],
    ['truths', 'BOOL', Uint8Array.of(0, 1), Uint8Array.of(0, 0)],
  ])('%s', (_what, datatype, one, other) => {
    const label = (data: TensorData) => tensor('label', datatype, [2], data);
    const difference = differenceOf(
      answer([label(one), scores(0.5, 0.5, 0.25, 0.75)]),
      answer([label(other), scores(0.75, 0.25, 0.75, 0.25)]),
    );
    expect(difference).toEqual({ compared: 2, disagreed: 1, values: 4, absDifference: 1.5 });
  });

  test('the likeliest class, where the version names its classes', () => {
    const one = answer([scores(0.9, 0.1, 0.4, 0.6)], ['cat', 'dog']);
    expect(differenceOf(one, answer([scores(0.6, 0.4, 0.6, 0.4)], ['cat', 'dog'])).disagreed).toBe(1);
    expect(differenceOf(one, answer([scores(0.1, 0.9, 0.6, 0.4)], ['dog', 'cat'])).disagreed).toBe(0);
  });

  test('the number of a class means its name', () => {
    const label = (value: bigint) => [tensor('label', 'INT64', [1], BigInt64Array.of(value))];
    const difference = differenceOf(answer(label(0n), ['cat', 'dog']), answer(label(1n), ['dog', 'cat']));
    expect(difference).toMatchObject({ compared: 1, disagreed: 0 });
  });
});

test('half floats are numbers, not bits', () => {
  const half = (value: number) => [tensor('y', 'FP16', [1], Uint16Array.of(toHalfBits(value)))];
  expect(differenceOf(answer(half(2)), answer(half(2.5)))).toMatchObject({
    disagreed: 1,
    absDifference: 0.5,
  });
});

test.each<[string, Tensor[]]>([
  ['another shape', [floats([2, 2], 1, 2, 3, 4)]],
  ['another name', [{ ...floats([2, 1], 1, 2), name: 'z' }]],
  ['another type', [tensor('y', 'FP64', [2, 1], Float64Array.of(1, 2))]],
  ['no outputs', []],
])('%s is another answer in every row', (_what, outputs) => {
  expect(differenceOf(answer([floats([2, 1], 1, 2)]), answer(outputs))).toEqual({
    compared: 2,
    disagreed: 2,
    values: 0,
    absDifference: 0,
  });
});

test('a scalar is one answer, and so are outputs of different lengths', () => {
  expect(differenceOf(answer([floats([], 1)]), answer([floats([], 2)]))).toMatchObject({
    compared: 1,
    disagreed: 1,
  });
  const uneven = [floats([2], 1, 2), { ...floats([3], 1, 2, 3), name: 'z' }];
  expect(differenceOf(answer(uneven), answer(uneven))).toMatchObject({
    compared: 1,
    disagreed: 0,
    values: 5,
  });
});

test('of a large answer only the first values of the first rows are looked at', () => {
  const large = (rows: number, width: number, value: number) =>
    answer([floats([rows, width], ...Array.from({ length: rows * width }, () => value))]);
  const wide = differenceOf(large(2, 50_000, 1), large(2, 50_000, 2));
  expect(wide).toMatchObject({ compared: 1, disagreed: 1, values: 16_384 });
  const long = differenceOf(large(50_000, 2, 1), large(50_000, 2, 2));
  expect(long).toMatchObject({ compared: 8_192, disagreed: 8_192, values: 16_384 });
});

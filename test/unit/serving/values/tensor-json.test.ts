import fc from 'fast-check';
import { InputCheck } from '../../../../src/kernel/input-check';
import {
  ARRAY_OF,
  DATATYPES,
  type Datatype,
  type Tensor,
  type TensorData,
} from '../../../../src/kernel/tensors/tensor';
import { tensorFromJson, tensorToJson } from '../../../../src/serving/values/tensor-json';
import {
  fromBrainBits,
  fromHalfBits,
  toBrainBits,
  toHalfBits,
} from '../../../../src/serving/values/value-parser';

const read = (json: object, spec: { datatype: Datatype; shape: number[] }) => {
  const check = new InputCheck();
  const tensor = tensorFromJson({ name: 'x', ...json } as never, { name: 'x', ...spec }, 'inputs[0]', check);
  return { tensor, issues: check.result()?.issues ?? [] };
};

const anyData = (datatype: Datatype): fc.Arbitrary<TensorData> => {
  if (datatype === 'BYTES') return fc.array(fc.string({ unit: 'binary' }));
  if (datatype === 'BOOL') return fc.uint8Array({ max: 1 });
  // Any bytes make numbers; of FP16's NaNs only the usual one survives being written as “NaN”.
  return fc.uint8Array({ maxLength: 64 }).map((bytes) => {
    const ArrayClass = ARRAY_OF[datatype];
    const count = Math.floor(bytes.length / ArrayClass.BYTES_PER_ELEMENT);
    return new ArrayClass(bytes.slice().buffer, 0, count) as TensorData;
  });
};

describe.each([...DATATYPES])('%s', (datatype) => {
  test.each(['JSON', 'BASE64'] as const)('survives %s', (encoding) => {
    fc.assert(
      fc.property(anyData(datatype), (data) => {
        const original: Tensor = { name: 'x', datatype, shape: [data.length], data };
        const json = JSON.parse(JSON.stringify(tensorToJson(original, encoding))) as object;
        const { tensor } = read(json, { datatype, shape: [-1] });
        const again = tensor && tensorToJson(tensor, encoding);
        expect(again).toEqual(tensorToJson(original, encoding));
      }),
    );
  });
});

test('nested lists are read row by row', () => {
  const { tensor } = read(
    {
      datatype: 'INT32',
      shape: [2, 2],
      data: [
        [1, 2],
        [3, 4],
      ],
    },
    { datatype: 'INT32', shape: [-1, 2] },
  );
  expect(tensor?.data).toEqual(Int32Array.of(1, 2, 3, 4));
});

test('a scalar has one value and no axes', () => {
  expect(
    read({ datatype: 'FP64', shape: [], data: [2.5] }, { datatype: 'FP64', shape: [] }).tensor?.data,
  ).toEqual(Float64Array.of(2.5));
});

test.each([
  ['another datatype', { datatype: 'FP64', shape: [1], data: [1] }, 'inputs[0].datatype'],
  ['another rank', { datatype: 'FP32', shape: [1, 1], data: [1] }, 'inputs[0].shape'],
  ['another size', { datatype: 'FP32', shape: [3], data: [1, 2, 3] }, 'inputs[0].shape'],
  ['a negative size', { datatype: 'FP32', shape: [-2], data: [] }, 'inputs[0].shape'],
  ['a size that is no number', { datatype: 'FP32', shape: ['2'], data: [1, 2] }, 'inputs[0].shape'],
  ['too few values', { datatype: 'FP32', shape: [2], data: [1] }, 'inputs[0].data'],
  ['too many values', { datatype: 'FP32', shape: [2], data: [1, 2, 3] }, 'inputs[0].data'],
  ['a value of another kind', { datatype: 'FP32', shape: [2], data: [1, true] }, 'inputs[0].data[1]'],
  ['too few bytes', { datatype: 'FP32', shape: [2], base64: 'AAAA' }, 'inputs[0].base64'],
])('%s is refused, with its place', (_what, json, path) => {
  const { tensor, issues } = read(json, { datatype: 'FP32', shape: [2] });
  expect(tensor).toBeNull();
  expect(issues).toMatchObject([{ path }]);
});

test.each<[Datatype, number, number]>([
  ['FP16', 65_519, 65_520],
  ['BF16', 3.38e38, 3.4e38],
  ['FP32', 3.4028235677973362e38, 3.4028235677973366e38],
])('%s takes %d, and no finite number whose nearest is an infinity', (datatype, taken, tooLarge) => {
  const one = (value: unknown) => read({ datatype, shape: [1], data: [value] }, { datatype, shape: [1] });
  for (const sign of [1, -1]) {
    expect(one(sign * taken).issues).toEqual([]);
    expect(one(sign * tooLarge).issues).toMatchObject([
      { path: 'inputs[0].data[0]', expected: expect.stringContaining(': at most ') },
    ]);
  }
  for (const text of ['Infinity', '-Infinity', 'NaN']) expect(one(text).issues).toEqual([]);
});

test.each(['INT64', 'UINT64'] as const)('%s beyond 2^53 is wanted as a text', (datatype) => {
  const one = (value: unknown) => read({ datatype, shape: [1], data: [value] }, { datatype, shape: [1] });
  expect(one(2 ** 53).issues).toMatchObject([
    { expected: `a whole number (${datatype}), beyond 2^53 as a text: JSON numbers lose digits there` },
  ]);
  expect(one('9007199254740993').issues).toEqual([]);
  expect(one(1.5).issues).toMatchObject([{ expected: `a whole number (${datatype})` }]);
});

test('text whose lengths lie is refused', () => {
  const lying = Buffer.from([255, 255, 255, 255, 65]).toString('base64');
  const { tensor } = read(
    { datatype: 'BYTES', shape: [1], base64: lying },
    { datatype: 'BYTES', shape: [1] },
  );
  expect(tensor).toBeNull();
});

test('every half is the half that it is read from', () => {
  for (let bits = 0; bits < 65_536; bits += 1) {
    const value = fromHalfBits(bits);
    if (Number.isNaN(value)) expect(Number.isNaN(fromHalfBits(toHalfBits(value)))).toBe(true);
    else expect(toHalfBits(value)).toBe(bits);
  }
});

test.each([
  [65_519.9, 65_504],
  [65_520, Infinity],
  [2 ** -25, 0],
  [2 ** -25 * 1.0001, 2 ** -24],
  [1 + 2 ** -11, 1],
  [1 + 3 * 2 ** -11, 1 + 2 ** -9],
  [1 + 2 ** -11 + 2 ** -40, 1 + 2 ** -10],
  [-1 - 2 ** -11 - 2 ** -40, -1 - 2 ** -10],
  [1 + 3 * 2 ** -11 - 2 ** -40, 1 + 2 ** -10],
  [65_520 - 2 ** -20, 65_504],
  [2 ** -25 + 2 ** -60, 2 ** -24],
  [1e-300, 0],
])('%d becomes the half nearest to it, ties to even', (value, expected) => {
  expect(fromHalfBits(toHalfBits(value))).toBe(expected);
});

test.each([
  [1 + 2 ** -8 + 2 ** -40, 1 + 2 ** -7],
  [-1 - 3 * 2 ** -8 + 2 ** -40, -1 - 2 ** -7],
  [2 ** -134 + 2 ** -170, 2 ** -133],
  [1e-300, 0],
])('%d becomes the bfloat16 nearest to it, and not to the single nearest to it', (value, expected) => {
  expect(fromBrainBits(toBrainBits(value))).toBe(expected);
});

test('every bfloat16 is the number that its bits stand for, and others go to the nearest, ties to even', () => {
  for (let bits = 0; bits < 65_536; bits += 1) {
    const value = fromBrainBits(bits);
    if (Number.isNaN(value)) expect(fromBrainBits(toBrainBits(value))).toBeNaN();
    else expect(toBrainBits(value)).toBe(bits);
  }
  expect([1 + 2 ** -8, 1 + 3 * 2 ** -8, 1e39].map((value) => fromBrainBits(toBrainBits(value)))).toEqual([
    1,
    1 + 2 ** -6,
    Infinity,
  ]);
});

test('of a shape with very many sizes, only the first are told', () => {
  const shape = Array<number>(100_000).fill(1);
  const { issues } = read({ datatype: 'FP32', shape, data: [] }, { datatype: 'FP32', shape: [1] });
  expect(issues).toMatchObject([{ actual: `[${Array<number>(20).fill(1).join(',')}]` }]);
});

import fc from 'fast-check';
import { columnAnswer, rowAnswer } from '../../../../src/compat/tf-serving/answer-text';
import type { Tensor } from '../../../../src/kernel/tensors/tensor';

const floats = (name: string, shape: number[], ...values: number[]): Tensor => ({
  ...{ name, datatype: 'FP32', shape, data: Float32Array.of(...values) },
});
const texts = (name: string, ...data: string[]): Tensor => ({
  ...{ name, datatype: 'BYTES', shape: [data.length], data },
});

test('one output is bare, in rows and in columns', () => {
  const y = floats('y', [2, 2], 1, 2.5, 3, 4);
  expect(rowAnswer([y])).toBe('{"predictions":[[1.0,2.5],[3.0,4.0]]}');
  expect(columnAnswer([y])).toBe('{"outputs":[[1.0,2.5],[3.0,4.0]]}');
});

test('several outputs are by name, in rows and in columns', () => {
  const outputs = [floats('score', [2], 0.5, 1), texts('a "label"', 'x', 'y')];
  expect(rowAnswer(outputs)).toBe(
    String.raw`{"predictions":[{"score":0.5,"a \"label\"":"x"},{"score":1.0,"a \"label\"":"y"}]}`,
  );
  expect(columnAnswer(outputs)).toBe(String.raw`{"outputs":{"score":[0.5,1.0],"a \"label\"":["x","y"]}}`);
});

test('outputs with other numbers of rows, or none at all, have no rows', () => {
  expect(rowAnswer([floats('a', [2], 1, 2), floats('b', [1], 1)])).toBeNull();
  expect(rowAnswer([floats('a', [], 1)])).toBeNull();
  expect(columnAnswer([floats('a', [2], 1, 2), floats('b', [], 1)])).toBe(
    '{"outputs":{"a":[1.0,2.0],"b":1.0}}',
  );
});

test('what JSON has no numbers for is text, and minus zero is a number', () => {
  const y = floats('y', [6], NaN, Infinity, -Infinity, -0, 1e30, 1e-7);
  const text = columnAnswer([y]);
  expect(text).toMatch(
    /^\{"outputs":\["NaN","Infinity","-Infinity",-0\.0,1\.0000000\d+e\+30,1\.0000000\d+e-7\]\}$/,
  );
  const [, , , zero] = (JSON.parse(text) as { outputs: unknown[] }).outputs;
  expect(zero).toBe(-0);
});

test('integers are exact beyond 2^53, as text', () => {
  const data = BigInt64Array.of(7n, 9007199254740993n, -(2n ** 63n));
  expect(columnAnswer([{ name: 'y', datatype: 'INT64', shape: [3], data }])).toBe(
    '{"outputs":[7,"9007199254740993","-9223372036854775808"]}',
  );
});

test('text of a name that ends in _bytes is base64, and other outputs of such a name are not', () => {
  expect(columnAnswer([texts('image_bytes', 'größe')])).toBe('{"outputs":[{"b64":"Z3LDtsOfZQ=="}]}');
  expect(columnAnswer([floats('image_bytes', [1], 2)])).toBe('{"outputs":[2.0]}');
});

test('booleans and halves are what they stand for', () => {
  expect(columnAnswer([{ name: 'y', datatype: 'BOOL', shape: [2], data: Uint8Array.of(1, 0) }])).toBe(
    '{"outputs":[true,false]}',
  );
  expect(
    columnAnswer([{ name: 'y', datatype: 'FP16', shape: [2], data: Uint16Array.of(0x3c00, 0x3800) }]),
  ).toBe('{"outputs":[1.0,0.5]}');
});

test('every shape is nested as it is, also where it has no values', () => {
  const shapes = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(shapes, (shape) => {
      const count = shape.reduce((product, size) => product * size, 1);
      let next = 0;
      const nest = ([size, ...inner]: readonly number[]): unknown =>
        size === undefined ? next++ : Array.from({ length: size }, () => nest(inner));
      const expected = nest(shape);
      const y = floats('y', shape, ...Array.from({ length: count }, (_, index) => index));
      expect(JSON.parse(columnAnswer([y]))).toEqual({ outputs: expected });
      expect(JSON.parse(rowAnswer([y]) ?? '')).toEqual({ predictions: expected });
    }),
  );
});

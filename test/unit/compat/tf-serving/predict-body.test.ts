import fc from 'fast-check';
import { atTheirPlaces, readPredictBody } from '../../../../src/compat/tf-serving/predict-body';
import { invalidInput } from '../../../../src/kernel/errors';
import type { Datatype, TensorSpec } from '../../../../src/kernel/tensors/tensor';
import type { Signature } from '../../../../src/registry/registry';

const input = (name: string, shape: number[], datatype: Datatype = 'FP32'): TensorSpec => ({
  ...{ name, shape, datatype },
});
const model = (...inputs: TensorSpec[]): Signature => ({
  ...{ inputs, outputs: [], columns: [], labels: null, batchable: true },
});
const points = model(input('x', [-1, 2]));
const flowers = model(input('species', [-1, 1], 'BYTES'), input('length', [-1]));

/** The tensors that a body becomes: name → shape and values. */
function tensorsOf(body: object, signature: Signature): Record<string, [readonly unknown[], unknown]> {
  const asked = readPredictBody(body, signature);
  if (!asked.ok) throw new Error(asked.error.message);
  return Object.fromEntries(
    asked.inputs.map(({ tensor: { name, shape, data } }) => [name, [shape, data]] as const),
  );
}
function refusalOf(body: unknown, signature: Signature): string {
  const asked = readPredictBody(body, signature);
  if (asked.ok) throw new Error('It was taken.');
  return asked.error.message;
}

const ROWS = [
  [1, 2],
  [3, 4],
  [5, 6],
];

test.each<[string, object]>([
  ['bare rows', { instances: ROWS }],
  ['rows by name', { instances: ROWS.map((x) => ({ x })) }],
  ['a bare column', { inputs: ROWS }],
  ['a column by name', { inputs: { x: ROWS }, signature_name: 'serving_default' }],
])('%s are one tensor', (_form, body) => {
  expect(tensorsOf(body, points)).toEqual({
    x: [
      [3, 2],
      [1, 2, 3, 4, 5, 6],
    ],
  });
});

test.each<[string, object]>([
  [
    'rows of plain values',
    {
      instances: [
        { species: 'a', length: 1 },
        { species: 'b', length: 2 },
      ],
    },
  ],
  [
    'rows of lists of one',
    {
      instances: [
        { species: ['a'], length: 1 },
        { species: ['b'], length: 2 },
      ],
    },
  ],
  ['columns of plain values', { inputs: { species: ['a', 'b'], length: [1, 2] } }],
  ['columns as the signature has them', { inputs: { length: [1, 2], species: [['a'], ['b']] } }],
])('a model with an input for each column takes %s', (_form, body) => {
  expect(tensorsOf(body, flowers)).toEqual({
    species: [
      [2, 1],
      ['a', 'b'],
    ],
    length: [[2], [1, 2]],
  });
});

test('a scalar is a value, and lists that are empty have the sizes of the signature', () => {
  expect(tensorsOf({ inputs: 2.5 }, model(input('x', [])))).toEqual({ x: [[], [2.5]] });
  expect(tensorsOf({ inputs: [] }, model(input('x', [-1, 3, -1])))).toEqual({ x: [[0, 3, 0], []] });
  expect(tensorsOf({ inputs: [[], []] }, model(input('x', [-1, -1])))).toEqual({ x: [[2, 0], []] });
  expect(tensorsOf({ inputs: [] }, model(input('x', [-1, 1])))).toEqual({ x: [[0, 1], []] });
});

test('text in base64 is the text, in rows and in columns; as a value by itself, too', () => {
  const text = model(input('x', [-1], 'BYTES'));
  const b64 = Buffer.from('\uFEFFgröße 🐧').toString('base64');
  const expected = { x: [[2], ['\uFEFFgröße 🐧', 'b']] };
  expect(tensorsOf({ instances: [{ b64 }, 'b'] }, text)).toEqual(expected);
  expect(tensorsOf({ instances: [{ x: { b64 } }, { x: 'b' }] }, text)).toEqual(expected);
  expect(tensorsOf({ inputs: [{ b64 }, 'b'] }, text)).toEqual(expected);
  expect(tensorsOf({ inputs: { b64 } }, model(input('x', [], 'BYTES')))).toEqual({
    x: [[], ['\uFEFFgröße 🐧']],
  });
});

test.each(['a', 'a b=', '=', 'YQ==YQ==', 'YQ==='])('%j is no base64', (b64) => {
  const text = model(input('x', [-1], 'BYTES'));
  expect(refusalOf({ instances: ['a', { b64 }] }, text)).toMatch(
    'instances[1]: expected base64, plain or URL-safe',
  );
});

test('other bytes in base64 are the bytes: whether the model takes them is for serving to say', () => {
  const read = tensorsOf({ instances: ['a', { b64: '/w==' }] }, model(input('x', [-1], 'BYTES')));
  expect(read).toEqual({ x: [[2], ['a', Uint8Array.of(0xff)]] });
});

test('integers beyond 2^53 are exact where the input is, and the nearest number elsewhere', () => {
  const wide = [9007199254740993n];
  expect(tensorsOf({ inputs: wide }, model(input('x', [-1], 'INT64')))).toEqual({
    x: [[1], ['9007199254740993']],
  });
  expect(tensorsOf({ inputs: wide }, model(input('x', [-1], 'FP64')))).toEqual({
    x: [[1], [9007199254740992]],
  });
});

test('nesting is the shape, for every shape', () => {
  const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(shapes, (shape) => {
      let count = 0;
      const nest = ([size, ...inner]: readonly number[]): unknown =>
        size === undefined ? count++ : Array.from({ length: size }, () => nest(inner));
      const value = nest(shape);
      const data = Array.from({ length: count }, (_, index) => index);
      const x = [shape, data];
      expect(tensorsOf({ inputs: value }, model(input('x', shape)))).toEqual({ x });
      expect(
        tensorsOf(
          { instances: value },
          model(
            input(
              'x',
              shape.map(() => -1),
            ),
          ),
        ),
      ).toEqual({ x });
    }),
  );
});

test.each<[string, unknown, string]>([
  ['no object', [1], 'The body must be a JSON object'],
  ['neither form', {}, "Missing 'inputs' or 'instances' key"],
  ['both forms', { instances: ROWS, inputs: ROWS }, "Give only one of 'instances'"],
  ['another signature', { signature_name: 'train', inputs: ROWS }, 'signature name: "train" not found'],
  [
    'a signature that is no name',
    { signature_name: 1, inputs: ROWS },
    "'signature_name' key must be a string",
  ],
  ['instances that are no list', { instances: { x: ROWS } }, "Expecting 'instances' to be a list/array"],
  ['no instances', { instances: [] }, "No values in 'instances'"],
  [
    'an object among values',
    { instances: [[1, 2], { x: [3, 4] }] },
    'instances[1]: expected a value or a list',
  ],
  [
    'a value among objects',
    { instances: [{ x: [1, 2] }, [3, 4]] },
    'instances[1]: expected an object with “x”',
  ],
  [
    'another name',
    { instances: [{ y: [1, 2] }] },
    'instances[0]: “x” is missing; expected an object with “x”',
  ],
  ['a name too many', { instances: [{ x: [1, 2], y: 1 }] }, 'instances[0]: there is no input “y”'],
  ['a column of another name', { inputs: { y: ROWS } }, 'inputs: “x” is missing'],
  ['a column too many', { inputs: { x: ROWS, y: ROWS } }, 'inputs: there is no input “y”'],
  ['too few values', { instances: [[1]] }, 'instances[0]: expected a list of 2 values, got a list of 1'],
  [
    'too few values later',
    { instances: [[1, 2], [3]] },
    'instances[1]: expected a list of 2 values, got a list of 1',
  ],
  [
    'rows of other lengths, as many in all',
    { inputs: [[1, 2], [3], [4, 5, 6]] },
    'inputs[1]: expected a list of 2 values',
  ],
  ['a rank too low', { inputs: [1, 2] }, 'inputs[0]: expected a list of 2 values, got 1'],
  [
    'a rank too high',
    { inputs: { x: [[[1], 2]] } },
    'inputs.x[0][0]: expected a single value, got a list of 1',
  ],
  ['no list', { inputs: 1 }, 'inputs: expected a list of lists, got 1'],
  ['null', { inputs: null }, 'inputs: expected a list of lists, got null'],
])('%s is refused, with its place', (_what, body, message) => {
  expect(refusalOf(body, points)).toMatch(message);
});

test('where rows may have any length, nobody is told that a list should be empty', () => {
  const open = model(input('x', [-1, -1]));
  expect(refusalOf({ instances: [1, 2] }, open)).toMatch('instances[0]: expected a list of values, got 1');
  expect(refusalOf({ instances: [[], [1]] }, open)).toMatch(
    'instances[1]: expected a list of 0 values, got a list of 1',
  );
});

test('several inputs are asked by their names', () => {
  expect(refusalOf({ instances: ['a'] }, flowers)).toMatch(
    'several inputs: an object with “species”, “length”',
  );
  expect(refusalOf({ inputs: ['a'] }, flowers)).toMatch('several inputs: an object with “species”, “length”');
  expect(refusalOf({ instances: [{ species: ['a', 'b'], length: 1 }] }, flowers)).toMatch(
    'instances[0].species: expected a list of 1 value, got a list of 2',
  );
});

test('a model that is not asked row by row says so', () => {
  expect(refusalOf({ instances: ROWS }, { ...points, batchable: false })).toMatch(
    'column form, {"inputs": …}',
  );
  expect(tensorsOf({ inputs: ROWS }, { ...points, batchable: false })).toHaveProperty('x');
});

test('what is found wrong with a value later is told at the place where it was given', () => {
  const placeOf = (body: object, signature: Signature, index: number) => {
    const asked = readPredictBody(body, signature);
    if (!asked.ok) throw new Error(asked.error.message);
    const path = `inputs[0].data[${index}]`;
    return atTheirPlaces(invalidInput([{ path, expected: 'a number', actual: 'a text' }]), asked).message;
  };
  expect(placeOf({ instances: ROWS }, points, 3)).toBe('instances[1][1]: expected a number, got a text.');
  expect(placeOf({ instances: [{ x: [1, 2] }] }, points, 1)).toMatch(/^instances\[0\]\.x\[1\]:/);
  expect(placeOf({ inputs: { x: ROWS } }, points, 4)).toMatch(/^inputs\.x\[2\]\[0\]:/);
  expect(placeOf({ inputs: 1 }, model(input('x', [])), 0)).toMatch(/^inputs:/);
  expect(placeOf({ instances: [{ species: 'a', length: 1 }] }, flowers, 0)).toMatch(
    /^instances\[0\]\.species:/,
  );
});

test('names of Object.prototype are inputs like others', () => {
  const odd = model(input('constructor', [-1]), input('__proto__', [-1]));
  expect(refusalOf({ instances: [{}] }, odd)).toMatch('“constructor” is missing');
  const body = JSON.parse('{"instances": [{"constructor": 1, "__proto__": 2}]}') as object;
  expect(tensorsOf(body, odd).constructor).toEqual([[1], [1]]);
});

import type { Signature } from '../../../../src/registry/registry';
import { decodeRows } from '../../../../src/serving/values/row-decoder';
import { MAX_ROWS, RowEncoder } from '../../../../src/serving/values/row-encoder';
import type { Row } from '../../../../src/serving/values/row';

const SIGNATURE: Signature = {
  inputs: [
    { name: 'island', datatype: 'BYTES', shape: [-1, 1] },
    { name: 'sizes', datatype: 'FP32', shape: [-1, 2] },
    { name: 'year', datatype: 'INT64', shape: [-1] },
    { name: 'pixels', datatype: 'UINT8', shape: [-1, 2, 2] },
  ],
  outputs: [],
  columns: [
    { name: 'island', input: 'island', index: null, datatype: 'BYTES', nullable: true },
    { name: 'bill', input: 'sizes', index: 0, datatype: 'FP32', nullable: true },
    { name: 'mass', input: 'sizes', index: 1, datatype: 'FP32', nullable: false },
    { name: 'year', input: 'year', index: null, datatype: 'INT64', nullable: false },
  ],
  batchable: true,
  labels: null,
};
const encoder = new RowEncoder(SIGNATURE);
const ROW: Row = {
  island: 'Dream',
  bill: 1.5,
  mass: 2,
  year: '9007199254740993',
  pixels: [
    [1, 2],
    [3, 4],
  ],
};

test('rows become tensors in the model’s order', () => {
  const encoded = encoder.encode([ROW, { ...ROW, island: null, bill: undefined, year: 7 }]);
  expect(encoded).toMatchObject({ ok: true });
  if (!encoded.ok) return;
  const [island, sizes, year, pixels] = encoded.inputs;
  expect(island).toMatchObject({ shape: [2, 1], data: ['Dream', ''] });
  expect(sizes).toMatchObject({ shape: [2, 2], data: Float32Array.of(1.5, 2, NaN, 2) });
  expect(year).toMatchObject({ shape: [2], data: BigInt64Array.of(9007199254740993n, 7n) });
  expect(pixels).toMatchObject({ shape: [2, 2, 2], data: Uint8Array.of(1, 2, 3, 4, 1, 2, 3, 4) });
});

test.each<[string, Row, string, string]>([
  ['a missing column that is not nullable', { ...ROW, mass: null }, 'rows[0].mass', 'null'],
  ['an absent column', { ...ROW, mass: undefined }, 'rows[0].mass', 'nothing'],
  ['a text for a number', { ...ROW, mass: 'heavy' }, 'rows[0].mass', '"heavy"'],
  ['a number for a text', { ...ROW, island: 3 }, 'rows[0].island', '3'],
  ['a fraction for a whole number', { ...ROW, year: 1.5 }, 'rows[0].year', '1.5'],
  [
    'a whole number out of range',
    { ...ROW, year: '9223372036854775808' },
    'rows[0].year',
    '"9223372036854775808"',
  ],
  ['an extra column', { ...ROW, wings: 2 }, 'rows[0].wings', 'a column that the model does not take'],
  ['lists of the wrong size', { ...ROW, pixels: [[1, 2]] }, 'rows[0].pixels', 'a list of 1'],
  ['a value for lists', { ...ROW, pixels: 7 }, 'rows[0].pixels', '7'],
  ['null for lists', { ...ROW, pixels: null }, 'rows[0].pixels', 'null'],
  ['nothing for lists', { ...ROW, pixels: undefined }, 'rows[0].pixels', 'nothing'],
  [
    'a list too deep',
    {
      ...ROW,
      pixels: [
        [1, [2]],
        [3, 4],
      ],
    },
    'rows[0].pixels[0][1]',
    'a list of 1',
  ],
  [
    'a value out of range inside lists',
    {
      ...ROW,
      pixels: [
        [1, 2],
        [3, 256],
      ],
    },
    'rows[0].pixels[1][1]',
    '256',
  ],
])('%s is refused, with its place', (_what, row, path, actual) => {
  const encoded = encoder.encode([row]);
  expect(encoded).toMatchObject({ ok: false, error: { code: 'INVALID_INPUT', issues: [{ path, actual }] } });
});

test('a value inside lists is told with its row', () => {
  const pixels = [
    [1, 2],
    [-1, 4],
  ];
  const encoded = encoder.encode([ROW, ROW, { ...ROW, pixels }]);
  expect(encoded).toMatchObject({ error: { issues: [{ path: 'rows[2].pixels[1][0]', actual: '-1' }] } });
});

test('what one row has too little of, no other row makes up for', () => {
  const pixels = (first: readonly number[]) => [first, [0, 0]];
  const rows = [[1, 2], [1], [1, 2, 3]].map((first) => ({ ...ROW, pixels: pixels(first) }));
  expect(encoder.encode(rows)).toMatchObject({
    error: { issues: [{ path: 'rows[1].pixels[0]', expected: 'a list of 2 values', actual: 'a list of 1' }] },
  });
});

test('lists whose sizes the model leaves open have those of the first row', () => {
  const open = [{ name: 'tokens', datatype: 'INT64', shape: [-1, -1] } as const];
  const tokens = new RowEncoder({ ...SIGNATURE, inputs: open, columns: [] });
  expect(tokens.encode([{ tokens: [1, 2] }, { tokens: [3, 4] }])).toMatchObject({
    inputs: [{ shape: [2, 2], data: BigInt64Array.of(1n, 2n, 3n, 4n) }],
  });
  expect(tokens.encode([{ tokens: [1, 2] }, { tokens: [3] }])).toMatchObject({
    error: { issues: [{ path: 'rows[1].tokens', expected: 'a list of 2 values', actual: 'a list of 1' }] },
  });
});

test('bytes in base64 are another door’s', () => {
  const texts = [{ name: 'texts', datatype: 'BYTES', shape: [-1, 2] } as const];
  expect(
    new RowEncoder({ ...SIGNATURE, inputs: texts, columns: [] }).encode([{ texts: ['a', { b64: 'YQ==' }] }]),
  ).toMatchObject({ error: { issues: [{ path: 'rows[0].texts[1]', actual: 'an object' }] } });
});

test('a whole number beyond 2^53 has lost its digits, and is told how to keep them', () => {
  expect(encoder.encode([{ ...ROW, year: 2 ** 53 }])).toMatchObject({
    error: { issues: [{ path: 'rows[0].year', expected: expect.stringMatching(/beyond 2\^53 as a text/) }] },
  });
});

test('a column named like something every object has is still a missing column', () => {
  const columns = [
    { name: 'constructor', input: 'x', index: null, datatype: 'FP32', nullable: false } as const,
  ];
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [-1] } as const];
  expect(new RowEncoder({ ...SIGNATURE, columns, inputs }).encode([{}])).toMatchObject({ ok: false });
});

test('no rows, and too many rows, are refused', () => {
  expect(encoder.encode([])).toMatchObject({ ok: false, error: { issues: [{ path: 'rows', actual: '0' }] } });
  expect(encoder.encode(new Array<Row>(MAX_ROWS + 1).fill(ROW))).toMatchObject({
    ok: false,
    error: { issues: [{ path: 'rows' }] },
  });
});

test('a table that is wrong everywhere does not repeat itself for ever', () => {
  const encoded = encoder.encode(Array.from({ length: 1_000 }, () => ({})));
  expect(encoded.ok ? 0 : encoded.error.issues.length).toBeLessThan(30);
});

test('answers become rows: scalars, lists and nested lists', () => {
  const outputs = [
    { name: 'score', datatype: 'FP32', shape: [2, 1], data: Float32Array.of(0.5, NaN) },
    {
      name: 'vector',
      datatype: 'INT64',
      shape: [2, 2],
      data: BigInt64Array.of(1n, 2n, 3n, 9007199254740993n),
    },
    { name: 'matrix', datatype: 'BOOL', shape: [2, 1, 2], data: Uint8Array.of(1, 0, 0, 1) },
  ] as const;
  expect(decodeRows(SIGNATURE, outputs, 2)).toEqual([
    { score: 0.5, vector: [1, 2], matrix: [[true, false]] },
    { score: 'NaN', vector: [3, '9007199254740993'], matrix: [[false, true]] },
  ]);
});

test('a classifier’s answers carry the names of its classes', () => {
  const signature = { ...SIGNATURE, labels: ['cat', 'dog'] };
  const probabilities = {
    name: 'probabilities',
    datatype: 'FP32',
    shape: [1, 2],
    data: Float32Array.of(0.25, 0.75),
  } as const;
  const label = { name: 'label', datatype: 'INT64', shape: [1], data: BigInt64Array.of(1n) } as const;
  const row = { label: 'dog', probabilities: { cat: 0.25, dog: 0.75 } };
  expect(decodeRows(signature, [label, probabilities], 1)).toEqual([row]);
  expect(decodeRows(signature, [probabilities], 1)).toEqual([row]);
});

test('an answer without a row for each row asked has no rows', () => {
  expect(
    decodeRows(SIGNATURE, [{ name: 'sum', datatype: 'FP32', shape: [1], data: Float32Array.of(1) }], 2),
  ).toBeNull();
});

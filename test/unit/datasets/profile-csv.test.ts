import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import {
  BOOLEAN,
  DECIMAL,
  INTEGER,
  LONG_INTEGER,
  MISSING,
  TEXT,
} from '../../../src/datasets/reading/csv-automaton';
import { CsvScanner } from '../../../src/datasets/reading/csv-scanner';
import { MAX_COLUMNS, MAX_DISTINCT } from '../../../src/datasets/reading/limits';
import { Unreadable } from '../../../src/datasets/reading/unreadable';
import { checkedUtf8 } from '../../../src/datasets/reading/utf8';
import { profileOf as profile } from '../../support/data-files';

const column = async (cells: readonly string[]) =>
  (await profile(['x,y', ...cells.map((cell) => `${cell},1`)].join('\n'))).columns[0];

test('the penguins have 344 rows, with their types and missing cells', async () => {
  const { rowCount, columns } = await profile(readFileSync('examples/penguins/penguins.csv'));
  expect(rowCount).toBe(344);
  expect(columns.map(({ name, datatype, missing, distinct }) => [name, datatype, missing, distinct])).toEqual(
    [
      ['species', 'BYTES', 0, 3],
      ['island', 'BYTES', 0, 3],
      ['beak_length_mm', 'FP64', 2, 164],
      ['beak_depth_mm', 'FP64', 2, 80],
      ['flipper_length_mm', 'INT64', 2, 55],
      ['body_mass_g', 'INT64', 2, 94],
      ['sex', 'BYTES', 11, 2],
    ],
  );
  expect(columns[5]).toMatchObject({ min: 2700, max: 6300 });
  expect(columns[5]?.mean).toBeCloseTo(4201.754386, 6);
});

test.each([
  [['1', '-2', '+3', ''], 'INT64'],
  [['9223372036854775807', '-9223372036854775808'], 'INT64'],
  [['9223372036854775808'], 'FP64'],
  [['9223372036854775807', '9223372036854775808', '1'], 'FP64'],
  [['1e999', '1.'], 'FP64'],
  [['9999999999999999999', 'x'], 'BYTES'],
  [['1', '2.5', '.5', '3e-2'], 'FP64'],
  [['1.0', 'NaN', '-inf'], 'FP64'],
  [['true', 'FALSE', 'True'], 'BOOL'],
  [['true', '1'], 'BYTES'],
  [['00501', '10001'], 'BYTES'],
  [['', ''], 'BYTES'],
  [['0x10'], 'BYTES'],
  [[' 1'], 'BYTES'],
])('cells %j are of the type %s', async (cells, datatype) => {
  expect((await column(cells))?.datatype).toBe(datatype);
});

test('a type that changes half-way, far behind what a sample would see, is what all cells agree on', async () => {
  const numbers = Array.from({ length: 60_000 }, (_, row) => String(row % 7));
  expect(await column([...numbers, ...numbers])).toMatchObject({ datatype: 'INT64', distinct: 7 });
  expect(await column([...numbers, '1.5', ...numbers])).toMatchObject({ datatype: 'FP64', distinct: 8 });
  expect(await column([...numbers, 'n/a', ...numbers])).toMatchObject({
    datatype: 'BYTES',
    missing: 0,
    distinct: 8,
  });
});

test('NaN is a value but not a number to compute with, and the same number written twice is one value', async () => {
  expect(await column(['1', '1.0', 'nan', '3'])).toMatchObject({
    distinct: 3,
    min: 1,
    max: 3,
    mean: 5 / 3,
    missing: 0,
  });
});

test('a mean keeps what a plain sum rounds away', async () => {
  expect(await column(Array.from({ length: 100_000 }, () => '0.1'))).toMatchObject({ mean: 0.1 });
});

test('distinct values are counted up to the limit, then not at all', async () => {
  const cells = (count: number) => Array.from({ length: count }, (_, index) => `v${index}`);
  expect((await column(cells(MAX_DISTINCT)))?.distinct).toBe(MAX_DISTINCT);
  expect((await column(cells(MAX_DISTINCT + 1)))?.distinct).toBeNull();
});

test('quotes, line breaks inside cells, a byte order mark and a blank last line are fine', async () => {
  const { rowCount, columns } = await profile('\ufeff"a ""b""",c\r\n"x\r\ny, z",1\r\n,2\r\n\r\n');
  expect(rowCount).toBe(2);
  expect(columns.map(({ name, missing }) => [name, missing])).toEqual([
    ['a "b"', 1],
    ['c', 0],
  ]);
});

test('a file is read where it lies, whatever its header has in quotes', async () => {
  const { rowCount, columns } = await profile('"a, ""b""\nc",d,"e"\n1,"2\n",""\n"3",4,5');
  expect(rowCount).toBe(2);
  expect(columns.map(({ name, datatype, missing }) => [name, datatype, missing])).toEqual([
    ['a, "b"\nc', 'INT64', 0],
    ['d', 'BYTES', 0],
    ['e', 'INT64', 1],
  ]);
});

test('in a table of one column a blank line is a missing cell', async () => {
  const { rowCount, columns } = await profile('a\n1\n\n2\n');
  expect([rowCount, columns[0]?.missing]).toEqual([3, 1]);
});

test('a header alone is a table without rows', async () => {
  expect(await profile('a,b\n')).toMatchObject({
    rowCount: 0,
    columns: [{ name: 'a', missing: 0, distinct: 0, mean: null }, {}],
  });
});

test.each([
  ['', /The file is empty/],
  ['a,,c\n1,2,3', /Column 2 of the header has no name/],
  ['a,b,a\n1,2,3', /Columns 1 and 3 of the header are both named “a”/],
  ['a,b\n1,2\n3\n4,5', /line 3 has 1 cells, but the header has 2 columns/],
  ['a,b\n1,2\n3,4,5', /line 3 has 3 cells/],
  ['a,b\n1,"2\n3,4', /[Qq]uot/],
  ['a,b\n1,x"y\n', /[Qq]uot/],
  [
    Array.from({ length: MAX_COLUMNS + 1 }, (_, index) => `c${index}`).join(','),
    /1001 columns; at most 1000/,
  ],
  [`a,b\n${'x'.repeat(1024 * 1024 + 10)},1`, /longer than 1048576 characters/],
])('%.20s… is refused', async (text, message) => {
  await expect(profile(text)).rejects.toThrow(Unreadable);
  await expect(profile(text)).rejects.toThrow(message);
});

test.each([1, 3, 64 * 1024])(
  'bytes that are not UTF-8 are refused at their line (chunks of %i bytes)',
  async (chunkSize) => {
    const bytes = Buffer.concat([Buffer.from('a,b\nä,€\n'), Buffer.from([0x31, 0xe4, 0x2c, 0x31])]);
    let length = 0;
    const read = async () => {
      for await (const chunk of checkedUtf8(Readable.from(chunksOf(bytes, chunkSize))))
        length += chunk.length;
    };
    await expect(read()).rejects.toMatchObject({ offset: 13 });
    expect(length).toBeLessThanOrEqual(13);
    await expect(profile(bytes)).rejects.toThrow(/Line 3 is not UTF-8 \(byte 13 of the file\)/);
  },
);

test('a file that ends inside a character is refused', async () => {
  await expect(profile(Buffer.from([0x61, 0x0a, 0xe2, 0x82]))).rejects.toThrow(/Line 2 is not UTF-8/);
});

test('what a scanner writes does not depend on how the bytes arrive, and is read as it was meant', () => {
  const cell = fc.oneof(
    fc.double().map(String),
    fc.integer().map(String),
    fc.constantFrom('', 'ä€𝄞', 'true', '"q""x"', '"a\r\nb"', '"c,\rd\n"'),
  );
  const rows = fc.array(fc.tuple(cell, cell), { maxLength: 20 });
  const lineBreak = fc.constantFrom('\n', '\r\n', '\r');
  fc.assert(
    fc.property(rows, lineBreak, fc.integer({ min: 1, max: 50 }), (table, end, size) => {
      const bytes = Buffer.from(['a,b', ...table.map((row) => row.join(','))].join(end));
      const scan = (chunkSize: number) => {
        const scanner = new CsvScanner();
        const pieces = chunksOf(bytes, chunkSize).map((chunk) => scanner.push(chunk).toString('latin1'));
        return [...pieces, scanner.end().toString('latin1')].join('');
      };
      expect(scan(size)).toBe(scan(bytes.length));
      expect(Buffer.from(scan(size), 'latin1').toString()).toBe(
        table.map((row) => `${row.join(',')}\n`).join(''),
      );
    }),
    { numRuns: 300 },
  );
});

test('what a cell looks like is what the whole of it matches', () => {
  const looks: readonly (readonly [number, RegExp])[] = [
    [MISSING, /^$/],
    [INTEGER, /^[+-]?(0|[1-9]\d{0,17})$/],
    [LONG_INTEGER, /^[+-]?[1-9]\d{18,}$/],
    [DECIMAL, /^[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)(e[+-]?\d+)?$|^nan$|^[+-]?inf(inity)?$/i],
    [BOOLEAN, /^(true|false)$/i],
    [TEXT, /^/],
  ];
  const piece = fc.constantFrom(
    '+',
    '-',
    '0',
    '1',
    '90',
    '.',
    'e',
    'E',
    'nan',
    'Inf',
    'inity',
    'true',
    'F',
    'alse',
    'ä',
  );
  const digits = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String);
  const cells = fc.oneof(
    fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join('')),
    digits,
  );
  fc.assert(
    fc.property(cells, fc.boolean(), (cell, isQuoted) => {
      const scanner = new CsvScanner();
      scanner.push(Buffer.from(`a,b\n${isQuoted ? `"${cell}"` : cell},1\n`));
      expect(scanner.kinds[0]).toBe(looks.find(([, pattern]) => pattern.test(cell))?.[0]);
    }),
    { numRuns: 2_000 },
  );
});

function chunksOf(bytes: Buffer, size: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += size) chunks.push(bytes.subarray(start, start + size));
  return chunks;
}

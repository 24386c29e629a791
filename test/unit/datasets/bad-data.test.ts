import { driver } from '../../../src/datasets/reading/scratch';
import { Unreadable } from '../../../src/datasets/reading/unreadable';
import { parquet, profileOf } from '../../support/data-files';

async function refusal(content: string | Uint8Array): Promise<string> {
  const error: unknown = await profileOf(content).catch((reason: unknown) => reason);
  if (!(error instanceof Unreadable)) throw new Error(`Not refused: ${JSON.stringify(error)}`);
  expect(error.message.length).toBeLessThan(600);
  expect(error.message).not.toMatch(/\/tmp|strict_mode|sample_size/);
  return `${error.code}: ${error.message}`;
}

const manyRows = (count: number, cells = '1,2,3') => `a,b,c\n${`${cells}\n`.repeat(count)}`;

test.each([
  [
    'columns that change half-way',
    `${manyRows(50_000)}1,2\n${'1,2\n'.repeat(50_000)}`,
    /INVALID_CSV: .*line 50002 has 2 cells, but the header has 3 columns/,
  ],
  ['a second table below the first', `${manyRows(1_000)}x,y,z,w\n1,2,3,4\n`, /line 1002 has 4 cells/],
  ['a file that is cut inside a row', `${manyRows(1_000)}1,2`, /line 1002 has 2 cells/],
  [
    'a file that is cut inside quotes',
    `${manyRows(1_000)}1,"2`,
    /quote that is opened on line 1002 is never closed/,
  ],
  ['text after a quote', 'a,b\n1,"2"3\n', /Line 2 has text after a closing quote/],
  [
    'a million columns',
    `${Array.from({ length: 1_000_000 }, (_, index) => `c${index}`).join(',')}\n`,
    /more than \d+ columns; at most 1000 are allowed/,
  ],
  ['a header without an end', 'x'.repeat(3_000_000), /row at line 1 is longer than 1048576 characters/],
  ['UTF-16', Buffer.from('a,b\n1,2\n', 'utf16le'), /U\+0000|header/],
  ['UTF-16 with its mark', Buffer.from('\ufeffa,b\n', 'utf16le'), /Line 1 is not UTF-8/],
  ['nothing', '', /file is empty/],
])('CSV with %s is refused with its place', async (_, content, message) => {
  expect(await refusal(content)).toMatch(message);
});

test.each([
  ['is broken', '{"a": 1}\n{"a": 2\n{"a": 3}\n', /INVALID_JSON_LINES: Line 2 is not JSON/],
  ['is cut off', '{"a": 1}\n{"a": tr', /Line 2 is not JSON .*one whole object a line/],
  ['has a comma too many', '{"a": 1}\n{"a": 2,}\n', /Line 2 is not JSON/],
  ['has two objects', '{"a": 1} {"a": 2}\n', /Line 1 is not JSON/],
  ['is an array', '{"a": 1}\n\n[1, 2]\n', /Line 3 is an array/],
  ['is null', '{"a": 1}\nnull\n', /Line 2 is null/],
  ['is a number', '{"a": 1}\n5\n', /Line 2 is a number/],
  ['is not UTF-8', Buffer.from('{"a": 1}\n{"a": "\xff"}\n', 'latin1'), /Line 2 is not UTF-8/],
  [
    'is very long',
    `{"a": 1}\n{"a": "${'x'.repeat(2_000_000)}"}\n`,
    /Line 2 is longer than 1048576 characters/,
  ],
  ['has no key', '{}\n{}\n', /No object has a key/],
  ['has an empty key', '{"": 1}\n', /Column 1 of the objects has no name/],
  [
    'brings a key too many',
    `{"a": 1}\n{${Array.from({ length: 1_000 }, (_, i) => `"k${i}": 1`).join()}}\n`,
    /By line 2 the objects have 1001 keys; at most 1000/,
  ],
])('JSON lines of which one %s are refused with its number', async (_, content, message) => {
  expect(await refusal(content)).toMatch(message);
});

test('a JSON array is refused with the way to write it', async () => {
  expect(await refusal('[{"a": 1}, {"a": 2}]')).toMatch(/one JSON array\. Write its objects .* one a line/);
});

test('Parquet with longer decimals than are read rightly is refused', async () => {
  // One DECIMAL(60, 0), which no writer at hand makes: fifty times the digit 1.
  const file =
    'UEFSMRUAFUAVQCwVAhUAFQYVBhwAAAACAAAAAgEAAAAAAAeaP3Q4LLYPF2sdBeNNCxxxxxxxxxUEGSw1ABgGc2NoZW' +
    '1hFQIAFQ4VNBUCGAFhJQoVABV4LFwVABV4AAAAFgIZHBkcJgAcFQ4ZJQYAGRgBYRUAFgIWZhZmJghJHBUAFQAVAgA8' +
    'KQYZJgACAAAAFmYWAiYIFmYAKCBwYXJxdWV0LWNwcC1hcnJvdyB2ZXJzaW9uIDI2LjAuMRkcHAAAAIoAAABQQVIx';
  expect(await refusal(Buffer.from(file, 'base64'))).toMatch(
    /INVALID_PARQUET: .*“a” have 60 digits; at most 38/,
  );
});

test('Parquet that is cut off, damaged or wide is refused with what is wrong', async () => {
  const whole = await parquet("SELECT x AS a, 'v' || x AS b FROM range(50000) AS t (x)");
  expect(await refusal(whole.subarray(0, whole.length / 2))).toMatch(/INVALID_PARQUET: .* is cut off/);
  expect(await refusal(whole.subarray(0, 6))).toMatch(/is cut off/);
  const damaged = Buffer.from(whole).fill(0xab, 1_000, 50_000);
  expect(await refusal(damaged)).toMatch(/INVALID_PARQUET/);
  const footless = Buffer.from(whole).fill(0xab, whole.length - 300, whole.length - 8);
  expect(await refusal(footless)).toMatch(/INVALID_PARQUET/);
  const length = Buffer.from(whole);
  length.writeUInt32LE(0x7fffffff, whole.length - 8);
  expect(await refusal(length)).toMatch(/footer says that it has 2147483647 bytes/);
  const columns = Array.from({ length: 1_001 }, (_, index) => `1 AS c${index}`).join(', ');
  expect(await refusal(await parquet(`SELECT ${columns}`))).toMatch(/1001 columns; at most 1000 are allowed/);
});

test.each([
  ['1f8b0800', 'a gzip file'],
  ['504b030414', 'an Excel workbook'],
  ['4f626a01', 'an Avro file'],
])('what begins with %s is refused as %s', async (bytes, name) => {
  expect(await refusal(Buffer.from(bytes, 'hex'))).toMatch(new RegExp(`UNKNOWN_FORMAT: .*${name}`));
});

test('where DuckDB does not exist the refusal says so, and what to do instead', () => {
  const missing = () =>
    driver((name) => {
      throw new Error(`Cannot find module '${name}-bindings-aix-ppc64/duckdb.node'\nRequire stack: …`);
    });
  expect(missing).toThrow(Unreadable);
  expect(missing).toThrow(
    new RegExp(
      `DuckDB does not run here \\(${process.platform} on ${process.arch}: Cannot find module .*by uri and sha256`,
    ),
  );
});

test('bytes at random are refused or read, and nothing else', async () => {
  for (let round = 0; round < 40; round++) {
    const bytes = Buffer.from(
      Array.from({ length: 300 }, (_, index) => (index * 7919 + round * 104_729) % 251),
    );
    const start = Buffer.from(['', 'PAR1', '{"', 'a,b\n'][round % 4] ?? '');
    const end = Buffer.from(round % 8 === 1 ? 'PAR1' : '');
    const outcome: unknown = await profileOf(Buffer.concat([start, bytes, end])).catch(
      (error: unknown) => error,
    );
    if (outcome instanceof Error) expect(outcome).toBeInstanceOf(Unreadable);
  }
});

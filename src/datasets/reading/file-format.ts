import { open } from 'node:fs/promises';
import type { DataFormat } from '../data-profile';
import { Unreadable } from './unreadable';

const PARQUET_MAGIC = 'PAR1';
const ENCRYPTED_PARQUET_MAGIC = 'PARE';
/** Header, an empty footer, its length and the magic again, in bytes. */
const SMALLEST_PARQUET = 12;
/** Looked at from the beginning, in bytes. */
const HEAD_BYTES = 1024;

/** Things that are often uploaded in the place of tables, by their first bytes in hexadecimal. */
const OTHERS: readonly (readonly [string, string])[] = [
  ['1f8b', 'a gzip file: unpack it, and upload what is in it'],
  ['28b52ffd', 'a Zstandard file: unpack it, and upload what is in it'],
  ['504b0304', 'a ZIP file or an Excel workbook: export its sheet as CSV'],
  ['4f524331', 'an ORC file: write it as Parquet'],
  ['4f626a01', 'an Avro file: write it as Parquet'],
];

/** How the file is written, by its bytes and never by a name. Throws `Unreadable`. */
export async function formatOf(path: string): Promise<DataFormat> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const head = buffer.subarray(0, bytesRead);
    const magic = head.toString('latin1', 0, 4);
    if (magic === ENCRYPTED_PARQUET_MAGIC)
      throw new Unreadable('INVALID_PARQUET', 'The Parquet file is encrypted. Write it without encryption.');
    if (magic === PARQUET_MAGIC) {
      const { buffer: tail } = await file.read(Buffer.alloc(8), 0, 8, Math.max(0, size - 8));
      checkParquetEnd(tail, size);
      return 'PARQUET';
    }
    const other = OTHERS.find(([bytes]) => head.toString('hex').startsWith(bytes));
    if (other) throw new Unreadable('UNKNOWN_FORMAT', `It is ${other[1]}.`);
    // A header of CSV may begin with a brace, but hardly with a brace and a quoted key.
    const text = head.toString('utf8').replace('\ufeff', '').trimStart();
    if (/^\[\s*\{/.test(text))
      throw new Unreadable(
        'INVALID_JSON_LINES',
        'The file is one JSON array. Write its objects without the array, one a line.',
      );
    return /^\{\s*(?:"|\}|$)/.test(text) ? 'JSON_LINES' : 'CSV';
  } finally {
    await file.close();
  }
}

/** A Parquet file ends with the length of its footer and the magic; the footer is what says where the data lies. */
function checkParquetEnd(tail: Buffer, size: number): void {
  const footer = tail.readUInt32LE(0);
  if (size < SMALLEST_PARQUET || tail.toString('latin1', 4) !== PARQUET_MAGIC) {
    throw new Unreadable(
      'INVALID_PARQUET',
      `The file begins as Parquet, but its ${size} bytes do not end as Parquet: it is cut off. Upload the whole file.`,
    );
  }
  if (footer + SMALLEST_PARQUET > size) {
    throw new Unreadable(
      'INVALID_PARQUET',
      `The footer says that it has ${footer} bytes, but the whole file has ${size}: it is damaged. Upload it again.`,
    );
  }
}

import { CsvError, parse, type Info } from 'csv-parse';
import type { Readable } from 'node:stream';
import { shorten } from '../kernel/errors';
import { ColumnProfiler, type ColumnStatistics } from './column-statistics';
import { decodeUtf8, NotUtf8 } from './utf8';

/** What a CSV file holds. */
export interface CsvProfile {
  readonly rowCount: number;
  readonly columns: readonly ColumnStatistics[];
}

/** Most columns of a file: each has a row in the database and a place in memory while the file is read. */
export const MAX_COLUMNS = 1_000;
/** Longest row, in characters: no table has longer ones, but a file with an unclosed quote does. */
export const MAX_ROW_LENGTH = 1024 * 1024;
/** Most different values that are counted in one column; beyond, `distinct` is null. */
export const MAX_DISTINCT = 10_000;
/** Values remembered at a time in all columns together: about 100 MB at the worst. */
const MAX_REMEMBERED_VALUES = 1_000_000;
/** Longest name of a column, in characters. */
const MAX_COLUMN_NAME_LENGTH = 1_000;

/** The bytes are not a CSV table with a header. The message says where and what to do. */
export class NotCsv extends Error {}

/**
 * Reads a CSV file (RFC 4180, comma, UTF-8, one header row) as a stream. Throws `NotCsv` with the line.
 *
 * @param bytes destroyed at the end, also where the file is refused
 */
export async function profileCsv(bytes: Readable): Promise<CsvProfile> {
  const parser = parse({
    bom: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true, // counted here, so that the error can name the line and both numbers
    max_record_size: MAX_ROW_LENGTH,
    info: true,
  });
  const table = new Table();
  try {
    const feeding = feed(bytes, parser);
    feeding.catch((error: Error) => parser.destroy(error));
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
      table.add(record, info.lines);
    }
    await feeding;
    return table.result();
  } catch (error) {
    throw readableError(error);
  } finally {
    bytes.destroy();
    parser.destroy();
  }
}

async function feed(bytes: Readable, parser: ReturnType<typeof parse>): Promise<void> {
  for await (const text of decodeUtf8(bytes)) {
    if (parser.destroyed) return;
    if (!parser.write(text)) {
      await new Promise<void>((resolve) => {
        parser.once('drain', resolve);
        parser.once('close', resolve);
      });
    }
  }
  parser.end();
}

class Table {
  private names: readonly string[] | null = null;
  private profilers: readonly ColumnProfiler[] = [];
  private rowCount = 0;

  add(record: readonly string[], line: number): void {
    if (this.names === null) return this.addHeader(record);
    const isBlankLine = record.length === 1 && record[0] === '' && this.names.length > 1;
    if (isBlankLine) return;
    if (record.length !== this.names.length) {
      throw new NotCsv(
        `The row that ends on line ${line} has ${record.length} cells, but the header has ${this.names.length} columns.`,
      );
    }
    this.rowCount++;
    this.profilers.forEach((profiler, index) => profiler.add(record[index] ?? ''));
  }

  result(): CsvProfile {
    if (this.names === null) throw new NotCsv('The file is empty: a CSV file begins with a header row.');
    return { rowCount: this.rowCount, columns: this.profilers.map((profiler) => profiler.result()) };
  }

  private addHeader(names: readonly string[]): void {
    if (names.length > MAX_COLUMNS) {
      throw new NotCsv(`The header has ${names.length} columns; at most ${MAX_COLUMNS} are allowed.`);
    }
    const firstPlace = new Map<string, number>();
    names.forEach((name, index) => {
      const first = firstPlace.get(name);
      if (name.trim() === '') throw new NotCsv(`Column ${index + 1} of the header has no name.`);
      if (name.includes('\0')) throw new NotCsv(`The name of column ${index + 1} has the character U+0000.`);
      if (name.length > MAX_COLUMN_NAME_LENGTH) {
        throw new NotCsv(
          `The name of column ${index + 1} is longer than ${MAX_COLUMN_NAME_LENGTH} characters.`,
        );
      }
      if (first !== undefined) {
        throw new NotCsv(
          `Columns ${first + 1} and ${index + 1} of the header are both named “${shorten(name)}”.`,
        );
      }
      firstPlace.set(name, index);
    });
    const maxDistinct = Math.min(MAX_DISTINCT, Math.floor(MAX_REMEMBERED_VALUES / names.length));
    this.names = names;
    this.profilers = names.map((name) => new ColumnProfiler(name, maxDistinct));
  }
}

function readableError(error: unknown): unknown {
  if (error instanceof NotUtf8) {
    return new NotCsv(
      `Line ${error.line} is not UTF-8 (byte ${error.offset} of the file). Save the file as UTF-8 text and upload it again.`,
    );
  }
  if (!(error instanceof CsvError)) return error;
  if (error.code === 'CSV_MAX_RECORD_SIZE') {
    const line = Number(error.lines ?? 0);
    return new NotCsv(
      `The row at line ${line} is longer than ${MAX_ROW_LENGTH} characters. Is a quote left open?`,
    );
  }
  return new NotCsv(`${error.message}.`);
}

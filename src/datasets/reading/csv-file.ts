import { open } from 'node:fs/promises';
import { CsvScanner, notCsv } from './csv-scanner';
import { checkedUtf8, NotUtf8, notUtf8Sentence, pieces } from './utf8';

/** What a check has learned of a table. */
export interface CheckedTable {
  readonly names: readonly string[];
  readonly rowCount: number;
}

export interface CheckedCsv extends CheckedTable {
  /** The file in a form that is read in one way only: itself, or else the target. */
  readonly path: string;
  /** Whether its first row are the names. */
  readonly hasHeader: boolean;
  readonly longestRow: number;
  /** For each column: see `CsvScanner`. */
  readonly kinds: Uint8Array;
}

/**
 * Checks the file. Where it has not the one form of CsvScanner already, as most programs write it, it is written to
 * `target` in that form: a second look costs less than a copy of each large file. Throws `Unreadable`.
 */
export async function checkCsv(path: string, target: string): Promise<CheckedCsv> {
  try {
    const scanner = new CsvScanner();
    for await (const chunk of checkedUtf8(pieces(path))) scanner.push(chunk);
    scanner.end();
    const { names, isInOneForm, rowCount, longestRow, kinds } = scanner;
    if (names === null) throw new Error('A scanner that has ended has names.');
    if (!isInOneForm) await rewriteCsv(path, target);
    const form = { path: isInOneForm ? path : target, hasHeader: isInOneForm };
    return { ...form, names, rowCount, longestRow, kinds };
  } catch (error) {
    throw error instanceof NotUtf8 ? notCsv(await notUtf8Sentence(error, path)) : error;
  }
}

async function rewriteCsv(path: string, target: string): Promise<void> {
  const scanner = new CsvScanner();
  const file = await open(target, 'wx', 0o600);
  try {
    for await (const chunk of pieces(path) as AsyncIterable<Buffer>) await file.write(scanner.push(chunk));
    await file.write(scanner.end());
  } finally {
    await file.close();
  }
}

import type { Datatype } from '../data-profile';
import { BOOLEAN, DECIMAL, INTEGER, LONG_INTEGER, MISSING } from './csv-automaton';
import { checkCsv, type CheckedCsv } from './csv-file';
import { text, type Scratch } from './scratch';
import { createStaged, type StagedColumn, type StagedTable } from './staged-table';

/** More than ends a line. */
const LINE_END_BYTES = 16;
/**
 * DuckDB reads 16 of the longest rows that may come at a time, in bytes: 4 MiB at least. With less than four of them it
 * takes a row that lies across two buffers for one with an open quote (1.5.6).
 */
const LEAST_ROW_BYTES = 256 * 1024;

/**
 * What cells look like. Of integers with many digits DuckDB says whether they are in the range of 64 bits; all that
 * looks like another number is one to it, if an infinite one.
 */
type Look = Datatype | 'LONG_INTEGER';

/** How the cells are read. */
const READ_AS: Readonly<Record<Look, string>> = {
  INT64: 'BIGINT',
  FP64: 'DOUBLE',
  BOOL: 'BOOLEAN',
  BYTES: 'VARCHAR',
  LONG_INTEGER: 'VARCHAR',
};

/** SQL of the value where the cells are kept as text. */
const VALUE_OF_TEXT: Readonly<Record<Datatype, (cell: string) => string>> = {
  INT64: (cell) => `CAST(${presentText(cell)} AS BIGINT)`,
  FP64: (cell) => `CAST(${presentText(cell)} AS DOUBLE)`,
  BOOL: (cell) => `lower(${presentText(cell)})`,
  BYTES: presentText,
};

/** A column's type is what all its cells agree on; the check of the file has seen them. */
export async function stageCsv(
  scratch: Scratch,
  path: string,
  tableName: string,
  keepsText: boolean,
): Promise<StagedTable> {
  const file = await checkCsv(path, scratch.path(`${tableName}.csv`));
  const { names, rowCount } = file;
  const looks = names.map((_, index) => lookOf(file.kinds[index] ?? 0));
  const types = looks.map((look) => (keepsText ? 'VARCHAR' : READ_AS[look]));
  const table = await createStaged(scratch, tableName, file, `SELECT * FROM ${rowsOf(file, types)}`);
  const columns: StagedColumn[] = [];
  for (const [index, look] of looks.entries()) {
    const cell = `c${index}`;
    const datatype = look === 'LONG_INTEGER' ? await typeOfIntegers(scratch, table, cell) : look;
    const value = types[index] === 'VARCHAR' ? VALUE_OF_TEXT[datatype](cell) : valueOfTyped(cell, datatype);
    columns.push({ name: names[index] ?? '', datatype, sourceType: null, value });
  }
  return { format: 'CSV', table, rowCount, columns };
}

const valueOfTyped = (cell: string, datatype: Datatype) =>
  datatype === 'BOOL' ? `CAST(${cell} AS VARCHAR)` : cell;

function lookOf(kinds: number): Look {
  switch (kinds & ~MISSING) {
    case INTEGER:
      return 'INT64';
    case LONG_INTEGER:
    case LONG_INTEGER | INTEGER:
      return 'LONG_INTEGER';
    case DECIMAL:
    case DECIMAL | INTEGER:
    case DECIMAL | LONG_INTEGER:
    case DECIMAL | LONG_INTEGER | INTEGER:
      return 'FP64';
    case BOOLEAN:
      return 'BOOL';
    default:
      return 'BYTES';
  }
}

async function typeOfIntegers(scratch: Scratch, table: string, cell: string): Promise<Datatype> {
  const [fits] = await scratch.row(
    `SELECT bool_and(TRY_CAST(v AS BIGINT) IS NOT NULL) FROM (SELECT ${presentText(cell)} AS v FROM ${table})
     WHERE v IS NOT NULL`,
  );
  return fits === true ? 'INT64' : 'FP64';
}

/** An empty cell is missing, in quotes or not. */
function presentText(cell: string): string {
  return `nullif(${cell}, '')`;
}

function rowsOf({ path, hasHeader, longestRow }: CheckedCsv, types: readonly string[]): string {
  const columns = types.map((type, index) => `c${index}: '${type}'`).join(', ');
  const longest = Math.max(LEAST_ROW_BYTES, longestRow + LINE_END_BYTES);
  return `read_csv(${text(path)}, auto_detect = false, header = ${hasHeader}, delim = ',', quote = '"', escape = '"',
    comment = '', new_line = '\\n', strict_mode = true, max_line_size = ${longest}, columns = {${columns}})`;
}

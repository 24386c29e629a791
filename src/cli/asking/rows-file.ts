import { readFile, stat } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { CommandFailed, UsageError } from '../command';
import type { Column } from '../operations/asked-model';
import type { Row } from './tensors';

/** All of it is kept in memory, twice: as it is, and as bodies. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Rows of a JSON file (a list of objects), or of a CSV file with names in its first line. */
export async function rowsIn(file: string, columns: readonly Column[]): Promise<readonly Row[]> {
  const text = await textOf(file);
  const rows = file.endsWith('.csv') ? rowsOfCsv(file, text, columns) : rowsOfJson(file, text);
  if (rows.length === 0) throw new UsageError(`--rows: ${file} has no rows.`);
  return rows;
}

async function textOf(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE_BYTES)
      throw new UsageError(`--rows: ${file} has ${size} bytes; at most ${MAX_FILE_BYTES} are taken.`);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new CommandFailed(`--rows: ${file} cannot be read: ${(error as Error).message}`);
  }
}

function rowsOfJson(file: string, text: string): readonly Row[] {
  try {
    const json: unknown = JSON.parse(text);
    if (
      Array.isArray(json) &&
      json.every((row) => typeof row === 'object' && row !== null && !Array.isArray(row))
    )
      return json as readonly Row[];
  } catch (error) {
    throw new UsageError(`--rows: ${file} is not JSON: ${(error as Error).message}`);
  }
  throw new UsageError(`--rows: expected a list of objects in ${file}.`);
}

/** Cells are texts; what they mean, the model's columns say. Columns that the model does not have are left out. */
function rowsOfCsv(file: string, text: string, columns: readonly Column[]): readonly Row[] {
  let records: readonly Readonly<Record<string, string>>[];
  try {
    records = parse(text, { columns: true, bom: true, skip_empty_lines: true });
  } catch (error) {
    throw new UsageError(`--rows: ${file} is not CSV: ${(error as Error).message}`);
  }
  return records.map((record, index) => {
    const known = columns.filter(({ name }) => Object.hasOwn(record, name));
    if (known.length === 0)
      throw new UsageError(
        `--rows: ${file} has none of the model’s columns: ${columns.map(({ name }) => name).join(', ')}.`,
      );
    return Object.fromEntries(
      known.map((column) => [
        column.name,
        valueOf(record[column.name] ?? '', column, `${file}, row ${index + 1}`),
      ]),
    );
  });
}

function valueOf(cell: string, { name, datatype }: Column, place: string): unknown {
  if (cell === '') return null;
  if (datatype === 'BYTES') return cell;
  if (datatype === 'BOOL') {
    if (/^(true|1)$/i.test(cell)) return true;
    if (/^(false|0)$/i.test(cell)) return false;
  }
  if (/^U?INT64$/.test(datatype) && /^-?\d+$/.test(cell))
    return Number.isSafeInteger(Number(cell)) ? Number(cell) : cell;
  const number = Number(cell);
  if (datatype !== 'BOOL' && !Number.isNaN(number)) return number;
  throw new UsageError(`--rows: ${place}: “${name}” takes ${datatype}, got “${cell.slice(0, 60)}”.`);
}

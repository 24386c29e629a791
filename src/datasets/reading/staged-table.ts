import type { DataFormat, Datatype } from '../data-profile';
import type { CheckedTable } from './csv-file';
import type { Scratch } from './scratch';

export interface StagedColumn {
  readonly name: string;
  readonly datatype: Datatype;
  readonly sourceType: string | null;
  /** SQL of its value over the table: BIGINT, DOUBLE or VARCHAR by its datatype, NULL where it is missing. */
  readonly value: string;
}

/** A file as a table of the scratch database. */
export interface StagedTable {
  readonly format: DataFormat;
  readonly table: string;
  readonly rowCount: number;
  readonly columns: readonly StagedColumn[];
}

/**
 * The rows were counted when the file was checked: both must have understood the same.
 *
 * @returns the table
 */
export async function createStaged(
  scratch: Scratch,
  name: string,
  { names, rowCount }: CheckedTable,
  select: string,
): Promise<string> {
  const table = scratch.tableOf(name, names.length);
  await scratch.run(`CREATE TABLE ${table} AS ${select}`);
  const [found] = await scratch.row(`SELECT count(*) FROM ${table}`);
  if (Number(found) !== rowCount)
    throw new Error(`DuckDB has read ${String(found)} rows of a file with ${rowCount}.`);
  return table;
}

import { shorten } from '../../kernel/errors';
import type { Datatype } from '../data-profile';
import { wrongColumnNames } from './column-names';
import { quoted, text, type Scratch } from './scratch';
import type { StagedColumn, StagedTable } from './staged-table';
import { Unreadable } from './unreadable';

/** Digits of the longest decimals that are read: of longer ones the database makes other numbers. */
const MAX_DECIMAL_DIGITS = 38;

/** A column's type is what the file says. */
export async function stageParquet(scratch: Scratch, path: string, tableName: string): Promise<StagedTable> {
  const source = `read_parquet(${text(path)})`;
  const described = await scratch.rows(`DESCRIBE SELECT * FROM ${source}`);
  const names = described.map(([name]) => String(name));
  const wrong = wrongColumnNames(names);
  if (wrong) throw new Unreadable('INVALID_PARQUET', wrong.replace('of the header', 'of the schema'));
  await refuseLongDecimals(scratch, path);
  const columns = described.map(([name, type], index) => parquetColumn(String(name), String(type), index));
  const cells = columns.map(({ cell }, index) => `${cell} AS c${index}`);
  const table = scratch.tableOf(tableName, names.length);
  await scratch.run(`CREATE TABLE ${table} AS SELECT ${cells.join(', ')} FROM ${source}`);
  const [rowCount] = await scratch.row(`SELECT count(*) FROM ${table}`);
  return {
    format: 'PARQUET',
    table,
    rowCount: Number(rowCount),
    columns: columns.map(({ column }) => column),
  };
}

async function refuseLongDecimals(scratch: Scratch, path: string): Promise<void> {
  const [long] = await scratch.rows(
    `SELECT name, precision FROM parquet_schema(${text(path)}) WHERE precision > ${MAX_DECIMAL_DIGITS} LIMIT 1`,
  );
  if (long)
    throw new Unreadable(
      'INVALID_PARQUET',
      `The decimals of column “${shorten(String(long[0]))}” have ${String(long[1])} digits; at most ${MAX_DECIMAL_DIGITS} are read. Write them as doubles or as text.`,
    );
}

function parquetColumn(name: string, type: string, index: number): { column: StagedColumn; cell: string } {
  const column = (datatype: Datatype): StagedColumn => ({
    name,
    datatype,
    sourceType: type,
    value: `c${index}`,
  });
  const source = quoted(name);
  if (/^U?(TINYINT|SMALLINT|INTEGER)$|^BIGINT$/.test(type))
    return { column: column('INT64'), cell: `CAST(${source} AS BIGINT)` };
  if (/^(FLOAT|DOUBLE|DECIMAL|UBIGINT|U?HUGEINT)/.test(type) && !type.endsWith(']'))
    return { column: column('FP64'), cell: `CAST(${source} AS DOUBLE)` };
  if (type === 'BOOLEAN') return { column: column('BOOL'), cell: `CAST(${source} AS VARCHAR)` };
  const isNested = /^(STRUCT|MAP|UNION)|\]$/.test(type);
  const cell = isNested ? `CAST(to_json(${source}) AS VARCHAR)` : `CAST(${source} AS VARCHAR)`;
  return { column: column('BYTES'), cell };
}

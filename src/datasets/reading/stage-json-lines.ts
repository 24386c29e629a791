import type { Datatype } from '../data-profile';
import { rewriteJsonLines, type JsonKind } from './json-lines-file';
import { MAX_ROW_LENGTH } from './limits';
import { text, type Scratch } from './scratch';
import { createStaged, type StagedColumn, type StagedTable } from './staged-table';

/** Most bytes of one character in UTF-8, and some for quotes that are written twice. */
const BYTES_PER_CHARACTER = 8;
const INTEGER = '[+-]?(0|[1-9][0-9]*)';
const DECIMAL = String.raw`[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?`;

/** An empty text of JSON is a value; null and no key at all are missing. */
export async function stageJsonLines(
  scratch: Scratch,
  path: string,
  tableName: string,
  keepsLines: boolean,
): Promise<StagedTable> {
  const target = scratch.path(`${tableName}.jsonl`);
  const file = await rewriteJsonLines(path, target);
  const { names, rowCount, kinds } = file;
  const pointers = names.map((name) => text(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`));
  const cells = names.map((_, index) => `cells[${index + 1}] AS c${index}`);
  const table = await createStaged(
    scratch,
    tableName,
    file,
    `SELECT ${cells.join(', ')} ${keepsLines ? ', line' : ''} FROM (
       SELECT json_extract_string(json, [${pointers.join(', ')}]) AS cells, CAST(json AS VARCHAR) AS line
       FROM read_ndjson_objects(${text(target)}, maximum_object_size = ${MAX_ROW_LENGTH * BYTES_PER_CHARACTER}))`,
  );
  const columns: StagedColumn[] = [];
  for (const [index, name] of names.entries()) {
    const datatype = await datatypeOf(scratch, table, `c${index}`, kinds[index] ?? null);
    columns.push({ name, datatype, sourceType: null, value: valueOf(`c${index}`, datatype) });
  }
  return { format: 'JSON_LINES', table, rowCount, columns };
}

async function datatypeOf(
  scratch: Scratch,
  table: string,
  cell: string,
  kind: JsonKind | null,
): Promise<Datatype> {
  if (kind === 'boolean') return 'BOOL';
  if (kind !== 'number') return 'BYTES';
  const [integer, number] = await scratch.row(
    `SELECT bool_and(TRY_CAST(v AS BIGINT) IS NOT NULL AND regexp_full_match(v, '${INTEGER}')),
            bool_and(TRY_CAST(v AS DOUBLE) IS NOT NULL AND regexp_full_match(v, '${DECIMAL}'))
     FROM (SELECT ${cell} AS v FROM ${table}) WHERE v IS NOT NULL`,
  );
  if (integer === true) return 'INT64';
  return number === true ? 'FP64' : 'BYTES';
}

function valueOf(cell: string, datatype: Datatype): string {
  switch (datatype) {
    case 'INT64':
      return `CAST(${cell} AS BIGINT)`;
    case 'FP64':
      return `CAST(${cell} AS DOUBLE)`;
    case 'BOOL':
      return `lower(${cell})`;
    case 'BYTES':
      return cell;
  }
}

import type { RowComparison } from '../data-profile';
import type { CompareJob } from './jobs';
import { comparableCell, rowContent } from './row-content';
import type { Scratch } from './scratch';
import { stage } from './stage';
import type { StagedTable } from './staged-table';

/** Counts rows by their content: by 128 bits of it, so that two that differ are taken for one never in practice. */
export async function compareRows(
  scratch: Scratch,
  { fromPath, toPath }: CompareJob,
): Promise<RowComparison> {
  const from = await stage(scratch, fromPath, 'from_rows');
  const to = await stage(scratch, toPath, 'to_rows');
  const names = from.columns.map(({ name }) => name).filter((name) => typeOf(to, name) !== undefined);
  const counts = { columns: names, fromRows: from.rowCount, toRows: to.rowCount };
  if (names.length === 0) return { ...counts, common: 0, fromShared: 0, toShared: 0 };
  await countContents(scratch, from, to, names, 'from_contents');
  await countContents(scratch, to, from, names, 'to_contents');
  const [common, fromShared, toShared] = await scratch.row(
    `SELECT coalesce(sum(least(f.n, t.n)), 0), coalesce(sum(f.n), 0), coalesce(sum(t.n), 0)
     FROM from_contents f JOIN to_contents t ON f.content = t.content`,
  );
  return { ...counts, common: Number(common), fromShared: Number(fromShared), toShared: Number(toShared) };
}

async function countContents(
  scratch: Scratch,
  table: StagedTable,
  other: StagedTable,
  names: readonly string[],
  target: string,
): Promise<void> {
  const cells = names.map((name) => {
    const column = table.columns.find((candidate) => candidate.name === name);
    const type = typeOf(other, name);
    if (column === undefined || type === undefined) throw new Error(`Both tables have the column ${name}.`);
    return comparableCell(column, type);
  });
  await scratch.run(
    `CREATE TABLE ${target} AS SELECT md5_number(${rowContent(cells)}) AS content, count(*) AS n
     FROM ${table.table} GROUP BY content`,
  );
}

const typeOf = ({ columns }: StagedTable, name: string) =>
  columns.find((column) => column.name === name)?.datatype;

import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { WrittenSplit } from '../data-profile';
import type { SplitJob } from './jobs';
import { rowContent } from './row-content';
import { quoted, text, type Scratch } from './scratch';
import { stage } from './stage';
import type { StagedTable } from './staged-table';

/**
 * Deals the rows of a table into parts. What is dealt is a unit: all rows with one value of the group column, else all
 * rows of one content, so that neither is ever in two parts. Units lie in the order of the MD5 of `seed:unit`, within
 * each stratum apart, and a unit goes to the part in which the middle of its rows falls. So the same bytes and seed
 * give the same parts on every machine, and the parts are as large as whole units allow.
 */
export async function splitRows(scratch: Scratch, job: SplitJob): Promise<readonly WrittenSplit[]> {
  const staged = await stage(scratch, job.path, 'data', { keepsText: true });
  await deal(scratch, staged, job);
  const splits: WrittenSplit[] = [];
  for (const index of job.fractions.keys()) {
    const draft = scratch.path(`part-${index}`);
    await scratch.run(`COPY (${partOf(staged, job.path, index)}) TO ${text(draft)} (${formatOf(staged)})`);
    const [rowCount] = await scratch.row(`SELECT count(*) FROM dealt WHERE part = ${index}`);
    const path = join(job.target, `part-${index}`);
    await rename(draft, path);
    splits.push({ path, rowCount: Number(rowCount) });
  }
  return splits;
}

/** A table of row numbers and the part of each. */
async function deal(scratch: Scratch, { table, columns }: StagedTable, job: SplitJob): Promise<void> {
  const valueOf = (name: string | null) => columns.find((column) => column.name === name)?.value;
  const content = rowContent(columns.map(({ value }) => value));
  const group = valueOf(job.groupBy);
  // Rows without a group are on their own; the two kinds of unit begin differently, so that they never meet.
  const unit = group
    ? `CASE WHEN ${group} IS NULL THEN ${content} ELSE concat('group:', CAST(${group} AS VARCHAR)) END`
    : content;
  const stratum = valueOf(job.stratifyBy);
  await scratch.run(
    `CREATE TABLE placed AS
     SELECT rowid AS row, md5(concat(${text(job.seed)}, ':', ${unit})) AS place,
            ${stratum ? `coalesce(CAST(${stratum} AS VARCHAR), '')` : "''"} AS stratum
     FROM ${table}`,
  );
  const ends = job.fractions.map((_, index) =>
    job.fractions.slice(0, index + 1).reduce((sum, share) => sum + share, 0),
  );
  const parts = ends.slice(0, -1).map((end, index) => `WHEN middle < ${end} THEN ${index}`);
  await scratch.run(
    `CREATE TABLE dealt AS
     SELECT placed.row, CASE ${parts.join(' ')} ELSE ${ends.length - 1} END AS part
     FROM placed JOIN (
       SELECT place, stratum, (sum(n) OVER (PARTITION BY stratum ORDER BY place) - n / 2)
                              / sum(n) OVER (PARTITION BY stratum) AS middle
       FROM (SELECT place, stratum, count(*) AS n FROM placed GROUP BY place, stratum)
     ) AS units ON units.place = placed.place AND units.stratum = placed.stratum`,
  );
}

/** SQL of the rows of a part as they are in the file, in its order. */
function partOf({ format, table, columns }: StagedTable, path: string, part: number): string {
  if (format === 'PARQUET')
    return `SELECT source.* EXCLUDE (file_row_number)
      FROM read_parquet(${text(path)}, file_row_number = true) AS source
      JOIN dealt ON dealt.row = source.file_row_number WHERE dealt.part = ${part} ORDER BY dealt.row`;
  const cells =
    format === 'CSV' ? columns.map(({ name }, index) => `c${index} AS ${quoted(name)}`).join(', ') : 'line';
  return `SELECT ${cells} FROM ${table} AS source JOIN dealt ON dealt.row = source.rowid
    WHERE dealt.part = ${part} ORDER BY dealt.row`;
}

/** JSON lines are written as they were read: nothing is quoted, and no JSON has U+0001 in it. */
function formatOf({ format }: StagedTable): string {
  switch (format) {
    case 'PARQUET':
      return 'FORMAT parquet';
    case 'CSV':
      return "FORMAT csv, HEADER true, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR ''";
    case 'JSON_LINES':
      return "FORMAT csv, HEADER false, DELIMITER '\u0001', QUOTE '', ESCAPE ''";
  }
}

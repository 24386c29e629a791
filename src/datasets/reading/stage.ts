import { formatOf } from './file-format';
import type { Scratch } from './scratch';
import { stageCsv } from './stage-csv';
import { stageJsonLines } from './stage-json-lines';
import { stageParquet } from './stage-parquet';
import type { StagedTable } from './staged-table';

/** How a table is kept. */
export interface Staging {
  /**
   * Whether text is kept as it was written, for who writes it again: cells of CSV in columns `c0`, `c1`, …, JSON lines
   * in the column `line`. Numbers take less room and time, and that is what statistics are made of.
   */
  readonly keepsText: boolean;
}

/** Reads the whole file into a table of that name, whose rows are in the file's order. Throws `Unreadable`. */
export async function stage(
  scratch: Scratch,
  path: string,
  table: string,
  { keepsText }: Staging = { keepsText: false },
): Promise<StagedTable> {
  const format = await formatOf(path);
  switch (format) {
    case 'CSV':
      return stageCsv(scratch, path, table, keepsText);
    case 'JSON_LINES':
      return stageJsonLines(scratch, path, table, keepsText);
    case 'PARQUET':
      return stageParquet(scratch, path, table);
  }
}

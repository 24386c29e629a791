/** Most columns of a file: each has a row in the database, and about ten queries when it is profiled. */
export const MAX_COLUMNS = 1_000;
/** Longest row, in characters: no table has longer ones, but a file with an unclosed quote does. */
export const MAX_ROW_LENGTH = 1024 * 1024;
/** Longest name of a column, in characters. */
export const MAX_COLUMN_NAME_LENGTH = 1_000;
/** Most different values that are counted in one column; beyond, `distinct` is null. */
export const MAX_DISTINCT = 10_000;

/** What one reading may take. */
export interface ReadingLimits {
  /** Memory of the database, in MiB. What does not fit goes to its folder. */
  readonly databaseMib: number;
  /** Memory of the whole process, in bytes, looked at while it reads: DuckDB does not count all that it allocates. */
  readonly processBytes: number;
  /** Disk, in bytes: a small Parquet file may hold a very large table. */
  readonly scratchBytes: number;
}

/** CSV of 884 MB took 0.79 GB of memory and 0.52 of disk, the widest tables that are allowed 0.85 GB of memory. */
export const READING_LIMITS: ReadingLimits = {
  databaseMib: 512,
  processBytes: 1.5 * 1024 ** 3,
  scratchBytes: 16 * 1024 ** 3,
};

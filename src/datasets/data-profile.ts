/** Types that a column can have; the names are those of the Open Inference Protocol. BYTES is text. */
export type Datatype = 'INT64' | 'FP64' | 'BOOL' | 'BYTES';

/** How the bytes of a version are written; found in the bytes themselves. */
export const DATA_FORMATS = ['CSV', 'PARQUET', 'JSON_LINES'] as const;
export type DataFormat = (typeof DATA_FORMATS)[number];

/**
 * Numbers by intervals of one width: `counts[i]` lie above `edges[i]` and at or below `edges[i + 1]`; the smallest is
 * in the first.
 */
export interface Histogram {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

export interface ValueCount {
  readonly value: string;
  readonly count: number;
}

export interface ColumnStatistics {
  readonly name: string;
  readonly datatype: Datatype;
  /** The file's own type, `DECIMAL(10,2)` for example. Null where its format has none. */
  readonly sourceType: string | null;
  /** Rows whose cell is empty. */
  readonly missing: number;
  /** Different values; null where there are more than are counted. */
  readonly distinct: number | null;
  /** The same, and an estimate where it is null. */
  readonly approximateDistinct: number | null;
  /** Of numbers only; NaN cells count as values, but not here. Null where there is no number. */
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Of a sample (n - 1), over the finite numbers. Null with fewer than two, or where it is no finite number. */
  readonly stddev: number | null;
  /** The numbers at 0, 1, … 100 per cent; null for other types. */
  readonly quantiles: readonly number[] | null;
  /** Of the finite numbers; null for other types. */
  readonly histogram: Histogram | null;
  /** Of BOOL and BYTES: the most frequent first. */
  readonly topValues: readonly ValueCount[];
}

/** What reading the data told. */
export interface DataProfile {
  readonly format: DataFormat;
  readonly rowCount: number;
  readonly columns: readonly ColumnStatistics[];
}

/** Rows of two tables side by side, by their content in the columns that both have. */
export interface RowComparison {
  /** Names that both have, in the order of the first. Without any there is nothing to compare. */
  readonly columns: readonly string[];
  readonly fromRows: number;
  readonly toRows: number;
  /** Rows that are in both, as often as they are in both. */
  readonly common: number;
  /** Rows of the one whose content occurs in the other at all. */
  readonly fromShared: number;
  readonly toShared: number;
}

/** A part of a table, as a file of the same format. */
export interface WrittenSplit {
  readonly path: string;
  readonly rowCount: number;
}

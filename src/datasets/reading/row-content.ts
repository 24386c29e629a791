import type { Datatype } from '../data-profile';
import type { StagedColumn } from './staged-table';

/**
 * SQL of what a row holds, as text: the JSON array of its cells as texts, null where one is missing. So it is the same
 * on every machine, and two rows have the same text only where all cells are equal.
 */
export const rowContent = (cells: readonly string[]): string =>
  `CAST(to_json([${cells.map((cell) => `CAST(${cell} AS VARCHAR)`).join(', ')}]) AS VARCHAR)`;

/** The cell in a form that can be compared with a column of the other type: numbers as numbers, all else as text. */
export function comparableCell({ datatype, value }: StagedColumn, other: Datatype): string {
  const isMixed = datatype !== other && isNumeric(datatype) && isNumeric(other);
  return isMixed ? `CAST(${value} AS DOUBLE)` : value;
}

const isNumeric = (datatype: Datatype) => datatype === 'INT64' || datatype === 'FP64';

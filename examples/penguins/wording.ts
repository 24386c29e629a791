import type { Double } from './operations/double';

/** A number for a person: four digits that matter, or all of a whole number; a dash where there is none. */
export function shortNumber(value: Double | null | undefined): string {
  if (value === null || value === undefined) return '–';
  const number = Number(value);
  if (!Number.isFinite(number)) return String(value);
  const digits = Math.abs(number) >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 4 };
  return number.toLocaleString('en-US', digits);
}

export const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** Cells in columns as wide as their widest. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

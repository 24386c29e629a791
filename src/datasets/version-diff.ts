import { distributionDistance, type DistributionDistance } from './distribution-distance';
import type { DatasetColumn, DatasetVersion, DeclaredColumn } from './dataset';

/** A version with what is known of its columns. */
export interface DescribedVersion {
  readonly version: DatasetVersion;
  readonly columns: readonly DatasetColumn[];
}

export interface RetypedColumn {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

export interface SchemaDiff {
  readonly added: readonly DeclaredColumn[];
  readonly removed: readonly DeclaredColumn[];
  readonly retyped: readonly RetypedColumn[];
}

export interface ColumnDistance extends DistributionDistance {
  readonly name: string;
  /** Shares of rows without a value, 0 to 1; null where there are no rows. */
  readonly fromMissingShare: number | null;
  readonly toMissingShare: number | null;
}

/** Null where one has neither columns that were read nor declared ones. */
export function schemaDiff(from: DescribedVersion, to: DescribedVersion): SchemaDiff | null {
  const [before, after] = [knownColumns(from), knownColumns(to)];
  if (before.length === 0 || after.length === 0) return null;
  const old = new Map(before.map((column) => [column.name, column]));
  const names = new Set(after.map(({ name }) => name));
  return {
    added: after.filter(({ name }) => !old.has(name)),
    removed: before.filter(({ name }) => !names.has(name)),
    retyped: after.flatMap(({ name, datatype }) => {
      const was = old.get(name)?.datatype;
      return was === undefined || was === datatype ? [] : [{ name, from: was, to: datatype }];
    }),
  };
}

/** Of the columns that both have, in the first's order; null where one was not read. */
export function columnDistances(
  from: DescribedVersion,
  to: DescribedVersion,
): readonly ColumnDistance[] | null {
  if (from.version.format === null || to.version.format === null) return null;
  const [fromRows, toRows] = [from.version.rowCount ?? 0, to.version.rowCount ?? 0];
  const others = new Map(to.columns.map((column) => [column.name, column]));
  return from.columns.flatMap((column) => {
    const other = others.get(column.name);
    if (other === undefined) return [];
    const distance = distributionDistance(
      { column, rowCount: fromRows },
      { column: other, rowCount: toRows },
    );
    const shares = {
      fromMissingShare: fromRows === 0 ? null : column.missing / fromRows,
      toMissingShare: toRows === 0 ? null : other.missing / toRows,
    };
    return [{ name: column.name, ...distance, ...shares }];
  });
}

const knownColumns = ({ version, columns }: DescribedVersion): readonly DeclaredColumn[] =>
  columns.length > 0 ? columns : version.declaredColumns;

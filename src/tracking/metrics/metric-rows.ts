import { doubleToJson } from '../../kernel/tensors/double';
import { factsOf } from './chunk-facts';
import type { PointColumns } from './metric-columns';

/** What statements are told of some points of a series, by the names of their columns, in the order of `factRow`. */
const FACTS = {
  point_count: 'int',
  lowest_step: 'bigint',
  highest_step: 'bigint',
  last_value: 'float8',
  last_step: 'bigint',
  last_timestamp_ms: 'bigint',
  min: 'float8',
  max: 'float8',
  min_step: 'bigint',
  max_step: 'bigint',
  number_count: 'bigint',
  scaled_sum: 'float8',
} as const;

/** A row of parameters. @param points in order of arrival */
export function factRow(points: PointColumns): readonly unknown[] {
  const facts = factsOf(points);
  return [
    ...[points.values.length, facts.lowestStep, facts.highestStep],
    doubleText(points.values[facts.last] as number),
    ...[points.steps[facts.last], points.timestamps[facts.last]],
    ...[doubleText(facts.min), doubleText(facts.max), facts.minStep, facts.maxStep],
    ...[facts.numberCount, doubleText(facts.scaledSum)],
  ];
}

/**
 * Rows of parameters as a table: `unnest($4::text[], …) AS name (key, …)`.
 *
 * @param columns with their types, in the order of the rows; those of `factRow` come last
 * @param first the number of the first parameter
 */
export function rowsSql(name: string, columns: Readonly<Record<string, string>>, first: number): string {
  const all = Object.entries({ ...columns, ...FACTS });
  const parameters = all.map(([, type], index) => `$${first + index}::${type}[]`);
  return `unnest(${parameters.join(', ')}) AS ${name} (${all.map(([column]) => column).join(', ')})`;
}

/**
 * `source` of one row, where one is given: then the plan that a prepared statement keeps looks its run up, also where
 * it was made before the database knew how many runs there are. Of any number of rows it might read all runs for ever.
 */
export const sourceOf = (rowCount: number, source: string): string =>
  rowCount === 1 ? `(SELECT * FROM ${source} LIMIT 1)` : `(SELECT * FROM ${source})`;

/** The name of a statement with such a source. */
export const nameOf = (rowCount: number, name: string): string => (rowCount === 1 ? `${name}.one` : name);

/** A parameter for each column. @param width the number of columns, where there may be no row */
export const columnsOf = (rows: readonly (readonly unknown[])[], width: number): unknown[][] =>
  Array.from({ length: width }, (_, column) => rows.map((row) => row[column]));

export const FACT_COLUMNS = Object.keys(FACTS).length;

const COMES_LAST = '(excluded.last_step, excluded.last_timestamp_ms) >= (s.last_step, s.last_timestamp_ms)';
const last = (column: string) =>
  `${column} = CASE WHEN ${COMES_LAST} THEN excluded.${column} ELSE s.${column} END`;
/** Where an extreme is older than its step, nobody knows whether it was lower: it stays null. */
const stepOf = (step: string, value: string, isBeyond: '<' | '>') => `${step} = CASE
  WHEN s.${value} IS NULL OR excluded.${value} ${isBeyond} s.${value} THEN excluded.${step}
  WHEN excluded.${value} = s.${value} AND excluded.${step} < s.${step} THEN excluded.${step}
  ELSE s.${step} END`;

/**
 * Merges what is known of chunks into what is known of their series. What came last wins ties. LEAST and GREATEST pass
 * over nulls.
 *
 * @param source rows with facts, and whose series they are; each series once
 */
export const mergeSql = (source: string) => `
  INSERT INTO metric_series AS s (run_id, key, subject, project_id, dataset_version_id, point_count, last_value,
    last_step, last_timestamp_ms, min, max, min_step, max_step, number_count, scaled_sum, loose_chunks)
  SELECT run_id, key, subject, project_id, dataset_version_id, point_count, last_value, last_step,
    last_timestamp_ms, min, max, min_step, max_step, number_count, scaled_sum, 1
  FROM ${source}
  ON CONFLICT (run_id, key, subject) DO UPDATE SET
    point_count = s.point_count + excluded.point_count,
    ${last('last_value')}, ${last('last_step')}, ${last('last_timestamp_ms')},
    min = LEAST(s.min, excluded.min), ${stepOf('min_step', 'min', '<')},
    max = GREATEST(s.max, excluded.max), ${stepOf('max_step', 'max', '>')},
    number_count = s.number_count + excluded.number_count,
    scaled_sum = s.scaled_sum + excluded.scaled_sum,
    loose_chunks = s.loose_chunks + 1
  RETURNING s.run_id, xmax = 0 AS is_new`;

/** All columns of a statement one after the other: one binary parameter, where an array of them would be text. */
export class Bytes {
  private readonly parts: Uint8Array[] = [];
  private length = 0;

  /** The place at which the part begins, the first being 1. */
  add(part: Uint8Array): number {
    const at = this.length + 1;
    this.parts.push(part);
    this.length += part.length;
    return at;
  }

  /** The place at which the next part would begin. */
  get end(): number {
    return this.length + 1;
  }

  all = (): Buffer => Buffer.concat(this.parts, this.length);
}

/** The part of the bytes from one place up to another. */
export const partSql = (bytes: string, from: string, to: string) =>
  `substring(${bytes} FROM ${from} FOR ${to} - ${from})`;

/** The driver's own text of -0 is “0”. */
const doubleText = (value: number | null) => (value === null ? null : String(doubleToJson(value)));

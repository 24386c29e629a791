import type { ColumnStatistics, Histogram, ValueCount } from '../data-profile';
import { MAX_DISTINCT } from './limits';
import { messageOf, type Cell, type Scratch } from './scratch';
import type { StagedColumn, StagedTable } from './staged-table';

/** Intervals of a histogram: enough to see a shape, few enough to keep for a thousand columns. */
export const HISTOGRAM_BINS = 20;
/** Most values that are kept of a column of text, the most frequent ones. */
export const MAX_TOP_VALUES = 50;
/** Longest value that is kept whole among the most frequent, in characters. */
const MAX_TOP_VALUE_LENGTH = 200;
/** More numbers get their quantiles by t-digest (Dunning, 2019), since exact ones hold the column in memory. */
const MAX_SORTED_NUMBERS = 1_000_000;
/**
 * The estimate from which on not all different values are counted. The database's estimates are off by a third at
 * times, so it lies well above what is to be counted exactly.
 */
const COUNTABLE_ESTIMATE = 2 * MAX_DISTINCT;
/** Longer values are compared by their MD5, so that a column of documents does not fill the memory. */
const MAX_COMPARED_LENGTH = 64;

const PERCENTS = Array.from({ length: 101 }, (_, percent) => percent / 100);

type NumberStatistics = Pick<ColumnStatistics, 'min' | 'max' | 'mean' | 'stddev' | 'quantiles' | 'histogram'>;
const NO_NUMBERS: NumberStatistics = {
  min: null,
  max: null,
  mean: null,
  stddev: null,
  quantiles: null,
  histogram: null,
};

/** Everything that is told of one column: some queries over that column alone, since tables are stored by columns. */
export async function profileColumn(
  scratch: Scratch,
  { table, rowCount }: StagedTable,
  { name, datatype, sourceType, value }: StagedColumn,
): Promise<ColumnStatistics> {
  const source = `(SELECT ${value} AS v FROM ${table})`;
  const isNumeric = datatype === 'INT64' || datatype === 'FP64';
  const [present, estimate] = await scratch.row(`SELECT count(v), approx_count_distinct(v) FROM ${source}`);
  const parts = partsOf(Number(estimate));
  const counted = (await countDistinct(scratch, source, datatype !== 'BYTES', parts)) * parts;
  const distinct = parts === 1 && counted <= MAX_DISTINCT ? counted : null;
  return {
    ...{ name, datatype, sourceType, distinct },
    missing: rowCount - Number(present),
    approximateDistinct: counted,
    ...(isNumeric ? await numberStatistics(scratch, source) : NO_NUMBERS),
    topValues: isNumeric ? [] : await topValues(scratch, source, distinct !== null),
  };
}

/** Into how many parts of about the same size the different values are dealt, so that those of one can be counted. */
function partsOf(estimate: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(estimate / COUNTABLE_ESTIMATE)));
}

/**
 * Different values of one part. Which part a value is in, its hash tells; of ten thousand in one part, the count of all
 * is known to a hundredth.
 */
async function countDistinct(
  scratch: Scratch,
  source: string,
  isShort: boolean,
  parts: number,
): Promise<number> {
  const compared = isShort ? 'v' : `CASE WHEN strlen(v) > ${MAX_COMPARED_LENGTH} THEN md5(v) ELSE v END`;
  const inPart = parts === 1 ? '' : ` WHERE hash(v) % ${parts} = 0`;
  const [count] = await scratch.row(`SELECT count(DISTINCT ${compared}) FROM ${source}${inPart}`);
  return Number(count);
}

async function numberStatistics(scratch: Scratch, source: string): Promise<NumberStatistics> {
  const cells = `(SELECT CAST(v AS DOUBLE) AS x FROM ${source} WHERE v IS NOT NULL)`;
  const all = await rangeOf(scratch, cells);
  const numbers = Number.isNaN(all.max) // it is above all others
    ? await rangeOf(scratch, `(SELECT x FROM ${cells} WHERE NOT isnan(x))`)
    : all;
  const { from, count, min, max } = numbers;
  if (count === 0) return NO_NUMBERS;
  const isFinite = Number.isFinite(min) && Number.isFinite(max);
  const finite = isFinite ? numbers : await rangeOf(scratch, `(SELECT x FROM ${cells} WHERE isfinite(x))`);
  return {
    ...{ min, max },
    mean: isFinite ? await mean(scratch, from) : min + max, // infinite to one side, or NaN where it is to both
    stddev: await standardDeviation(scratch, finite.from),
    quantiles: await quantiles(scratch, numbers),
    histogram: finite.count === 0 ? null : await histogram(scratch, finite),
  };
}

/** Numbers, as SQL to select `x` from, with what is known of them. */
interface Numbers {
  readonly from: string;
  readonly count: number;
  readonly min: number;
  readonly max: number;
}

async function rangeOf(scratch: Scratch, from: string): Promise<Numbers> {
  const [count, min, max] = await scratch.row(`SELECT count(x), min(x), max(x) FROM ${from}`);
  return { from, count: Number(count), min: numberOf(min), max: numberOf(max) };
}

async function mean(scratch: Scratch, numbers: string): Promise<number> {
  const [value] = await scratch.row(`SELECT favg(x) FROM ${numbers}`);
  return numberOf(value);
}

async function quantiles(scratch: Scratch, { from, count }: Numbers): Promise<readonly number[]> {
  const quantile = count <= MAX_SORTED_NUMBERS ? 'quantile_disc' : 'approx_quantile';
  const [found] = await scratch.row(`SELECT ${quantile}(x, [${PERCENTS.join(', ')}]) FROM ${from}`);
  return (found as readonly Cell[]).map(numberOf);
}

/** Null where the squares are too large for a double. */
async function standardDeviation(scratch: Scratch, numbers: string): Promise<number | null> {
  try {
    const [value] = await scratch.row(`SELECT stddev_samp(x) FROM ${numbers}`);
    return value === null ? null : numberOf(value);
  } catch (error) {
    if (messageOf(error).startsWith('Out of Range Error')) return null;
    throw error;
  }
}

async function histogram(scratch: Scratch, { from, min, max }: Numbers): Promise<Histogram> {
  const edges = edgesOf(min, max);
  const ends = edges.slice(1);
  const boundaries = ends.map((edge) => `CAST('${edge}' AS DOUBLE)`).join(', ');
  const rows = await scratch.rows(
    `SELECT entry.key, entry.value FROM (
       SELECT unnest(map_entries(histogram(x, [${boundaries}]))) AS entry FROM ${from})`,
  );
  const counts = new Map(rows.map(([end, count]) => [Number(end), Number(count)]));
  return { edges, counts: ends.map((end) => counts.get(end) ?? 0) };
}

/** Ascending, without repetition: fewer where the numbers are so close that doubles between them run out. */
export function edgesOf(low: number, high: number): readonly number[] {
  if (low === high) return [low, high];
  const edges = Array.from({ length: HISTOGRAM_BINS + 1 }, (_, index) => {
    const share = index / HISTOGRAM_BINS;
    return index === HISTOGRAM_BINS ? high : low * (1 - share) + high * share;
  });
  return edges.filter((edge, index) => index === 0 || edge > (edges[index - 1] ?? -Infinity));
}

async function topValues(
  scratch: Scratch,
  source: string,
  isCountable: boolean,
): Promise<readonly ValueCount[]> {
  // Of more values than are counted, the sketch names those that may be frequent, and these are counted exactly.
  const candidates = isCountable
    ? `SELECT v FROM ${source} WHERE v IS NOT NULL`
    : `SELECT v FROM ${source}
       WHERE v IN (SELECT unnest(approx_top_k(v, ${MAX_TOP_VALUES})) FROM ${source} WHERE v IS NOT NULL)`;
  const rows = await scratch.rows(
    `SELECT v, count(*) AS n FROM (${candidates}) GROUP BY v ${isCountable ? '' : 'HAVING count(*) > 1'}
     ORDER BY n DESC, v LIMIT ${MAX_TOP_VALUES}`,
  );
  return rows.map(([value, count]) => ({ value: shownValue(String(value)), count: Number(count) }));
}

/** Cut where it is long; PostgreSQL keeps no U+0000. */
function shownValue(value: string): string {
  const characters = value.replaceAll('\0', '\ufffd');
  if (characters.length <= MAX_TOP_VALUE_LENGTH) return characters;
  return `${characters.slice(0, MAX_TOP_VALUE_LENGTH).toWellFormed()}…`;
}

const numberOf = (cell: Cell | undefined) => Number(cell);

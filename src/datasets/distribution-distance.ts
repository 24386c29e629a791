import type { ColumnStatistics } from './data-profile';

/**
 * How far a column of one version is from the same column of another; each null where it means nothing for its type.
 */
export interface DistributionDistance {
  /**
   * Population stability index over the tenths of the first (Siddiqi, 2006): 0 is no change, 0.25 is taken for much.
   */
  readonly psi: number | null;
  /** Kolmogorov–Smirnov: the largest distance of the two distribution functions, 0 to 1. Of numbers. */
  readonly kolmogorovSmirnov: number | null;
  /** Jensen–Shannon divergence to the base 2 (Lin, 1991), 0 to 1. Of categories. */
  readonly jensenShannon: number | null;
}

/** A share of nothing would make an infinite index of a single row; the usual floor. */
const LEAST_SHARE = 0.0001;
/** Most frequent values that a profile keeps: with fewer different ones it has them all. */
const KEPT_VALUES = 50;

const NO_DISTANCE: DistributionDistance = { psi: null, kolmogorovSmirnov: null, jensenShannon: null };

/** A column and the rows of its table. */
export interface Side {
  readonly column: ColumnStatistics;
  readonly rowCount: number;
}

/** From the two profiles alone: distances of numbers are as exact as percentiles, to about 0.01. */
export function distributionDistance(from: Side, to: Side): DistributionDistance {
  const [a, b] = [from.column, to.column];
  if (a.quantiles && b.quantiles) return ofNumbers(a.quantiles, b.quantiles);
  if (a.datatype !== b.datatype || a.quantiles || b.quantiles) return NO_DISTANCE;
  return ofCategories(from, to);
}

function ofNumbers(from: readonly number[], to: readonly number[]): DistributionDistance {
  const tenths = [10, 20, 30, 40, 50, 60, 70, 80, 90].map((percent) => from[percent] ?? NaN);
  const edges = [...new Set(tenths)];
  const shares = (quantiles: readonly number[]) => {
    const below = [...edges.map((edge) => shareUpTo(quantiles, edge)), 1];
    return below.map((share, index) => share - (below[index - 1] ?? 0));
  };
  const distances = [...from, ...to].map((x) => Math.abs(shareUpTo(from, x) - shareUpTo(to, x)));
  return {
    psi: stabilityIndex(shares(from), shares(to)),
    kolmogorovSmirnov: Math.max(...distances),
    jensenShannon: null,
  };
}

/** Share of the numbers at or below x, by the percentiles; between two of them it is taken to grow evenly. */
export function shareUpTo(quantiles: readonly number[], x: number): number {
  const first = quantiles[0] ?? NaN;
  if (x < first) return 0;
  const next = quantiles.findIndex((quantile) => quantile > x);
  if (next === -1) return 1;
  const [low, high] = [quantiles[next - 1] ?? first, quantiles[next] ?? first];
  const within = Number.isFinite(high - low) ? (x - low) / (high - low) : 0;
  return (next - 1 + within) / (quantiles.length - 1);
}

function ofCategories(from: Side, to: Side): DistributionDistance {
  const [a, b] = [countsOf(from), countsOf(to)];
  const [fromTotal, toTotal] = [present(from), present(to)];
  if (fromTotal === 0 || toTotal === 0) return NO_DISTANCE;
  // A value that one side may have, but does not name, is among the others on both.
  const names = [...new Set([...a.keys(), ...b.keys()])].filter(
    (name) => (a.has(name) || hasAll(from)) && (b.has(name) || hasAll(to)),
  );
  const shares = (counts: ReadonlyMap<string, number>, total: number) => {
    const named = names.map((name) => (counts.get(name) ?? 0) / total);
    return [...named, Math.max(0, 1 - sum(named))];
  };
  const [p, q] = [shares(a, fromTotal), shares(b, toTotal)];
  return { psi: stabilityIndex(p, q), kolmogorovSmirnov: null, jensenShannon: jensenShannon(p, q) };
}

const countsOf = ({ column }: Side) => new Map(column.topValues.map(({ value, count }) => [value, count]));
const hasAll = ({ column: { distinct } }: Side) => distinct !== null && distinct <= KEPT_VALUES;
const present = ({ column, rowCount }: Side) => rowCount - column.missing;

/** Sum of (q - p) ln(q / p). */
export function stabilityIndex(p: readonly number[], q: readonly number[]): number {
  return sum(
    p.map((share, index) => {
      const [expected, actual] = [Math.max(share, LEAST_SHARE), Math.max(q[index] ?? 0, LEAST_SHARE)];
      return (actual - expected) * Math.log(actual / expected);
    }),
  );
}

/** Half of the sum of both divergences (Kullback–Leibler, base 2) from the mean of the two. */
export function jensenShannon(p: readonly number[], q: readonly number[]): number {
  const divergence = (shares: readonly number[]) =>
    sum(
      shares.map((share, index) => {
        const mean = ((p[index] ?? 0) + (q[index] ?? 0)) / 2;
        return share === 0 ? 0 : share * Math.log2(share / mean);
      }),
    );
  return (divergence(p) + divergence(q)) / 2;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

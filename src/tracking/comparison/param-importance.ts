import { seededRandom } from './seeded-random';
import { growTree, predictedBy, type Column, type RegressionTree } from './regression-tree';
import { unitScale } from './unit-scale';

/** Trees of the forest: more change the second figure of an importance no more. */
const TREES = 64;
/** Rows of a leaf at least: fewer would learn single runs by heart. */
const MIN_LEAF_ROWS = 2;
/** Runs with the metric at least: of fewer, nothing can be told. */
export const MIN_IMPORTANCE_RUNS = 5;

/**
 * How much each column tells of the target: a share of 0 to 1, all of them together 1, or 0 where nothing is told.
 * Permutation importance of a random forest (Breiman, “Random Forests”, Machine Learning 45, 2001, section 10): each
 * tree is grown on a bootstrap sample, and asked about the rows that the sample left out, once as they are and once
 * with the values of one column in another order. What the errors grow by, over all trees, is the column's importance;
 * what they shrink by is chance, and counts as nothing. The same rows give the same answer: the seed is fixed.
 *
 * @param columns one per param, each with a value for every row; numbers are split by size, texts by being equal or not
 * @param values the target: finite numbers, one for every row
 */
export function importances(columns: readonly Column[], values: readonly number[]): readonly number[] {
  const random = seededRandom(45);
  const growths = columns.map(() => 0);
  const target = values.length < MIN_IMPORTANCE_RUNS ? null : unitScale(values);
  if (target === null) return growths;
  for (let grown = 0; grown < TREES; grown += 1) {
    const sample = target.map(() => Math.floor(random() * target.length));
    const sampled = new Set(sample);
    const others = target.map((_, row) => row).filter((row) => !sampled.has(row));
    const tree = growTree({ columns, target, minLeafRows: MIN_LEAF_ROWS }, sample);
    const error = squaredError(tree, columns, target, others, others, null);
    columns.forEach((column, at) => {
      const shuffled = shuffle(others, random);
      growths[at] =
        (growths[at] ?? 0) + squaredError(tree, columns, target, others, shuffled, column) - error;
    });
  }
  const positive = growths.map((growth) => Math.max(0, growth));
  const total = positive.reduce((sum, growth) => sum + growth, 0);
  return total > 0 && Number.isFinite(total)
    ? positive.map((growth) => growth / total)
    : columns.map(() => 0);
}

/** Of `rows`, where the values of one column come from the rows of `shuffled` instead. */
function squaredError(
  tree: RegressionTree,
  columns: readonly Column[],
  target: readonly number[],
  rows: readonly number[],
  shuffled: readonly number[],
  permuted: Column | null,
): number {
  let error = 0;
  rows.forEach((row, at) => {
    const predicted = predictedBy(tree, (column) => {
      const known = columns[column];
      return known?.[known === permuted ? (shuffled[at] ?? row) : row] ?? null;
    });
    error += (predicted - (target[row] ?? NaN)) ** 2;
  });
  return error;
}

/** Fisher and Yates. */
function shuffle(rows: readonly number[], random: () => number): readonly number[] {
  const shuffled = [...rows];
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other] ?? 0, shuffled[last] ?? 0];
  }
  return shuffled;
}

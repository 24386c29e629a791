import { unitScale } from './unit-scale';

/**
 * Pearson's correlation of two columns of equal length, all of finite numbers: -1 to 1. Null where there are fewer than
 * two rows, or one of the columns does not vary.
 */
export function pearson(xs: readonly number[], ys: readonly number[]): number | null {
  const [scaledX, scaledY] = [unitScale(xs), unitScale(ys)];
  if (scaledX === null || scaledY === null) return null;
  const [meanX, meanY] = [mean(scaledX), mean(scaledY)];
  let [both, ofX, ofY] = [0, 0, 0];
  scaledX.forEach((x, row) => {
    const y = scaledY[row] ?? NaN;
    both += (x - meanX) * (y - meanY);
    ofX += (x - meanX) ** 2;
    ofY += (y - meanY) ** 2;
  });
  return Math.max(-1, Math.min(1, both / Math.sqrt(ofX * ofY)));
}

/**
 * Spearman's correlation: Pearson's of the ranks, where equal values share the mean of theirs. It finds any monotonous
 * relation, and a param that goes through powers of ten, such as a learning rate, is as good as another.
 */
export const spearman = (xs: readonly number[], ys: readonly number[]): number | null =>
  pearson(ranks(xs), ranks(ys));

/** The place of each value in order, from 1; equal values have the mean of their places. */
export function ranks(values: readonly number[]): readonly number[] {
  const order = values.map((value, row) => ({ value, row })).sort((a, b) => a.value - b.value);
  const found = new Array<number>(values.length);
  for (let first = 0; first < order.length;) {
    let next = first + 1;
    while (next < order.length && order[next]?.value === order[first]?.value) next += 1;
    for (const { row } of order.slice(first, next)) found[row] = (first + 1 + next) / 2;
    first = next;
  }
  return found;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

import type { PointColumns } from '../../src/tracking/metrics/metric-columns';

/**
 * Expects that a chart is what M4 says: all points, in order, cut into neighbouring buckets, no more than a quarter of
 * `maxPoints`, and of each bucket its first, last, smallest and largest, and nothing else. How the points are cut is
 * found out: by trying, for every group of one to four drawn points, whether the points from its first to its last are
 * a bucket of which these are the four.
 */
export function expectM4(all: PointColumns, drawn: PointColumns, maxPoints: number): void {
  const rows = rowsOf(all, drawn);
  if (all.values.length <= maxPoints) return expect(rows).toEqual(Array.from(all.values.keys()));
  expect(rows.length).toBeLessThanOrEqual(maxPoints);
  /** By the number of drawn points: the fewest buckets that explain them; Infinity where none do. */
  const fewest = new Array<number>(rows.length + 1).fill(Infinity);
  fewest[0] = 0;
  for (let end = 1; end <= rows.length; end += 1) {
    for (let start = Math.max(0, end - 4); start < end; start += 1) {
      const from = start === 0 ? 0 : (rows[start - 1] as number) + 1;
      const group = rows.slice(start, end);
      if (fewest[start] === Infinity || group[0] !== from) continue;
      if (String(fourOf(all, from, group.at(-1) as number)) !== String(group)) continue;
      fewest[end] = Math.min(fewest[end] as number, (fewest[start] as number) + 1);
    }
  }
  expect(rows.at(-1)).toBe(all.values.length - 1);
  expect(fewest[rows.length]).toBeLessThanOrEqual(Math.max(1, Math.floor(maxPoints / 4)));
}

/** Where the drawn points stand among all, in order. */
function rowsOf(all: PointColumns, drawn: PointColumns): readonly number[] {
  const rows: number[] = [];
  let row = 0;
  drawn.values.forEach((value, index) => {
    const isThere = (at: number) =>
      all.steps[at] === drawn.steps[index] &&
      all.timestamps[at] === drawn.timestamps[index] &&
      Object.is(all.values[at], value);
    while (row < all.values.length && !isThere(row)) row += 1;
    rows.push(row);
    row += 1;
  });
  expect(row).toBeLessThanOrEqual(all.values.length);
  return rows;
}

function fourOf({ values }: PointColumns, from: number, to: number): readonly number[] {
  let [min, max] = [from, from];
  for (let row = from; row <= to; row += 1) {
    const value = values[row] as number;
    if (Number.isNaN(value)) continue;
    if (!(value >= (values[min] as number))) min = row;
    if (!(value <= (values[max] as number))) max = row;
  }
  return [...new Set([from, min, max, to])].sort((a, b) => a - b);
}

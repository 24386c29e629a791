/**
 * Chooses which points of a series to draw. The points are cut into buckets of equal count, and each bucket keeps its
 * first, last, smallest and largest value (M4: Jugel et al., VLDB 2014), so that no spike is lost.
 *
 * @param values in the order in which they are drawn; NaN is never smallest or largest
 * @param maxPoints at least 1; with fewer than 4 there is no bucket, and the ends of the series come first
 * @returns indexes in ascending order, at most `maxPoints`; all of them where there are few enough
 */
export function downsample(values: Float64Array, maxPoints: number): Uint32Array {
  const { length } = values;
  if (length <= maxPoints) return Uint32Array.from(values.keys());
  if (maxPoints < POINTS_PER_BUCKET) return fewest(values, maxPoints);
  const buckets = Math.floor(maxPoints / POINTS_PER_BUCKET);
  const chosen = new Uint32Array(buckets * POINTS_PER_BUCKET);
  let count = 0;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const start = Math.floor((bucket * length) / buckets);
    const end = Math.floor(((bucket + 1) * length) / buckets);
    for (const index of extremes(values, start, end)) chosen[count++] = index;
  }
  return chosen.slice(0, count);
}

const POINTS_PER_BUCKET = 4;

/** Indexes of the first, last, smallest and largest of `start` … `end - 1`, each once, in order. */
function extremes(values: Float64Array, start: number, end: number): Iterable<number> {
  const { min, max } = minMax(values, start, end);
  return ascending([start, min, max, end - 1]);
}

function fewest(values: Float64Array, maxPoints: number): Uint32Array {
  const { min, max } = minMax(values, 0, values.length);
  const wanted = [values.length - 1, 0, max, min].filter((index, place, all) => all.indexOf(index) === place);
  return Uint32Array.from(wanted.slice(0, maxPoints)).sort();
}

/** Where there are only NaN, both are `start`. */
function minMax(values: Float64Array, start: number, end: number): { min: number; max: number } {
  let min = start;
  let max = start;
  for (let index = start; index < end; index++) {
    const value = values[index] as number;
    if (Number.isNaN(value)) continue;
    if (!(value >= (values[min] as number))) min = index;
    if (!(value <= (values[max] as number))) max = index;
  }
  return { min, max };
}

const ascending = (indexes: readonly number[]) => [...new Set(indexes)].sort((a, b) => a - b);

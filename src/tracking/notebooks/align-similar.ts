import { likeness, likenessBound, tokensOf } from './cell-likeness';
import type { NotebookCell } from './notebook';

/** Cells that share less than half of their words are two cells. */
const MIN_LIKENESS = 0.5;
/** Pairs of cells that are weighed between two that are known: a tenth of a second. */
const MAX_PAIRS = 250_000;
/** Words that are looked up for that. */
const MAX_LOOKUPS = 3_000_000;

/**
 * Which cells of two stretches are one another, in the order of both, so that together they are as alike as can be (an
 * alignment by dynamic programming). Where that were too many pairs to weigh, none are found.
 */
export function alignSimilar(
  a: readonly NotebookCell[],
  b: readonly NotebookCell[],
): readonly (readonly [number, number])[] {
  if (a.length === 0 || b.length === 0 || a.length * b.length > MAX_PAIRS) return [];
  const tokensA = a.map(({ source }) => tokensOf(source));
  const tokensB = b.map(({ source }) => tokensOf(source));
  const width = b.length + 1;
  const likenesses = new Float64Array(a.length * b.length);
  let lookups = 0;
  for (const [i, one] of tokensA.entries()) {
    for (const [j, other] of tokensB.entries()) {
      if (a[i]?.kind !== b[j]?.kind || likenessBound(one, other) < MIN_LIKENESS) continue;
      lookups += Math.min(one.counts.size, other.counts.size);
      if (lookups > MAX_LOOKUPS) return [];
      likenesses[i * b.length + j] = likeness(one, other);
    }
  }
  // best[i][j]: the most likeness that cells from i and from j on can have together.
  const best = new Float64Array((a.length + 1) * width);
  const at = (table: Float64Array, index: number): number => table[index] ?? 0;
  const together = (i: number, j: number): number => {
    const alike = at(likenesses, i * b.length + j);
    return alike < MIN_LIKENESS ? -1 : alike + at(best, (i + 1) * width + j + 1);
  };
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const apart = Math.max(at(best, (i + 1) * width + j), at(best, i * width + j + 1));
      best[i * width + j] = Math.max(apart, together(i, j));
    }
  }
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const here = at(best, i * width + j);
    if (together(i, j) === here) pairs.push([i++, j++]);
    else if (at(best, (i + 1) * width + j) === here) i += 1;
    else j += 1;
  }
  return pairs;
}

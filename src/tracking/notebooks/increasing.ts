/**
 * A longest part of the list in which the values rise: what is left when as little as possible is taken away.
 * By patience sorting, in n·log n.
 */
export function increasing<Item>(items: readonly Item[], valueOf: (item: Item) => number): readonly Item[] {
  /** The smallest value with which a part of each length ends, by where it stands. */
  const ends: number[] = [];
  const before: (number | undefined)[] = [];
  const valueAt = (at: number | undefined): number => {
    const item = at === undefined ? undefined : items[at];
    return item === undefined ? -Infinity : valueOf(item);
  };
  for (const [at, item] of items.entries()) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (valueAt(ends[middle]) < valueOf(item)) low = middle + 1;
      else high = middle;
    }
    before[at] = ends[low - 1];
    ends[low] = at;
  }
  const part: Item[] = [];
  for (let at = ends.at(-1); at !== undefined; at = before[at]) {
    const item = items[at];
    if (item !== undefined) part.push(item);
  }
  return part.reverse();
}

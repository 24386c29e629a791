import { diffArrays } from 'diff';
import { alignSimilar } from './align-similar';
import { increasing } from './increasing';
import type { NotebookCell } from './notebook';

/** Two cells that are one: where each stands, and what tells so. */
export interface CellMatch {
  readonly a: number;
  readonly b: number;
  readonly by: 'ID' | 'CONTENT';
}

/** Cells that came or went in a stretch before it is no longer looked for the fewest: a rewritten notebook. */
const MAX_CELL_EDITS = 500;

/**
 * Which cell of `a` is which of `b`: those of one id; then, between those that keep their order, cells of one text (the
 * longest common subsequence) and the most similar ones; at last cells of one text wherever they stand. In the order of
 * `a`.
 */
export function matchCells(a: readonly NotebookCell[], b: readonly NotebookCell[]): readonly CellMatch[] {
  const matches = sameIds(a, b);
  const usedA = new Set(matches.map((match) => match.a));
  const usedB = new Set(matches.map((match) => match.b));
  const add = (pairs: readonly (readonly [number, number])[]) => {
    for (const [inA, inB] of pairs) {
      usedA.add(inA);
      usedB.add(inB);
      matches.push({ a: inA, b: inB, by: 'CONTENT' });
    }
  };
  const fixed = increasing(matches, (match) => match.b);
  for (const gap of gapsBetween(fixed, a.length, b.length)) {
    const freeA = gap.a.filter((at) => !usedA.has(at));
    const freeB = gap.b.filter((at) => !usedB.has(at));
    add(alignStretch(a, b, freeA, freeB));
  }
  add(sameTexts(a, b, usedA, usedB));
  return matches.sort((one, other) => one.a - other.a);
}

const idsOf = (cells: readonly NotebookCell[]): ReadonlyMap<string, number> => {
  const places = new Map<string, number>();
  const twice = new Set<string>(); // which the format forbids, and copies of cells have had
  for (const [at, { id }] of cells.entries()) {
    if (id === null) continue;
    if (places.has(id)) twice.add(id);
    places.set(id, at);
  }
  for (const id of twice) places.delete(id);
  return places;
};

function sameIds(a: readonly NotebookCell[], b: readonly NotebookCell[]): CellMatch[] {
  const placesB = idsOf(b);
  return [...idsOf(a)].flatMap(([id, inA]) => {
    const inB = placesB.get(id);
    return inB === undefined ? [] : [{ a: inA, b: inB, by: 'ID' as const }];
  });
}

interface Gap {
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/** What stands between cells that are known, before the first and behind the last. */
function gapsBetween(
  fixed: readonly { readonly a: number; readonly b: number }[],
  lengthA: number,
  lengthB: number,
): readonly Gap[] {
  const ends = [...fixed, { a: lengthA, b: lengthB }];
  return ends.map((end, at) => {
    const start = ends[at - 1] ?? { a: -1, b: -1 };
    return { a: between(start.a, end.a), b: between(start.b, end.b) };
  });
}

const between = (start: number, end: number): number[] =>
  Array.from({ length: end - start - 1 }, (_, offset) => start + 1 + offset);

const keyOf = (cell: NotebookCell | undefined): string => (cell ? `${cell.kind}\n${cell.source}` : '');

/** Cells of one text in the order of both; between them, the similar ones. */
function alignStretch(
  a: readonly NotebookCell[],
  b: readonly NotebookCell[],
  freeA: readonly number[],
  freeB: readonly number[],
): (readonly [number, number])[] {
  const keysA = freeA.map((at) => keyOf(a[at]));
  const keysB = freeB.map((at) => keyOf(b[at]));
  const same = sameInOrder(keysA, keysB);
  const similar = gapsBetween(same, freeA.length, freeB.length).flatMap((gap) => {
    const placesA = gap.a.map((at) => freeA[at] ?? 0);
    const placesB = gap.b.map((at) => freeB[at] ?? 0);
    const cellsOf = (cells: readonly NotebookCell[], places: readonly number[]) =>
      places.flatMap((at) => cells[at] ?? []);
    return alignSimilar(cellsOf(a, placesA), cellsOf(b, placesB)).map(
      ([i, j]) => [placesA[i] ?? 0, placesB[j] ?? 0] as const,
    );
  });
  return [...same.map((pair) => [freeA[pair.a] ?? 0, freeB[pair.b] ?? 0] as const), ...similar];
}

/** A longest common subsequence, by Myers' algorithm. */
function sameInOrder(keysA: readonly string[], keysB: readonly string[]): { a: number; b: number }[] {
  const steps = diffArrays([...keysA], [...keysB], { maxEditLength: MAX_CELL_EDITS }) ?? [];
  const same: { a: number; b: number }[] = [];
  let a = 0;
  let b = 0;
  for (const { added, removed, count } of steps) {
    if (!added && !removed) for (let at = 0; at < count; at += 1) same.push({ a: a + at, b: b + at });
    if (!added) a += count;
    if (!removed) b += count;
  }
  return same;
}

/** What is left over and has the same text somewhere else: the first to the first. Empty cells tell nothing. */
function sameTexts(
  a: readonly NotebookCell[],
  b: readonly NotebookCell[],
  usedA: ReadonlySet<number>,
  usedB: ReadonlySet<number>,
): (readonly [number, number])[] {
  const waiting = new Map<string, number[]>();
  for (const [at, cell] of b.entries()) {
    if (usedB.has(at) || cell.source.trim() === '') continue;
    waiting.set(keyOf(cell), [...(waiting.get(keyOf(cell)) ?? []), at]);
  }
  return a.flatMap((cell, at) => {
    const inB = usedA.has(at) ? undefined : waiting.get(keyOf(cell))?.shift();
    return inB === undefined ? [] : [[at, inB] as const];
  });
}

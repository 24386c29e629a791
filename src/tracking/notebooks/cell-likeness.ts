/** Words and signs of one cell that are looked at: who shares so many is the same cell. */
const MAX_TOKENS = 2_000;

/** How often each word and each sign stands in a text. */
export interface Tokens {
  readonly counts: ReadonlyMap<string, number>;
  readonly total: number;
}

export function tokensOf(text: string): Tokens {
  const counts = new Map<string, number>();
  let total = 0;
  for (const [token] of text.matchAll(/[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu)) {
    counts.set(token, (counts.get(token) ?? 0) + 1);
    total += 1;
    if (total === MAX_TOKENS) break;
  }
  return { counts, total };
}

/** Dice's coefficient of the two as bags of words: 0 where they share nothing, 1 where only the order may differ. */
export function likeness(a: Tokens, b: Tokens): number {
  const total = a.total + b.total;
  if (total === 0) return 1;
  const [few, many] = a.counts.size <= b.counts.size ? [a.counts, b.counts] : [b.counts, a.counts];
  let shared = 0;
  for (const [token, count] of few) shared += Math.min(count, many.get(token) ?? 0);
  return (2 * shared) / total;
}

/** More than the likeness of two can be, known from their lengths. */
export const likenessBound = (a: Tokens, b: Tokens): number =>
  a.total + b.total === 0 ? 1 : (2 * Math.min(a.total, b.total)) / (a.total + b.total);

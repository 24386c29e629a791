/** A source of numbers in [0, 1) that repeats exactly for the same seed. */
export type Random = () => number;

/** Tommy Ettinger's Mulberry32 (public domain): 32 bits of state are plenty to shuffle a few hundred rows. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A shuffled copy (Fisher and Yates): every order is equally likely. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const pool = [...items];
  const result: T[] = [];
  while (pool.length > 0) result.push(...pool.splice(Math.floor(random() * pool.length), 1));
  return result;
}
